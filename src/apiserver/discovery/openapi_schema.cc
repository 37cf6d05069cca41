#include "apiserver/discovery/openapi_schema.h"

#include <algorithm>

#include "api/descriptions.h"
#include "api/gen/metav1.h"
#include "codec/json.h"

namespace xebec::apiserver {
namespace {

using codec::Value;
using codec::ValueList;
using codec::ValueMap;

Value typed(std::string_view type, std::string_view format = {}) {
  ValueMap map;
  map.set("type", type);
  if (!format.empty()) map.set("format", format);
  return map;
}

template <class Range>
Value string_list(const Range& range) {
  ValueList list;
  for (std::string_view text : range) list.emplace_back(text);
  return list;
}

std::string patch_strategy(uint8_t patch) {
  std::string out;
  auto add = [&](uint8_t bit, std::string_view name) {
    if (patch & bit) out += (out.empty() ? "" : ",") + std::string(name);
  };
  add(api::Patch::kMerge, "merge");
  add(api::Patch::kReplace, "replace");
  add(api::Patch::kRetainKeys, "retainKeys");
  return out;
}

void add_extensions(const api::Field& field, ValueMap& to) {
  switch (field.list_type) {
    case api::ListType::None:
      break;
    case api::ListType::Atomic:
      to.set("x-kubernetes-list-type", "atomic");
      break;
    case api::ListType::Set:
      to.set("x-kubernetes-list-type", "set");
      break;
    case api::ListType::Map:
      to.set("x-kubernetes-list-type", "map");
      break;
  }
  if (!field.map_keys.empty()) to.set("x-kubernetes-list-map-keys", string_list(field.map_keys));
  if (field.map_type == api::MapType::Atomic) to.set("x-kubernetes-map-type", "atomic");
  if (field.map_type == api::MapType::Granular) to.set("x-kubernetes-map-type", "granular");
  if (field.patch != api::Patch::kNone) to.set("x-kubernetes-patch-strategy", patch_strategy(field.patch));
  if (!field.merge_key.empty()) to.set("x-kubernetes-patch-merge-key", field.merge_key);
}

void describe(std::string_view text, ValueMap& to) {
  if (!text.empty()) to.set("description", text);
}

// "io.k8s.apiextensions-apiserver.pkg..." -> "k8s.io.apiextensions_apiserver.pkg...".
std::string protobuf_name(std::string_view openapi_name) {
  std::string out = "k8s.io" + std::string(openapi_name.substr(std::string_view("io.k8s").size()));
  std::ranges::replace(out, '-', '_');
  return out;
}

// The value an element has when JSON says nothing of it, as upstream's generator tells it; null when Go's
// zero value is nil or the type writes itself.
Value zero_of_element(const api::Field& field) {
  switch (field.kind) {
    case api::Kind::Bool:
      return Value(false);
    case api::Kind::Int32:
    case api::Kind::Int64:
    case api::Kind::Double:
      return Value(int64_t{0});
    case api::Kind::String:
      return Value("");
    case api::Kind::Message:
      return field.message->form == api::Form::Object ? Value(ValueMap{}) : Value();
    default:
      return Value();
  }
}

// Nothing may stand beside a $ref in OpenAPI 3.0.
ValueMap wrap_reference(ValueMap reference) {
  ValueMap out;
  ValueList all_of;
  all_of.emplace_back(std::move(reference));
  out.set("allOf", std::move(all_of));
  return out;
}

Value group_version_kinds(const api::Message& type) {
  ValueList list;
  for (const api::TypeName& name : type.kinds) {
    ValueMap gvk;
    gvk.set("group", name.group);
    gvk.set("kind", name.kind);
    gvk.set("version", name.version);
    list.emplace_back(std::move(gvk));
  }
  return list;
}

}  // namespace

Value SchemaPublisher::ref(std::string_view name) const {
  std::string_view prefix = version_ == Version::kV2 ? "#/definitions/" : "#/components/schemas/";
  ValueMap map;
  map.set("$ref", std::string(prefix) + std::string(name));
  return map;
}

Value SchemaPublisher::reference(const api::Message& type) {
  if (type.form == api::Form::List) {
    ValueMap map;
    map.set("type", "array");
    const api::Field* items = type.find("items");
    map.set("items", items ? element(*items) : typed("string"));
    return map;
  }
  add(type);
  return ref(type.openapi_name);
}

Value SchemaPublisher::patch_reference() {
  return scalar_reference("io.k8s.apimachinery.pkg.apis.meta.v1.Patch", "object", "");
}

void SchemaPublisher::add(const api::Message& type) {
  if (!added_.insert(&type).second) return;
  Value schema = definition(type);
  schemas_.set(std::string(type.openapi_name), std::move(schema));
}

Value SchemaPublisher::definition(const api::Message& type) {
  ValueMap out;
  describe(api::description(type), out);
  // The forms that are one of several JSON types have no schema upstream either.
  if (type.form == api::Form::RawJson) out.set("type", "object");
  if (type.form != api::Form::Object) return out;
  out.set("type", "object");
  ValueMap properties;
  if (type.type_meta) {
    const api::Message& meta = metav1::TypeMeta::kDescriptor;
    for (std::string_view name : {"apiVersion", "kind"}) {
      ValueMap property;
      describe(api::description(meta, *meta.find(name)), property);
      property.set("type", "string");
      properties.set(name, std::move(property));
    }
  }
  ValueList required;
  for (const api::Field& field : type.fields) {
    properties.set(field.name, property(type, field));
    if (field.required) required.emplace_back(field.name);
  }
  if (!properties.empty()) out.set("properties", std::move(properties));
  if (!required.empty()) out.set("required", std::move(required));
  if (!type.kinds.empty()) out.set("x-kubernetes-group-version-kind", group_version_kinds(type));
  if (type.map_type == api::MapType::Atomic) out.set("x-kubernetes-map-type", "atomic");
  if (!type.unions.empty()) {
    if (auto unions = codec::parse_json(type.unions)) out.set("x-kubernetes-unions", std::move(*unions));
  }
  return out;
}

Value SchemaPublisher::property(const api::Message& type, const api::Field& field) {
  ValueMap out;
  switch (field.rep) {
    case api::Rep::List:
      out.set("type", "array");
      out.set("items", item(field));
      break;
    case api::Rep::Map:
      out.set("type", "object");
      out.set("additionalProperties", item(field));
      break;
    default: {
      Value value = element(field);
      out = std::move(*value.as_map());
    }
  }
  ValueMap beside;
  describe(api::description(type, field), beside);
  add_extensions(field, beside);
  if (field.enum_closed && !field.values.empty() && field.rep != api::Rep::List &&
      field.rep != api::Rep::Map) {
    std::vector<std::string_view> values(field.values.begin(), field.values.end());
    std::ranges::sort(values);
    beside.set("enum", string_list(values));
  }
  // Upstream leaves all defaults out of version 2.
  if (version_ == Version::kV3) {
    if (auto value = codec::parse_json(field.default_json); value && !field.default_json.empty()) {
      beside.set("default", std::move(*value));
    } else if (field.rep == api::Rep::Value && field.kind == api::Kind::Message) {
      if (Value zero = zero_of_element(field); !zero.is_null()) beside.set("default", std::move(zero));
    }
  }
  if (beside.empty()) return out;
  if (version_ == Version::kV3 && out.contains("$ref")) out = wrap_reference(std::move(out));
  for (auto& member : beside) out.set(member.key, std::move(member.value));
  return out;
}

Value SchemaPublisher::item(const api::Field& field) {
  Value out = element(field);
  Value zero = zero_of_element(field);
  if (version_ == Version::kV2 || zero.is_null()) return out;
  ValueMap map = std::move(*out.as_map());
  if (map.contains("$ref")) map = wrap_reference(std::move(map));
  map.set("default", std::move(zero));
  return map;
}

Value SchemaPublisher::scalar_reference(std::string_view name, std::string_view type,
                                        std::string_view format) {
  if (!schemas_.contains(name)) {
    Value schema = type.empty() ? Value(ValueMap{}) : typed(type, format);
    const bool quantity = name.ends_with(".Quantity");
    if (version_ == Version::kV3 && (quantity || format == "int-or-string")) {
      ValueList one_of;
      one_of.push_back(typed(quantity ? "string" : "integer"));
      one_of.push_back(typed(quantity ? "number" : "string"));
      ValueMap map;
      if (!format.empty()) map.set("format", format);
      map.set("oneOf", std::move(one_of));
      schema = std::move(map);
    }
    describe(api::description(protobuf_name(name)), *schema.as_map());
    schemas_.set(name, std::move(schema));
  }
  return ref(name);
}

Value SchemaPublisher::element(const api::Field& field) {
  switch (field.kind) {
    case api::Kind::Bool:
      return typed("boolean");
    case api::Kind::Int32:
      return typed("integer", "int32");
    case api::Kind::Int64:
      return typed("integer", "int64");
    case api::Kind::Double:
      return typed("number", "double");
    case api::Kind::String:
      return typed("string");
    case api::Kind::Bytes:
      return typed("string", "byte");
    case api::Kind::Quantity:
      return scalar_reference("io.k8s.apimachinery.pkg.api.resource.Quantity", "string", "");
    case api::Kind::Time:
      return scalar_reference("io.k8s.apimachinery.pkg.apis.meta.v1.Time", "string", "date-time");
    case api::Kind::MicroTime:
      return scalar_reference("io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime", "string", "date-time");
    case api::Kind::Duration:
      return scalar_reference("io.k8s.apimachinery.pkg.apis.meta.v1.Duration", "string", "");
    case api::Kind::IntOrString:
      return scalar_reference("io.k8s.apimachinery.pkg.util.intstr.IntOrString", "string", "int-or-string");
    case api::Kind::RawExtension:
      return scalar_reference("io.k8s.apimachinery.pkg.runtime.RawExtension", "object", "");
    case api::Kind::FieldsV1:
      return scalar_reference("io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1", "object", "");
    case api::Kind::Json:
      return scalar_reference("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON", "", "");
    case api::Kind::Message:
      return reference(*field.message);
  }
  return typed("string");
}

}  // namespace xebec::apiserver
