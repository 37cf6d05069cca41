#include "codec/unstructured.h"

#include <cmath>

#include "codec/go_types.h"

namespace xebec::codec {
namespace {

using api::Field;
using api::Kind;
using api::Message;
using api::Rep;

std::string_view kind_of(const Value& value) {
  if (value.is_map()) return "map";
  if (value.is_list()) return "slice";
  if (value.is_string()) return "string";
  if (value.is_bool()) return "bool";
  return value.as_int() ? "int64" : "float64";
}

std::string message_error(const Message& type, const Value& tree);

// A plain Go type: "unrecognized" where Go has no conversion at all, "cannot convert" where it has one that
// JSON has not.
std::string scalar_error(std::string_view basic, const std::string& named, const Value& value) {
  const bool integer = value.as_int() != nullptr, real = value.as_double() != nullptr;
  if (basic == "string") {
    if (value.is_string()) return "";
    if (integer) return "cannot convert int64 to " + named;
  } else if (basic == "bool") {
    if (value.is_bool()) return "";
  } else if (basic == "float64") {
    if (integer || real) return "";
  } else {
    if (integer) return "";
    if (real) {
      return std::trunc(*value.as_double()) == *value.as_double() ? "" : "cannot convert float64 to " + named;
    }
  }
  return "unrecognized type: " + std::string(basic);
}

std::string element_error(const Message& owner, const Field& field, const Value& value) {
  if (value.is_null()) return "";
  switch (field.kind) {
    case Kind::Message:
      return message_error(*field.message, value);
    case Kind::Bytes:
      return value.is_string() ? "" : "cannot restore slice from " + std::string(kind_of(value));
    case Kind::String:
      return scalar_error("string", go_element_type(&owner, &field, field.kind, nullptr), value);
    case Kind::Bool:
    case Kind::Int32:
    case Kind::Int64:
    case Kind::Double:
      return scalar_error(go_type(field.kind), go_type(field.kind), value);
    default:
      return "";  // reads its own JSON
  }
}

std::string field_error(const Message& owner, const Field& field, const Value& value) {
  if (value.is_null()) return "";
  if (field.rep == Rep::List) {
    const ValueList* list = value.as_list();
    if (!list) return "cannot restore slice from " + std::string(kind_of(value));
    for (const Value& item : *list) {
      if (std::string error = element_error(owner, field, item); !error.empty()) return error;
    }
    return "";
  }
  if (field.rep != Rep::Map) return element_error(owner, field, value);
  const ValueMap* map = value.as_map();
  if (!map) return "cannot restore map from " + std::string(kind_of(value));
  for (const ValueMember& member : *map) {
    if (std::string error = element_error(owner, field, member.value); !error.empty()) return error;
  }
  return "";
}

std::string message_error(const Message& type, const Value& tree) {
  if (type.form != api::Form::Object || tree.is_null()) return "";
  if (!tree.is_map()) return "cannot restore struct from: " + std::string(kind_of(tree));
  for (const Field& field : type.fields) {
    const Value* value = tree.find(field.name);
    if (value == nullptr) continue;
    if (std::string error = field_error(type, field, *value); !error.empty()) return error;
  }
  return "";
}

}  // namespace

std::string unstructured_error(const Message& type, const Value& tree, const std::string& otherwise) {
  std::string error = message_error(type, tree);
  return error.empty() ? otherwise : error;
}

}  // namespace xebec::codec
