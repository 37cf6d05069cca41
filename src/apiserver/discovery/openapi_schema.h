// Schemas of API types for OpenAPI, made from the field tables: version 2 (`#/definitions/`) or 3
// (`#/components/schemas/`). Extensions as upstream's kube-openapi: x-kubernetes-group-version-kind, list and
// map types, patch strategies. Descriptions are those of api/descriptions.h.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "api/descriptor.h"
#include "codec/value.h"

namespace xebec::apiserver {

class SchemaPublisher {
 public:
  enum class Version { kV2, kV3 };
  explicit SchemaPublisher(Version version) : version_(version) {}

  // Adds the type and all it is made of; returns {"$ref": ...} to it.
  codec::Value reference(const api::Message& type);
  // The body of a PATCH.
  codec::Value patch_reference();
  // Name to schema, of everything referenced so far.
  codec::ValueMap take() { return std::move(schemas_); }

 private:
  codec::Value ref(std::string_view name) const;
  void add(const api::Message& type);
  codec::Value definition(const api::Message& type);
  // `field` is one of type.fields.
  codec::Value property(const api::Message& type, const api::Field& field);
  codec::Value item(const api::Field& field);  // of a list or map
  // One element of the field: of the list, of the map, or the value itself.
  codec::Value element(const api::Field& field);
  codec::Value scalar_reference(std::string_view name, std::string_view type, std::string_view format);

  const Version version_;
  std::set<const api::Message*> added_;
  codec::ValueMap schemas_;
};

}  // namespace xebec::apiserver
