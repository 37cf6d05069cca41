#include "model.h"

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <set>

namespace apigen {
namespace {

const std::set<std::string> kKeywords = {
    "alignas",  "alignof", "and",      "asm",       "auto",     "bool",     "break",     "case",    "catch",
    "char",     "class",   "concept",  "const",     "continue", "default",  "delete",    "do",      "double",
    "else",     "enum",    "explicit", "export",    "extern",   "false",    "float",     "for",     "friend",
    "goto",     "if",      "inline",   "int",       "long",     "mutable",  "namespace", "new",     "not",
    "operator", "or",      "private",  "protected", "public",   "register", "requires",  "return",  "short",
    "signed",   "sizeof",  "static",   "struct",    "switch",   "template", "this",      "throw",   "true",
    "try",      "typedef", "typeid",   "typename",  "union",    "unsigned", "using",     "virtual", "void",
    "volatile", "while",   "xor"};

[[noreturn]] void die(const FieldDescriptor* f, const char* why) {
  std::fprintf(stderr, "apigen: %s: %s\n", f->full_name().c_str(), why);
  std::exit(1);
}

bool is_identifier(const std::string& s) {
  for (char c : s)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_') return false;
  return !s.empty() && !std::isdigit(static_cast<unsigned char>(s[0]));
}

// Kind and C++ type of one value of the (element) field.
void set_kind(FieldModel& m, const FieldDescriptor* f) {
  switch (f->type()) {
    case FieldDescriptor::TYPE_BOOL:
      m.kind = "Bool";
      m.element = "bool";
      return;
    case FieldDescriptor::TYPE_INT32:
      m.kind = "Int32";
      m.element = "int32_t";
      return;
    case FieldDescriptor::TYPE_INT64:
      m.kind = "Int64";
      m.element = "int64_t";
      return;
    case FieldDescriptor::TYPE_DOUBLE:
      m.kind = "Double";
      m.element = "double";
      return;
    case FieldDescriptor::TYPE_STRING:
      m.kind = "String";
      m.element = "std::string";
      return;
    case FieldDescriptor::TYPE_BYTES:
      m.kind = "Bytes";
      m.element = "api::Bytes";
      return;
    case FieldDescriptor::TYPE_MESSAGE:
      break;
    default:
      die(f, "field type not supported");
  }
  const auto& type = f->message_type()->options().GetExtension(xebec::type);
  if (type.has_scalar()) {
    m.kind = type.scalar();
    m.element = "api::" + type.scalar();
    return;
  }
  m.kind = "Message";
  m.message = f->message_type();
  m.element = Model::qualified(f->message_type());
}

int wire_type(const FieldDescriptor* f) {
  switch (f->type()) {
    case FieldDescriptor::TYPE_BOOL:
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_INT64:
      return 0;
    case FieldDescriptor::TYPE_DOUBLE:
      return 1;
    default:
      return 2;
  }
}

FieldModel make_field(const FieldDescriptor* f) {
  FieldModel m;
  m.descriptor = f;
  m.options = f->options().GetExtension(xebec::field);
  m.json_name = f->has_json_name() ? f->json_name() : f->name();
  m.cpp_name = is_identifier(m.json_name) ? m.json_name : f->name();
  if (kKeywords.count(m.cpp_name)) m.cpp_name += "_";
  m.tag = static_cast<uint32_t>(f->number()) << 3 | wire_type(f);
  if (f->is_map()) {
    if (f->message_type()->FindFieldByNumber(1)->type() != FieldDescriptor::TYPE_STRING)
      die(f, "map key must be a string");
    set_kind(m, f->message_type()->FindFieldByNumber(2));
    m.rep = "Map";
    m.cpp_type = "api::FlatMap<" + m.element + ">";
    return m;
  }
  set_kind(m, f);
  if (f->is_repeated()) {
    if (m.kind == "Bool") m.element = "api::Bool";
    m.rep = "List";
    m.cpp_type = "std::vector<" + m.element + ">";
  } else if (m.options.pointer()) {
    m.rep = "Optional";
    m.cpp_type = (m.kind == "Message" ? "api::Box<" : "std::optional<") + m.element + ">";
  } else {
    m.rep = "Value";
    m.cpp_type = m.element;
  }
  if (m.options.embedded() && (m.rep != "Value" || m.kind != "Message"))
    die(f, "only a struct can be embedded");
  return m;
}

}  // namespace

std::string quote(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    out += c;
  }
  return out + "\"";
}

std::string Model::alias(const FileDescriptor* file) {
  return file->options().GetExtension(xebec::file).alias();
}

std::string Model::qualified(const Descriptor* d) { return alias(d->file()) + "::" + d->name(); }

Model::Model(const std::vector<const FileDescriptor*>& files) {
  for (const FileDescriptor* file : files) {
    auto& order = ordered_[file];
    for (int i = 0; i < file->message_type_count(); ++i) {
      const Descriptor* d = file->message_type(i);
      MessageModel m{d, d->options().GetExtension(xebec::type), {}};
      if (m.is_struct())
        for (int k = 0; k < d->field_count(); ++k) m.fields.push_back(make_field(d->field(k)));
      for (const auto& f : m.fields)
        if (f.options.embedded()) bases_.insert(f.message);
      messages_[d] = std::move(m);
    }
    std::set<const Descriptor*> done;
    std::function<void(const Descriptor*)> visit = [&](const Descriptor* d) {
      if (!done.insert(d).second) return;
      for (const auto& f : messages_[d].fields)
        if (f.message && f.rep == "Value" && f.message->file() == file) visit(f.message);
      if (messages_[d].is_struct()) order.push_back(&messages_[d]);
    };
    for (int i = 0; i < file->message_type_count(); ++i) visit(file->message_type(i));
  }
}

void Model::json_fields(const MessageModel& m, std::vector<const FieldModel*>& out) const {
  for (const auto& f : m.fields) {
    if (f.options.embedded())
      json_fields(of(f.message), out);
    else
      out.push_back(&f);
  }
}

}  // namespace apigen
