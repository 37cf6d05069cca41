// Golden files of what the server refuses, and in which words, and of what it makes of what it accepts:
// golden/*.txt. A file is
//
//   path /api/v1/namespaces/default/pods      where the kind is created
//   kind Pod                                   as its errors name it
//   base {...}                                 a valid object
//
// and cases, apart by empty lines:
//
//   # what it is about
//   create {merge patch of the base}           or:  old {..} + update {merge patch of the stored object}
//                                              or:  old {..} + status {..}, or another subresource
//   stored {merge patch of the stored object}  then it is written past all checks, as an old server may have
//   - field: the error                         one line an error in upstream's order, or
//   ok                                         nothing is wrong
//   gives {..}                                 nothing is wrong, and this is in the answer; null: it is not
//   there kind leases.coordination.k8s.io            for the one case
//
// \n in an error is a line break, as it is in JSON.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "apiserver/test_api.h"
#include "codec/patch.h"

namespace xebec::apiserver {
namespace {

struct Case {
  std::string title, kind, old, stored, verb, patch, gives;
  std::vector<std::string> expected;
  bool ok = false;
};

struct Golden {
  std::string path, kind, base;
  std::vector<Case> cases;
};

std::string unescaped(std::string text) {
  for (size_t at = text.find("\\n"); at != std::string::npos; at = text.find("\\n", at))
    text.replace(at, 2, "\n");
  return text;
}

// Where the rest of a line goes that begins with a word.
std::string* target_of(std::string_view word, Golden& golden, Case& one) {
  if (word == "path") return &golden.path;
  if (word == "kind") return golden.kind.empty() ? &golden.kind : &one.kind;
  if (word == "base") return &golden.base;
  if (word == "#") return &one.title;
  if (word == "old") return &one.old;
  if (word == "stored") return &one.stored;
  if (word == "gives") return &one.gives;
  one.verb = word;
  return &one.patch;
}

Golden read_golden(const std::filesystem::path& file) {
  Golden out;
  Case one;
  auto finish = [&] {
    if (!one.verb.empty()) out.cases.push_back(std::move(one));
    one = Case();
  };
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) {
      finish();
    } else if (line == "ok") {
      one.ok = true;
    } else if (line.starts_with("- ")) {
      one.expected.push_back(unescaped(line.substr(2)));
    } else {
      const size_t space = line.find(' ');
      *target_of(std::string_view(line).substr(0, space), out, one) = line.substr(space + 1);
    }
  }
  finish();
  return out;
}

codec::Value patched(const codec::Value& base, const std::string& patch) {
  codec::Value out = base;
  if (patch.empty()) return out;
  EXPECT_TRUE(codec::apply_merge_patch(patch, out)) << patch;
  return out;
}

// The members of maps in the order of their keys, as two documents are best compared.
codec::Value in_order(const codec::Value& value) {
  if (const codec::ValueList* list = value.as_list()) {
    codec::ValueList out;
    for (const codec::Value& item : *list) out.push_back(in_order(item));
    return out;
  }
  const codec::ValueMap* map = value.as_map();
  if (map == nullptr) return value;
  codec::ValueMap out;
  for (uint32_t i : map->sorted()) out.set(map->member(i).key, in_order(map->member(i).value));
  return out;
}

std::string joined(const std::vector<std::string>& errors) {
  if (errors.size() == 1) return errors[0];
  std::string out = "[";
  for (const std::string& error : errors) out += (out.size() == 1 ? "" : ", ") + error;
  return out + "]";
}

// One error a line, as a failure is best read.
std::string in_lines(std::string text) {
  for (size_t at = text.find(", "); at != std::string::npos; at = text.find(", ", at))
    text.replace(at, 2, ",\n  ");
  return text;
}

class GoldenCase {
 public:
  GoldenCase(const Golden& golden, const Case& one) : golden_(golden), case_(one) {
    // Also what is not served by default.
    ApiServerOptions options;
    options.enabled = [](const api::Resource&) { return true; };
    api_.api =
        std::make_unique<ApiServer>(std::move(options), testing::dependencies_of(api_.server, api_.metrics));
  }

  void run() {
    Result<codec::Value> base = codec::parse_json(golden_.base);
    ASSERT_TRUE(base) << base.error().message;
    if (case_.verb == "create") return create(patched(*base, case_.patch));
    auto [status, stored] = api_.call({"POST", golden_.path, codec::to_json(patched(*base, case_.old))});
    ASSERT_EQ(status, 201) << codec::to_json(stored);
    if (!case_.stored.empty()) stored = overwritten(patched(stored, case_.stored));
    update(stored);
  }

 private:
  // The object as it is served after `object` has been put into the store.
  codec::Value overwritten(const codec::Value& object) {
    const std::string type = testing::at(object, {"apiVersion"}),
                      name = testing::at(object, {"metadata", "name"});
    const size_t slash = type.find('/');
    const std::string group = slash == std::string::npos ? "" : type.substr(0, slash);
    const std::string plural = golden_.path.substr(golden_.path.rfind('/') + 1);
    GenericRegistry& registry = api_.server.registry(group, plural);
    Result<api::Object> decoded = codec::decode_json(registry.hub(), codec::to_json(object));
    EXPECT_TRUE(decoded) << decoded.error().message;
    Result<Entry::Bytes> bytes = registry.cache()->format()->encode(*decoded);
    EXPECT_TRUE(bytes) << bytes.error().message;
    std::string key = registry.cache()->prefix();
    if (registry.resource().namespaced) key += testing::at(object, {"metadata", "namespace"}) + "/";
    storage::Txn txn;
    txn.ops.emplace_back(storage::Put{key + name, *bytes});
    EXPECT_TRUE(api_.server.run(api_.server.store->txn(std::move(txn))));
    return api_.call({"GET", golden_.path + "/" + name}).second;
  }
  void create(const codec::Value& object) {
    auto [status, answer] = api_.call({"POST", golden_.path, codec::to_json(object)});
    check(object, status, answer, 201);
  }
  void update(const codec::Value& stored) {
    std::string target = golden_.path + "/" + testing::at(stored, {"metadata", "name"});
    if (case_.verb != "update") target += "/" + case_.verb;
    const codec::Value object = patched(stored, case_.patch);
    auto [status, answer] = api_.call({"PUT", target, codec::to_json(object)});
    check(object, status, answer, 200);
  }
  void check(const codec::Value& object, int status, const codec::Value& answer, int good) {
    const std::string message = testing::at(answer, {"message"});
    if (case_.ok || !case_.gives.empty()) {
      EXPECT_EQ(status, good) << case_.title << ": " << in_lines(message);
      EXPECT_EQ(codec::to_json(in_order(answer)), codec::to_json(in_order(patched(answer, case_.gives))));
      return;
    }
    ASSERT_EQ(status, 422) << case_.title << ": " << codec::to_json(answer);
    const std::string expected = (case_.kind.empty() ? golden_.kind : case_.kind) + " \"" +
                                 testing::at(object, {"metadata", "name"}) +
                                 "\" is invalid: " + joined(case_.expected);
    EXPECT_EQ(in_lines(message), in_lines(expected)) << case_.title;
    EXPECT_EQ(testing::at(answer, {"reason"}), "Invalid");
  }

  const Golden& golden_;
  const Case& case_;
  testing::TestApi api_;
};

class GoldenFile : public ::testing::TestWithParam<std::string> {};

std::filesystem::path golden_folder() {
  return std::filesystem::path(XEBEC_SOURCE_DIR) / "src/apiserver/validation/golden";
}

std::vector<std::string> golden_files() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(golden_folder()))
    out.push_back(entry.path().stem().string());
  std::sort(out.begin(), out.end());
  return out;
}

TEST_P(GoldenFile, SaysWhatUpstreamSays) {
  const Golden golden = read_golden(golden_folder() / (GetParam() + ".txt"));
  ASSERT_GT(golden.cases.size(), 3u);
  for (const Case& one : golden.cases) {
    SCOPED_TRACE(one.title);
    GoldenCase(golden, one).run();
  }
}

INSTANTIATE_TEST_SUITE_P(Validation, GoldenFile, ::testing::ValuesIn(golden_files()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace xebec::apiserver
