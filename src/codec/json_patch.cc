#include <charconv>

#include "base/go_quote.h"
#include "codec/json.h"
#include "codec/patch.h"

namespace xebec::codec {
namespace {

constexpr std::size_t kMaxOperations = 10000;
constexpr std::size_t kMaxCopiedBytes = 3 << 20;  // upstream's JSONPatchMaxCopyBytes

std::unexpected<Status> does_not_apply(std::string text) {
  Status status = errors::generic(422, "", {}, "", "", 0);
  // Why, for those who apply patches here; upstream's API says no more than "the server rejected our
  // request".
  status.details.causes.push_back({.reason = "", .message = std::move(text), .field = ""});
  return fail(std::move(status));
}

// An error of one step, to be wrapped: outer + ": " + inner.
using Problem = std::string;
constexpr std::string_view kMissing = "missing value";

std::string unescape(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1')) {
      out += token[++i] == '0' ? '~' : '/';
    } else {
      out += token[i];
    }
  }
  return out;
}

// An index into a list of `size`; negative ones count from the end.
Problem parse_index(std::string_view key, std::size_t size, std::size_t& out) {
  int64_t index = 0;
  std::string_view digits = key.starts_with('+') ? key.substr(1) : key;
  auto [p, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (ec != std::errc() || p != digits.data() + digits.size()) {
    return "strconv.Atoi: parsing " + go_quote(key) + ": invalid syntax";
  }
  int64_t n = static_cast<int64_t>(size);
  if (index >= n || index < -n) {
    return "Unable to access invalid index: " + std::to_string(index) + ": invalid index referenced";
  }
  out = static_cast<std::size_t>(index < 0 ? index + n : index);
  return {};
}

Problem get(Value& container, const std::string& key, Value*& out) {
  out = nullptr;
  if (ValueList* list = container.as_list()) {
    std::size_t index;
    if (Problem problem = parse_index(key, list->size(), index); !problem.empty()) return problem;
    out = &(*list)[index];
    return {};
  }
  out = container.find(key);
  if (!out) return "unable to get nonexistent key: " + key + ": " + std::string(kMissing);
  return {};
}

Problem add(Value& container, const std::string& key, Value value) {
  ValueList* list = container.as_list();
  if (!list) {
    container.make_map().set(key, std::move(value));
    return {};
  }
  if (key == "-") {
    list->push_back(std::move(value));
    return {};
  }
  std::size_t index;
  if (Problem problem = parse_index(key, list->size() + 1, index); !problem.empty()) {
    return problem.starts_with("strconv") ? "value was not a proper array index: '" + key + "': " + problem
                                          : problem;
  }
  list->insert(list->begin() + static_cast<std::ptrdiff_t>(index), std::move(value));
  return {};
}

Problem remove(Value& container, const std::string& key) {
  ValueList* list = container.as_list();
  if (!list) {
    if (container.as_map()->erase(key)) return {};
    return "Unable to remove nonexistent key: " + key + ": " + std::string(kMissing);
  }
  std::size_t index;
  if (Problem problem = parse_index(key, list->size(), index); !problem.empty()) return problem;
  list->erase(list->begin() + static_cast<std::ptrdiff_t>(index));
  return {};
}

// The container that a path's last key is of; nullptr when there is none.
Value* find_container(Value& document, std::string_view path, std::string& key) {
  std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return nullptr;
  path.remove_prefix(slash + 1);
  Value* at = &document;
  while (true) {
    slash = path.find('/');
    if (slash == std::string_view::npos) break;
    Value* next;
    if (!get(*at, unescape(path.substr(0, slash)), next).empty()) return nullptr;
    if (!next->is_map() && !next->is_list()) return nullptr;
    at = next;
    path.remove_prefix(slash + 1);
  }
  key = unescape(path);
  return at->is_map() || at->is_list() ? at : nullptr;
}

class Patcher {
 public:
  explicit Patcher(Value& document) : document_(document) {}

  Result<void> apply(const Value& operation) {
    const Value* op = operation.find("op");
    std::string kind(op ? op->string_or("unknown") : "unknown");
    const Value* value = operation.find("value");
    value_ = value ? *value : Value();
    TRY(path_, text(operation, "path", kind + " operation failed to decode path"));
    if (kind == "add") return add_value();
    if (kind == "remove") return remove_value();
    if (kind == "replace") return replace_value();
    if (kind == "test") return test_value();
    if (kind != "move" && kind != "copy") return does_not_apply("Unexpected kind: " + kind);
    TRY(from_, text(operation, "from", kind + " operation failed to decode from"));
    return kind == "move" ? move_value() : copy_value();
  }

 private:
  static Result<std::string> text(const Value& operation, std::string_view member, std::string_view problem) {
    const Value* value = operation.find(member);
    if (value && value->is_string()) return *value->as_string();
    return does_not_apply(std::string(problem) + ": " + std::string(kMissing));
  }
  static std::unexpected<Status> missing(std::string text) {
    return does_not_apply(text + ": " + std::string(kMissing));
  }
  static Result<void> wrapped(std::string_view outer, const Problem& problem) {
    if (problem.empty()) return {};
    return does_not_apply(std::string(outer) + ": " + problem);
  }

  Result<void> add_value() {
    std::string key;
    Value* container = find_container(document_, path_, key);
    if (!container) return missing("add operation does not apply: doc is missing path: \"" + path_ + "\"");
    return wrapped("error in add for path: '" + path_ + "'", add(*container, key, std::move(value_)));
  }

  Result<void> remove_value() {
    std::string key;
    Value* container = find_container(document_, path_, key);
    if (!container) return missing("remove operation does not apply: doc is missing path: \"" + path_ + "\"");
    return wrapped("error in remove for path: '" + path_ + "'", remove(*container, key));
  }

  Result<void> replace_value() {
    if (path_.empty()) {
      if (!value_.is_map() && !value_.is_list())
        return does_not_apply("replace operation value must be object or array");
      document_ = std::move(value_);
      return {};
    }
    std::string key;
    Value* container = find_container(document_, path_, key);
    if (!container) return missing("replace operation does not apply: doc is missing path: " + path_);
    Value* old;
    if (!get(*container, key, old).empty())
      return missing("replace operation does not apply: doc is missing key: " + path_);
    *old = std::move(value_);
    return {};
  }

  Result<void> test_value() {
    auto failed = [&] { return does_not_apply("testing value " + path_ + " failed: test failed"); };
    if (path_.empty()) {
      if (equal_numeric(document_, value_)) return {};
      return failed();
    }
    std::string key;
    Value* container = find_container(document_, path_, key);
    if (!container) return missing("test operation does not apply: is missing path: " + path_);
    Value* found;
    Problem problem = get(*container, key, found);
    if (!problem.empty() && !problem.ends_with(kMissing))
      return wrapped("error in test for path: '" + path_ + "'", problem);
    if (found ? equal_numeric(*found, value_) : value_.is_null()) return {};
    return failed();
  }

  Result<void> move_value() {
    std::string key;
    Value* container = find_container(document_, from_, key);
    if (!container) return missing("move operation does not apply: doc is missing from path: " + from_);
    Value* found;
    TRY_VOID(wrapped("error in move for path: '" + key + "'", get(*container, key, found)));
    Value moved = std::move(*found);
    TRY_VOID(wrapped("error in move for path: '" + key + "'", remove(*container, key)));
    container = find_container(document_, path_, key);
    if (!container)
      return missing("move operation does not apply: doc is missing destination path: " + path_);
    return wrapped("error in move for path: '" + path_ + "'", add(*container, key, std::move(moved)));
  }

  Result<void> copy_value() {
    std::string key;
    Value* container = find_container(document_, from_, key);
    if (!container) return missing("copy operation does not apply: doc is missing from path: " + from_);
    Value* found;
    TRY_VOID(wrapped("error in copy for from: '" + from_ + "'", get(*container, key, found)));
    Value copied = *found;
    container = find_container(document_, path_, key);
    if (!container)
      return missing("copy operation does not apply: doc is missing destination path: " + path_);
    copied_bytes_ += to_json(copied).size();
    if (copied_bytes_ > kMaxCopiedBytes) {
      return does_not_apply("Unable to complete the copy, the accumulated size increase of copy is " +
                            std::to_string(copied_bytes_) + ", exceeding the limit " +
                            std::to_string(kMaxCopiedBytes));
    }
    return wrapped("error while adding value during copy", add(*container, key, std::move(copied)));
  }

  Value& document_;
  Value value_;
  std::string path_, from_;
  std::size_t copied_bytes_ = 0;
};

std::string_view go_kind(const Value& value) {
  switch (value.type()) {
    case Value::Type::Null:
      return "null";
    case Value::Type::Bool:
      return "bool";
    case Value::Type::Int:
    case Value::Type::Double:
      return "number";
    case Value::Type::String:
      return "string";
    case Value::Type::List:
      return "array";
    case Value::Type::Map:
      break;
  }
  return "object";
}

Result<Value> parse_patch(std::string_view text, std::string_view prefix,
                          std::vector<std::string>* strict_errors) {
  std::vector<std::string> found;
  Result<Value> value = parse_json(text, strict_errors ? &found : nullptr);
  if (!value && strict_errors)
    return fail(errors::bad_request("error decoding patch: " + value.error().message));
  for (const std::string& error : found) strict_errors->push_back(std::string(prefix) + error);
  return value;
}

}  // namespace

Result<void> apply_json_patch(std::string_view text, Value& document,
                              std::vector<std::string>* strict_errors) {
  TRY(Value patch, parse_patch(text, "json patch ", strict_errors));
  if (patch.is_null()) return {};
  const ValueList* operations = patch.as_list();
  // Whoever wants to know of strict errors reads it into a type of its own first.
  auto no_patch = [&](const Value& found, std::string_view type, std::string_view strict_type) {
    return fail(errors::bad_request(
        (strict_errors ? "error decoding patch: json: cannot unmarshal " : "json: cannot unmarshal ") +
        std::string(go_kind(found)) + " into Go value of type " +
        std::string(strict_errors ? strict_type : type)));
  };
  if (!operations) return no_patch(patch, "jsonpatch.Patch", "[]handlers.jsonPatchOp");
  for (const Value& operation : *operations) {
    if (!operation.is_map() && !operation.is_null())
      return no_patch(operation, "jsonpatch.Operation", "handlers.jsonPatchOp");
  }
  if (operations->size() > kMaxOperations) {
    return fail(errors::too_large("The allowed maximum operations in a JSON patch is " +
                                  std::to_string(kMaxOperations) + ", got " +
                                  std::to_string(operations->size())));
  }
  Patcher patcher(document);
  for (const Value& operation : *operations) {
    TRY_VOID(patcher.apply(operation));
  }
  return {};
}

namespace {

// A member that is new comes without the nulls of the patch.
Value without_nulls(const Value& patch) {
  if (!patch.is_map()) return patch;
  ValueMap out;
  for (const ValueMember& m : *patch.as_map()) {
    if (!m.value.is_null()) out.set(m.key, without_nulls(m.value));
  }
  return out;
}

}  // namespace

void merge_patch(const Value& patch, Value& document) {
  if (!patch.is_map()) {
    document = patch;
    return;
  }
  ValueMap& target = document.make_map();
  for (const ValueMember& m : *patch.as_map()) {
    if (m.value.is_null()) {
      target.erase(m.key);
    } else if (Value* old = target.find(m.key); old && old->is_map() && m.value.is_map()) {
      merge_patch(m.value, *old);
    } else {
      target.set(m.key, without_nulls(m.value));
    }
  }
}

Result<void> apply_merge_patch(std::string_view text, Value& document,
                               std::vector<std::string>* strict_errors) {
  Result<Value> patch = parse_patch(text, "", strict_errors);
  if (!patch) return fail(strict_errors ? patch.error() : errors::bad_request("Invalid JSON Patch"));
  if (strict_errors && !patch->is_map() && !patch->is_null()) {
    return fail(errors::bad_request("error decoding patch: json: cannot unmarshal " +
                                    std::string(go_kind(*patch)) +
                                    " into Go value of type map[string]interface {}"));
  }
  if (!patch->is_map() && !patch->is_list()) return fail(errors::bad_request("Invalid JSON Patch"));
  merge_patch(*patch, document);
  return {};
}

Value create_merge_patch(const Value& from, const Value& to) {
  if (!from.is_map() || !to.is_map()) return to;
  ValueMap patch;
  for (const ValueMember& m : *to.as_map()) {
    const Value* old = from.find(m.key);
    if (!old) {
      patch.set(m.key, m.value);
    } else if (old->is_map() && m.value.is_map()) {
      Value inner = create_merge_patch(*old, m.value);
      if (!inner.as_map()->empty()) patch.set(m.key, std::move(inner));
    } else if (!equal_numeric(*old, m.value)) {
      patch.set(m.key, m.value);
    }
  }
  for (const ValueMember& m : *from.as_map()) {
    if (!to.find(m.key)) patch.set(m.key, nullptr);
  }
  return patch;
}

}  // namespace xebec::codec
