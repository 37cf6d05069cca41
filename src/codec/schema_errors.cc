#include "codec/schema_errors.h"

#include <algorithm>

#include "base/go_quote.h"

namespace xebec::codec {
namespace {

using Wants = MergeType::Wants;

// Go's %v of what upstream holds: there numbers of YAML are floating.
std::string printed(const Value& value) {
  if (const int64_t* number = value.as_int()) return go_format(Value(static_cast<double>(*number)));
  return go_format(value);
}

// Its %#v.
std::string written(const Value& value) {
  if (const std::string* text = value.as_string()) return go_quote(*text);
  if (const ValueList* list = value.as_list()) {
    std::string out;
    for (const Value& item : *list) out += (out.empty() ? "" : ", ") + written(item);
    return "[]interface {}{" + out + "}";
  }
  if (const ValueMap* map = value.as_map()) {
    std::string out;
    for (uint32_t i : map->sorted()) {
      if (!out.empty()) out += ", ";
      out += go_quote(map->member(i).key) + ":" + written(map->member(i).value);
    }
    return "map[string]interface {}{" + out + "}";
  }
  return value.is_null() ? "interface {}(nil)" : printed(value);
}

// Its %T.
std::string_view type_name(const Value& value) {
  if (value.is_map()) return "map[string]interface {}";
  if (value.is_list()) return "[]interface {}";
  if (value.is_string()) return "string";
  return value.is_bool() ? "bool" : "float64";
}

// What is wrong with the kind of value; empty: nothing.
std::string wrong_kind(Wants wants, const Value& value) {
  const bool number = value.as_int() != nullptr || value.as_double() != nullptr;
  switch (wants) {
    case Wants::kMap:
      return value.is_map() ? "" : "expected map, got &{" + printed(value) + "}";
    case Wants::kList:
      return value.is_list() ? "" : "expected list, got &{" + printed(value) + "}";
    case Wants::kNumber:
      return number ? "" : "expected numeric (int or float), got " + std::string(type_name(value));
    case Wants::kString:
      return value.is_string()
                 ? ""
                 : "expected string, got &value.valueUnstructured{Value:" + written(value) + "}";
    case Wants::kBool:
      return value.is_bool() ? "" : "expected boolean, got &{" + printed(value) + "}";
    case Wants::kScalar:
      return value.is_map() || value.is_list() ? "expected any scalar, got &{" + printed(value) + "}" : "";
    case Wants::kAnything:
      break;
  }
  return "";
}

class Checker {
 public:
  void check(const MergeType& type, const Value& value) {
    if (value.is_null()) return;
    if (std::string why = wrong_kind(type.wants(), value); !why.empty()) {
      wrong(why);
    } else if (const ValueMap* map = value.as_map()) {
      check_members(type, *map);
    } else if (const ValueList* list = value.as_list()) {
      check_elements(type, *list);
    }
  }
  std::string text() const {
    if (errors_.size() == 1) return errors_[0];
    std::string out;
    for (const std::string& error : errors_) out += (out.empty() ? "errors:\n  " : "\n  ") + error;
    return out;
  }

 private:
  void wrong(std::string_view why) {
    errors_.push_back(path_.empty() ? std::string(why) : path_string(path_) + ": " + std::string(why));
  }

  void check_members(const MergeType& type, const ValueMap& map) {
    for (const ValueMember& member : map) {
      path_.push_back(PathElement::field(member.key));
      if (type.allows(member.key)) {
        check(type.member(member.key), member.value);
      } else {
        wrong("field not declared in schema");
      }
      path_.pop_back();
    }
  }

  void check_elements(const MergeType& type, const ValueList& list) {
    std::vector<PathElement> seen;
    for (std::size_t i = 0; i < list.size(); ++i) {
      PathElement where{
          .type = PathElement::Type::Index, .name = {}, .value = Value(static_cast<int64_t>(i))};
      if (!type.atomic_list()) {
        Result<PathElement> address = type.address(View(list[i]));
        if (!address) {
          wrong("element " + std::to_string(i) + ": " + address.error().message);
          return;
        }
        where = *std::move(address);
        if (std::find(seen.begin(), seen.end(), where) != seen.end())
          wrong("duplicate entries for key " + where.str());
        seen.push_back(where);
      }
      path_.push_back(where);
      check(type.element(), list[i]);
      path_.pop_back();
    }
  }

  Path path_;
  std::vector<std::string> errors_;
};

}  // namespace

std::string schema_errors(const MergeType& type, const Value& object) {
  Checker checker;
  checker.check(type, object);
  return checker.text();
}

}  // namespace xebec::codec
