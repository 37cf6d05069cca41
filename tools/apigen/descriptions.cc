// Descriptions of messages and fields, from the descriptions.txt beside each generated.proto:
//
//   # a comment
//   use k8s.io/api/apps/v1                     texts of another group that also count here
//   Deployment: What a Deployment is.
//   Deployment.spec: What the field is for.
//   *List.items: The same for every message of such a name; {} stands for what * is.
//   like RBDPersistentVolumeSource RBDVolumeSource      what the first lacks is the second's
//
// What a file leaves out is looked for in the group's other versions, newest stable first, then in those it
// uses, where message and field are the same; last among the patterns of meta/v1.
#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

#include "model.h"

namespace apigen {
namespace {

constexpr const char* kCommonFolder = "k8s.io/apimachinery/pkg/apis/meta/v1";

struct Line {
  std::string message, field, text;  // message may start with *, field is empty for the message itself
};

struct TextFile {
  std::vector<Line> lines;
  std::map<std::string, const Line*> exact;  // "Message.field"
  std::vector<std::string> uses;             // folders
  std::map<std::string, std::string> likes;  // message -> the message whose texts it shares
};

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::string key_of(const std::string& message, const std::string& field) {
  return field.empty() ? message : message + "." + field;
}

// Later is to be preferred: {stability, version, version within the stability}.
std::array<int, 3> rank(const std::string& folder) {
  const std::string version = folder.substr(folder.rfind('/') + 1);
  int major = 0, minor = 0;
  char word[16] = "";
  const int n = std::sscanf(version.c_str(), "v%d%15[a-z]%d", &major, word, &minor);
  if (n < 1) return {-1, 0, 0};
  if (n == 1) return {2, major, 0};
  return {std::string(word) == "beta" ? 1 : 0, major, minor};
}

TextFile read(const std::string& path, std::string* error) {
  TextFile out;
  std::ifstream in(path);
  std::string row;
  while (std::getline(in, row)) {
    if (row.empty() || row[0] == '#') continue;
    if (row.compare(0, 4, "use ") == 0) {
      out.uses.push_back(row.substr(4));
      continue;
    }
    if (row.compare(0, 5, "like ") == 0) {
      const size_t space = row.find(' ', 5);
      out.likes[row.substr(5, space - 5)] = space == std::string::npos ? "" : row.substr(space + 1);
      continue;
    }
    const size_t colon = row.find(": ");
    if (colon == std::string::npos) {
      *error = path + ": no \"name: text\": " + row;
      return out;
    }
    const std::string name = row.substr(0, colon);
    const size_t dot = name.find('.');
    out.lines.push_back(
        {name.substr(0, dot), dot == std::string::npos ? "" : name.substr(dot + 1), row.substr(colon + 2)});
  }
  for (const Line& line : out.lines) {
    if (!out.exact.emplace(key_of(line.message, line.field), &line).second)
      *error = path + ": twice: " + key_of(line.message, line.field);
  }
  return out;
}

bool same_type(const FieldDescriptor* a, const FieldDescriptor* b) {
  if (a->type() != b->type() || a->is_repeated() != b->is_repeated()) return false;
  return a->type() != FieldDescriptor::TYPE_MESSAGE || a->message_type()->name() == b->message_type()->name();
}

const FieldDescriptor* find_field(const Descriptor* d, const std::string& json_name) {
  for (int i = 0; i < d->field_count(); ++i) {
    const FieldDescriptor* f = d->field(i);
    if ((f->has_json_name() ? f->json_name() : f->name()) == json_name) return f;
  }
  return nullptr;
}

class Texts {
 public:
  Texts(const std::vector<const FileDescriptor*>& files, const std::string& root, std::string* error) {
    for (const FileDescriptor* file : files) {
      const std::string folder = folder_of(file->name());
      by_folder_[folder] = file;
      files_[folder] = read(root + "/" + folder + "/descriptions.txt", error);
    }
    for (const auto& [folder, texts] : files_) check(folder, texts, error);
  }

  // `field` is nullptr for the message's own. Empty when there is none.
  std::string find(const Descriptor* message, const FieldDescriptor* field) const {
    const std::string json = !field ? "" : field->has_json_name() ? field->json_name() : field->name();
    const std::string own = folder_of(message->file()->name());
    for (const std::string& folder : order(own)) {
      const FileDescriptor* file = by_folder_.at(folder);
      const Descriptor* other = file->FindMessageTypeByName(message->name());
      if (!other) continue;
      const FieldDescriptor* twin = field ? find_field(other, json) : nullptr;
      if (field && (!twin || !same_type(field, twin))) continue;
      const std::string text = look_up(files_.at(folder), message->name(), json);
      if (!text.empty()) return text;
    }
    auto common = files_.find(kCommonFolder);
    return common == files_.end() ? "" : pattern(common->second, message->name(), json);
  }

 private:
  static void check_line(const FileDescriptor* file, const Line& line, std::string* error) {
    bool found = false;
    const bool any = line.message[0] == '*';
    const std::string tail = line.message.substr(any ? 1 : 0);
    for (int i = 0; i < file->message_type_count() && !found; ++i) {
      const Descriptor* d = file->message_type(i);
      const bool named = any ? d->name().size() >= tail.size() &&
                                   d->name().compare(d->name().size() - tail.size(), tail.size(), tail) == 0
                             : d->name() == tail;
      found = named && (line.field.empty() || find_field(d, line.field));
    }
    if (!found)
      *error =
          folder_of(file->name()) + "/descriptions.txt: names nothing: " + key_of(line.message, line.field);
  }

  void check(const std::string& folder, const TextFile& texts, std::string* error) const {
    for (const std::string& use : texts.uses)
      if (!by_folder_.count(use)) *error = folder + "/descriptions.txt: no such folder: " + use;
    for (const auto& [to, from] : texts.likes)
      for (const std::string& name : {to, from})
        if (!by_folder_.at(folder)->FindMessageTypeByName(name))
          *error = folder + "/descriptions.txt: names nothing: " + name;
    for (const Line& line : texts.lines)
      if (folder != kCommonFolder || line.message[0] != '*') check_line(by_folder_.at(folder), line, error);
  }

  // The folders whose texts count for messages of `own`.
  std::vector<std::string> order(const std::string& own) const {
    std::vector<std::string> siblings;
    for (const auto& [folder, file] : by_folder_)
      if (folder != own && folder_of(folder) == folder_of(own) && rank(folder)[0] >= 0)
        siblings.push_back(folder);
    std::stable_sort(siblings.begin(), siblings.end(),
                     [](const auto& a, const auto& b) { return rank(a) > rank(b); });
    std::vector<std::string> out = {own};
    out.insert(out.end(), siblings.begin(), siblings.end());
    for (size_t i = 0, n = out.size(); i < n; ++i) {
      const auto& uses = files_.at(out[i]).uses;
      out.insert(out.end(), uses.begin(), uses.end());
    }
    return out;
  }

  static std::string pattern(const TextFile& texts, const std::string& message, const std::string& field) {
    const Line* best = nullptr;
    for (const Line& line : texts.lines) {
      const size_t size = line.message.size() - 1;  // of what follows the *
      if (line.message[0] != '*' || line.field != field || message.size() < size) continue;
      if (message.compare(message.size() - size, size, line.message, 1, size) != 0) continue;
      if (!best || line.message.size() > best->message.size()) best = &line;
    }
    if (!best) return "";
    std::string text = best->text;
    const std::string stem = message.substr(0, message.size() - (best->message.size() - 1));
    for (size_t at = text.find("{}"); at != std::string::npos; at = text.find("{}"))
      text.replace(at, 2, stem);
    return text;
  }

  static std::string look_up(const TextFile& texts, const std::string& message, const std::string& field) {
    auto it = texts.exact.find(key_of(message, field));
    if (it != texts.exact.end()) return it->second->text;
    if (auto like = texts.likes.find(message); like != texts.likes.end()) {
      it = texts.exact.find(key_of(like->second, field));
      if (it != texts.exact.end()) return it->second->text;
    }
    return pattern(texts, message, field);
  }

  std::map<std::string, const FileDescriptor*> by_folder_;
  std::map<std::string, TextFile> files_;
};

// Every text once; a text is known by where it starts.
class Pool {
 public:
  uint32_t add(const std::string& text) {
    auto [it, fresh] = offsets_.emplace(text, size_);
    if (fresh) {
      size_ += text.size() + 1;
      const std::string literal = quote(text);
      literals_ += "    " + literal.substr(0, literal.size() - 1) + "\\0\"\n";
    }
    return it->second;
  }
  const std::string& literals() const { return literals_; }

 private:
  std::map<std::string, uint32_t> offsets_ = {{"", 0}};
  uint32_t size_ = 1;
  std::string literals_ = "    \"\\0\"\n";
};

}  // namespace

std::string emit_descriptions(const Model& model, const std::vector<const FileDescriptor*>& files,
                              const std::string& root, std::string* error) {
  const Texts texts(files, root, error);
  if (!error->empty()) return "";
  Pool pool;
  std::string numbers;
  size_t count = 0;
  std::map<std::string, std::string> rows;  // by full name
  for (const FileDescriptor* file : files) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const Descriptor* d = file->message_type(i);
      const MessageModel& m = model.of(d);
      std::vector<const FieldModel*> fields;
      if (m.is_struct()) model.json_fields(m, fields);
      const uint32_t own = pool.add(texts.find(d, nullptr));
      std::vector<uint32_t> of_fields;
      for (const FieldModel* f : fields)
        of_fields.push_back(pool.add(texts.find(f->descriptor->containing_type(), f->descriptor)));
      const bool any = std::any_of(of_fields.begin(), of_fields.end(), [](uint32_t at) { return at != 0; });
      if (own == 0 && !any) continue;
      rows[d->full_name()] = "    {" + quote(d->full_name()) + ", " + std::to_string(own) + ", " +
                             std::to_string(count) + ", " + std::to_string(of_fields.size()) + "},\n";
      numbers += "    ";
      for (uint32_t at : of_fields) numbers += std::to_string(at) + ", ";
      numbers += "\n";
      count += of_fields.size();
    }
  }
  std::string out = "// Generated by tools/apigen from api/**/descriptions.txt; do not edit.\n";
  out += "#include \"api/descriptions_table.h\"\n\nnamespace xebec::api::tables {\nnamespace {\n\n";
  out += "constexpr char kTexts[] =\n" + pool.literals() + ";\n\n";
  out += "constexpr uint32_t kFields[] = {\n" + numbers + "    0};\n\n";
  out += "constexpr Described kDescribed[] = {\n";
  for (const auto& [name, row] : rows) out += row;
  out += "};\n\n}  // namespace\n\nDescriptions descriptions() { return {kDescribed, kFields, kTexts}; }\n\n";
  return out + "}  // namespace xebec::api::tables\n";
}

}  // namespace apigen
