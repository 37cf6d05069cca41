// Strategic merge patch. The algorithm follows apimachinery's strategicpatch on the server's side: parallel
// lists are merged, nulls that match nothing are dropped.
#include <algorithm>

#include "base/go_quote.h"
#include "codec/go_types.h"
#include "codec/json.h"
#include "codec/patch.h"

namespace xebec::codec {
namespace {

using api::Field;
using api::Form;
using api::Kind;
using api::Message;
using api::Rep;

constexpr std::string_view kDirective = "$patch";
constexpr std::string_view kRetainKeys = "$retainKeys";
constexpr std::string_view kDeletePrefix = "$deleteFromPrimitiveList/";
constexpr std::string_view kOrderPrefix = "$setElementOrder/";
constexpr std::string_view kBadOrder = "invalid patch format of setElementOrder list";
constexpr std::string_view kBadRetainKeys = "invalid patch format of retainKeys";

// An error that the API server passes on as it is: 500 without a reason.
std::unexpected<Status> broken(std::string message) {
  return fail(Status(500, reason::kUnknown, std::move(message)));
}
std::unexpected<Status> malformed(std::string_view message) { return fail(errors::bad_request(message)); }

std::string go_type_of(const Value& value) {
  switch (value.type()) {
    case Value::Type::Null:
      return "<nil>";
    case Value::Type::Bool:
      return "bool";
    case Value::Type::Int:
      return "int64";
    case Value::Type::Double:
      return "float64";
    case Value::Type::String:
      return "string";
    case Value::Type::List:
      return "[]interface {}";
    case Value::Type::Map:
      break;
  }
  return "map[string]interface {}";
}

std::unexpected<Status> wrong_type(std::string_view expected, const Value& actual) {
  return broken("expected a " + std::string(expected) + ", but received a " + go_type_of(actual));
}
std::unexpected<Status> no_merge_key(const Value& map, std::string_view key) {
  return broken("map: " + go_format(map) + " does not contain declared merge key: " + std::string(key));
}
std::unexpected<Status> bad_directive(const Value& directive, const Value& map) {
  return broken("unknown patch type: " + go_format(directive) + " in map: " + go_format(map));
}

// What the tables say about a place in the tree.
struct Schema {
  const Message* message = nullptr;  // a struct
  const Field* elements = nullptr;   // a map whose values are as this field's elements
  bool any = false;                  // free-form: nothing is known, nothing is merged but maps
};

struct FieldSchema {
  Schema value;  // of a list: of its elements
  bool merge = false, replace = false;
  std::string_view merge_key;
};

Schema element_schema(Kind kind, const Message* message) {
  if (kind == Kind::Message && message->form == Form::Object) return {.message = message};
  return {.any = true};
}

Result<FieldSchema> look_up(const Schema& schema, std::string_view key) {
  FieldSchema out;
  if (schema.any) {
    out.value.any = true;
    return out;
  }
  if (schema.elements) {
    out.value = element_schema(schema.elements->kind, schema.elements->message);
    return out;
  }
  const Field* field = schema.message->find(key);
  if (!field) {
    return broken("unable to find api field in struct " + std::string(schema.message->name) +
                  " for the json field " + go_quote(key));
  }
  out.merge = field->patch & api::Patch::kMerge;
  out.replace = field->patch & api::Patch::kReplace;
  out.merge_key = field->merge_key;
  out.value =
      field->rep == Rep::Map ? Schema{.elements = field} : element_schema(field->kind, field->message);
  return out;
}

// What a patch brings new keeps nothing that was said to the merge: elements with a directive go, wherever
// they are. False when that is the value itself.
bool discard_directives(Value& value) {
  if (ValueMap* map = value.as_map()) {
    if (map->find(kDirective)) return false;
    std::vector<std::string> gone;
    for (ValueMember& m : *map) {
      if (!discard_directives(m.value)) gone.push_back(m.key);
    }
    for (const std::string& key : gone) map->erase(key);
  } else if (ValueList* list = value.as_list()) {
    std::erase_if(*list, [](Value& item) { return !discard_directives(item); });
  }
  return true;
}

void discard_nulls(Value& value) {
  if (ValueMap* map = value.as_map()) {
    std::vector<std::string> nulls;
    for (ValueMember& m : *map) {
      if (m.value.is_null()) {
        nulls.push_back(m.key);
      } else {
        discard_nulls(m.value);
      }
    }
    for (const std::string& key : nulls) map->erase(key);
  } else if (ValueList* list = value.as_list()) {
    for (Value& item : *list) discard_nulls(item);
  }
}

bool contains(const ValueList& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Position of the map whose `key` is `value`; list.size() when there is none.
Result<std::size_t> find_by_key(const ValueList& list, std::string_view key, const Value& value) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!list[i].is_map()) return broken("value for key " + std::to_string(i) + " is not a map.");
    const Value* found = list[i].find(key);
    if (found && *found == value) return i;
  }
  return list.size();
}

// All elements of the lists have one type; not lists, not nothing.
Result<Value::Type> element_type(std::initializer_list<const ValueList*> lists) {
  const Value* first = nullptr;
  for (const ValueList* list : lists) {
    for (const Value& item : *list) {
      if (!first) {
        first = &item;
        if (item.is_list())
          return fail(errors::generic(422, "", {}, "", "lists of lists are not supported", 0));
      } else if (item.type() != first->type()) {
        std::string shown = "[";
        for (const ValueList* l : lists) shown += (shown.size() > 1 ? " " : "") + go_format(*l);
        return broken("list element types are not identical: " + shown + "]");
      }
    }
  }
  if (!first) return broken("no elements in any of the given slices");
  return first->type();
}

// Where an element stands in `order`; -1 when it does not.
std::ptrdiff_t position(const ValueList& order, const Value& item, std::string_view merge_key) {
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (merge_key.empty()) {
      if (order[i] == item) return static_cast<std::ptrdiff_t>(i);
      continue;
    }
    const Value* a = order[i].find(merge_key);
    const Value* b = item.find(merge_key);
    if (a && b && *a == *b) return static_cast<std::ptrdiff_t>(i);
  }
  return -1;
}

void sort_by(ValueList& items, const ValueList& order, std::string_view merge_key) {
  std::vector<std::pair<std::ptrdiff_t, Value>> keyed;
  for (Value& item : items) keyed.emplace_back(position(order, item, merge_key), std::move(item));
  std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) {
    return a.first >= 0 && b.first >= 0 && a.first < b.first;
  });
  for (std::size_t i = 0; i < items.size(); ++i) items[i] = std::move(keyed[i].second);
}

// Interleaves what only the server has with what the patch names: both keep their order, the live list
// decides.
ValueList interleave(ValueList server_only, ValueList patched, const ValueList& server_order,
                     std::string_view merge_key) {
  ValueList out;
  std::size_t i = 0, j = 0;
  while (i < server_only.size() || j < patched.size()) {
    bool left = j >= patched.size();
    if (!left && i < server_only.size()) {
      std::ptrdiff_t a = position(server_order, server_only[i], merge_key);
      std::ptrdiff_t b = position(server_order, patched[j], merge_key);
      left = a >= 0 && b >= 0 && a < b;
    }
    out.push_back(std::move(left ? server_only[i++] : patched[j++]));
  }
  return out;
}

Result<ValueList> ordered(ValueList merged, const ValueList& order, const ValueList& server_order,
                          std::string_view merge_key) {
  ValueList patched, server_only;
  for (Value& item : merged) {
    bool in_order;
    if (merge_key.empty()) {
      in_order = contains(order, item);
    } else {
      if (!item.is_map()) return wrong_type("map[string]interface {}", item);
      const Value* key = item.find(merge_key);
      if (!key) return no_merge_key(item, merge_key);
      TRY(std::size_t at, find_by_key(order, merge_key, *key));
      in_order = at < order.size();
    }
    (in_order ? patched : server_only).push_back(std::move(item));
  }
  sort_by(patched, order, merge_key);
  sort_by(server_only, server_order, merge_key);
  return interleave(std::move(server_only), std::move(patched), server_order, merge_key);
}

Result<void> merge_map(Value& original, Value patch, const Schema& schema);

Result<void> retain_keys(ValueMap& original, ValueMap& patch) {
  const Value* directive = patch.find(kRetainKeys);
  if (!directive) return {};
  if (!directive->is_list()) return malformed(kBadRetainKeys);
  ValueList keep = *directive->as_list();
  patch.erase(kRetainKeys);
  for (const ValueMember& m : patch) {
    if (m.value.is_null() || m.key.starts_with(kDeletePrefix) || m.key.starts_with(kOrderPrefix)) continue;
    if (!contains(keep, Value(m.key))) return malformed(kBadRetainKeys);
  }
  std::vector<std::string> drop;
  for (const ValueMember& m : original) {
    if (!contains(keep, Value(m.key))) drop.push_back(m.key);
  }
  for (const std::string& key : drop) original.erase(key);
  return {};
}

// The items of the patch must stand in the order that the directive gives.
Result<void> check_order(const ValueList& patch, const ValueList& order, std::string_view merge_key) {
  if (patch.empty() || order.empty()) return {};
  ValueList kept;
  for (const Value& item : patch) {
    const Value* directive = merge_key.empty() ? nullptr : item.find(kDirective);
    if (!merge_key.empty() && !item.is_map()) return wrong_type("map[string]interface {}", item);
    if (!directive) kept.push_back(item);
  }
  std::size_t i = 0;
  for (std::size_t j = 0; i < kept.size() && j < order.size(); ++j) {
    const Value* a = merge_key.empty() ? &kept[i] : kept[i].find(merge_key);
    const Value* b = merge_key.empty() ? &order[j] : order[j].find(merge_key);
    if (!a) return no_merge_key(kept[i], merge_key);
    if (!b) return no_merge_key(order[j], merge_key);
    if (*a == *b) ++i;
  }
  if (i == kept.size()) return {};
  return broken("The order in patch list:\n" + go_format(patch) +
                "\n doesn't match $setElementOrder list:\n" + go_format(order) + "\n");
}

Result<ValueList> merge_list(ValueList original, ValueList patch, const FieldSchema& field, bool deleting);

// $setElementOrder/x: merges list x of the patch and puts the result in the given order.
Result<void> apply_order(ValueMap& original, ValueMap& patch, const Schema& schema) {
  std::vector<std::string> directives;
  for (const ValueMember& m : patch) {
    if (m.key.starts_with(kOrderPrefix)) directives.push_back(m.key);
  }
  for (const std::string& directive : directives) {
    Value order = std::move(*patch.find(directive));
    patch.erase(directive);
    if (!order.is_list()) return wrong_type("[]interface {}", order);
    std::string key = directive.substr(kOrderPrefix.size());
    Value* live = original.find(key);
    Value* change = patch.find(key);
    if (live && !live->is_list()) return wrong_type("[]interface {}", *live);
    if (change && !change->is_list()) return wrong_type("[]interface {}", *change);
    TRY(FieldSchema field, look_up(schema, key));
    if (change) {
      TRY_VOID(check_order(*change->as_list(), *order.as_list(), field.merge_key));
    }
    if (!live && !change) continue;
    ValueList server_order = live ? *live->as_list() : ValueList();
    ValueList merged;
    if (live && change) {
      merged = *change->as_list();
      if (field.merge) {
        TRY(merged, merge_list(server_order, *change->as_list(), field, false));
      }
    } else {
      merged = live ? server_order : *change->as_list();
    }
    TRY(ValueList sorted, ordered(std::move(merged), *order.as_list(), server_order, field.merge_key));
    original.set(key, std::move(sorted));
    patch.erase(key);
  }
  return {};
}

// Elements with $patch: delete removes its match, replace makes the patch the whole list.
Result<void> apply_element_directives(ValueList& original, ValueList& patch, std::string_view merge_key) {
  ValueList plain;
  bool replace = false;
  for (Value& item : patch) {
    const Value* directive = item.find(kDirective);
    if (!directive) {
      plain.push_back(std::move(item));
      continue;
    }
    if (*directive == Value("delete")) {
      const Value* key = item.find(merge_key);
      if (!key) return no_merge_key(item, merge_key);
      while (true) {
        TRY(std::size_t at, find_by_key(original, merge_key, *key));
        if (at == original.size()) break;
        original.erase(original.begin() + static_cast<std::ptrdiff_t>(at));
      }
    } else if (*directive == Value("replace")) {
      replace = true;
    } else if (*directive == Value("merge")) {
      return broken("merging lists cannot yet be specified in the patch");
    } else {
      return bad_directive(*directive, item);
    }
  }
  patch = std::move(plain);
  if (replace) {
    original = std::move(patch);
    patch.clear();
  }
  return {};
}

Result<ValueList> merge_list(ValueList original, ValueList patch, const FieldSchema& field, bool deleting) {
  if (original.empty() && patch.empty()) return original;
  TRY(Value::Type type, element_type({&original, &patch}));
  ValueList merged;
  if (type != Value::Type::Map) {
    if (deleting) {
      std::erase_if(original, [&](const Value& v) { return contains(patch, v); });
      return original;
    }
    for (const ValueList* list : {&original, &patch}) {
      for (const Value& item : *list) {
        if (!contains(merged, item)) merged.push_back(item);
      }
    }
    return ordered(std::move(merged), patch, original, field.merge_key);
  }
  if (field.merge_key.empty()) {
    return broken("cannot merge lists without merge key for type " +
                  std::string(field.value.message ? "struct" : "map"));
  }
  TRY_VOID(apply_element_directives(original, patch, field.merge_key));
  merged = original;
  for (const Value& item : patch) {
    const Value* key = item.find(field.merge_key);
    if (!key) return no_merge_key(item, field.merge_key);
    TRY(std::size_t at, find_by_key(merged, field.merge_key, *key));
    if (at < merged.size()) {
      TRY_VOID(merge_map(merged[at], item, field.value));
    } else {
      merged.push_back(item);
      discard_nulls(merged.back());
    }
  }
  return ordered(std::move(merged), patch, original, field.merge_key);
}

Result<void> merge_member(ValueMap& original, std::string key, Value patch, const Schema& schema) {
  bool deleting = key.starts_with(kDeletePrefix);
  if (deleting) key.erase(0, kDeletePrefix.size());
  if (patch.is_null()) {
    original.erase(key);
    return {};
  }
  Value* old = original.find(key);
  if (!old || old->type() != patch.type()) {
    if (deleting) return {};
    discard_nulls(patch);
    bool keep = discard_directives(patch);
    if (keep) original.set(key, std::move(patch));
    if (!keep) original.erase(key);
    return {};
  }
  if (!patch.is_map() && !patch.is_list()) {
    *old = std::move(patch);
    return {};
  }
  TRY(FieldSchema field, look_up(schema, key));
  if (patch.is_map()) {
    if (field.replace) {
      *old = std::move(patch);
      return {};
    }
    return merge_map(*old, std::move(patch), field.value);
  }
  if (!field.merge) {
    *old = std::move(patch);
    return {};
  }
  TRY(ValueList merged, merge_list(std::move(*old->as_list()), std::move(*patch.as_list()), field, deleting));
  *old = std::move(merged);
  return {};
}

Result<void> merge_map(Value& original, Value patch, const Schema& schema) {
  if (const Value* directive = patch.find(kDirective)) {
    if (*directive == Value("replace")) {
      patch.as_map()->erase(kDirective);
      original = std::move(patch);
      return {};
    }
    if (*directive == Value("delete")) {
      original = ValueMap();
      return {};
    }
    return bad_directive(*directive, patch);
  }
  ValueMap& target = original.make_map();
  ValueMap& changes = *patch.as_map();
  TRY_VOID(retain_keys(target, changes));
  TRY_VOID(apply_order(target, changes, schema));
  for (ValueMember& m : changes) {
    TRY_VOID(merge_member(target, m.key, std::move(m.value), schema));
  }
  return {};
}

}  // namespace

Result<void> strategic_merge(const Message& type, Value patch, Value& document) {
  return merge_map(document, std::move(patch), Schema{.message = &type});
}

Result<void> apply_strategic_merge_patch(const Message& type, std::string_view text, Value& document,
                                         std::vector<std::string>* strict_errors) {
  Result<Value> patch = parse_json(text, strict_errors);
  if (!patch) return fail(errors::bad_request(patch.error().message));
  if (!patch->is_map()) {
    if (patch->is_null()) return {};
    return fail(errors::bad_request("json: cannot unmarshal " +
                                    std::string(patch->is_list()     ? "array"
                                                : patch->is_string() ? "string"
                                                : patch->is_bool()   ? "bool"
                                                                     : "number") +
                                    " into Go value of type map[string]interface {}"));
  }
  return strategic_merge(type, *std::move(patch), document);
}

}  // namespace xebec::codec
