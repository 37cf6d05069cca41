// The operations OpenAPI lists: for every resource and subresource of a group version, what can be done at
// which path. Names and parameters are those of upstream's documents, which client generators and kubectl
// depend on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/scheme.h"
#include "apiserver/discovery/catalog.h"

namespace xebec::apiserver {

struct OpenApiParameter {
  std::string_view name;
  std::string_view type;  // string, boolean, integer
};

struct OpenApiOperation {
  std::string_view method;  // lower case
  std::string action;       // get list post put patch delete deletecollection connect
  std::string id;           // readCoreV1NamespacedPod
  api::GroupVersionKind kind;
  std::vector<OpenApiParameter> query;
  const api::Message* body = nullptr;
  bool body_required = true;
  bool patch_body = false;
  const api::Message* result = nullptr;  // nullptr: a string
  std::vector<int> codes;                // of success
};

struct OpenApiPath {
  std::string path;
  bool has_name = false, has_namespace = false, has_rest = false;  // parameters in the path
  std::vector<OpenApiOperation> operations;
};

std::vector<OpenApiPath> openapi_paths(const api::Scheme& scheme, const CatalogGroup& group,
                                       const CatalogVersion& version);

// "core_v1", "apps_v1", "rbacAuthorization_v1".
std::string openapi_tag(std::string_view group, std::string_view version);

}  // namespace xebec::apiserver
