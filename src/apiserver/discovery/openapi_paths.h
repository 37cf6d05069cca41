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

struct OpenApiOperation {
  std::string_view method;  // lower case
  std::string action;  // get list post put patch delete deletecollection connect watch watchlist; or none
  std::string id;      // readCoreV1NamespacedPod
  std::string description;
  api::GroupVersionKind kind;
  std::string subresource;
  std::vector<std::string_view> consumes, produces;  // where they are not the action's
  const api::Message* body = nullptr;
  bool body_required = true;
  bool patch_body = false;
  const api::Message* result = nullptr;  // nullptr: a string
  std::vector<int> codes;                // of success
};

struct OpenApiPath {
  std::string path;
  bool has_name = false, has_namespace = false, has_rest = false;  // parameters in the path
  std::string kind;                                                // of the resource
  std::vector<OpenApiOperation> operations;
};

std::vector<OpenApiPath> openapi_paths(const api::Scheme& scheme, const CatalogGroup& group,
                                       const CatalogVersion& version);
// The document that discovery offers of a group.
OpenApiPath openapi_group_path(const api::Scheme& scheme, std::string_view group);

// What is of no group: the list of groups, the version, the token issuer.
struct OpenApiRoot {
  std::string_view name;  // in /openapi/v3
  std::string_view tag;
  OpenApiPath path;
};
std::vector<OpenApiRoot> openapi_roots(const api::Scheme& scheme);

// "core_v1", "apps_v1", "rbacAuthorization_v1"; without the version for what is of the group as a whole.
std::string openapi_tag(std::string_view group, std::string_view version);

}  // namespace xebec::apiserver
