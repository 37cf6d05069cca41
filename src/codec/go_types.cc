#include "codec/go_types.h"

namespace xebec::codec {
namespace {

using api::Kind;

// "k8s.io.api.core.v1.Pod" -> "v1".
std::string package(const api::Message& message) {
  std::string_view name = message.full_name.substr(0, message.full_name.rfind('.'));
  return std::string(name.substr(name.rfind('.') + 1));
}

}  // namespace

std::string go_type(Kind kind) {
  switch (kind) {
    case Kind::Bool:
      return "bool";
    case Kind::Int32:
      return "int32";
    case Kind::Int64:
      return "int64";
    case Kind::Double:
      return "float64";
    case Kind::String:
      return "string";
    case Kind::Bytes:
      return "[]uint8";
    case Kind::Quantity:
      return "resource.Quantity";
    case Kind::Time:
      return "v1.Time";
    case Kind::MicroTime:
      return "v1.MicroTime";
    case Kind::Duration:
      return "v1.Duration";
    case Kind::IntOrString:
      return "intstr.IntOrString";
    case Kind::RawExtension:
      return "runtime.RawExtension";
    case Kind::FieldsV1:
      return "v1.FieldsV1";
    case Kind::Json:
      return "interface {}";
    case Kind::Message:
      break;
  }
  return "struct";
}

std::string go_type(const api::Message& message) {
  return package(message) + "." + std::string(message.name);
}

std::string go_element_type(const api::Message* owner, const api::Field* field, Kind kind,
                            const api::Message* message) {
  if (kind == Kind::Message && message) return go_type(*message);
  if (kind == Kind::String && field && field->kind == Kind::String && !field->enum_type.empty()) {
    std::string name(field->enum_type);
    if (name.find('.') != std::string::npos || !owner) return name;
    return package(*owner) + "." + name;
  }
  return go_type(kind);
}

std::string go_container_type(const api::Message& owner, const api::Field& field) {
  if (field.rep == api::Rep::Map && field.kind == Kind::Quantity) return "v1.ResourceList";
  std::string element = go_element_type(&owner, &field, field.kind, field.message);
  return (field.rep == api::Rep::Map ? "map[string]" : "[]") + element;
}

}  // namespace xebec::codec
