#include "apiserver/registry/reset_fields.h"

#include <algorithm>

namespace xebec::apiserver {
namespace {

using codec::FieldFilter;
using codec::FieldSet;

FieldFilter resetting(std::initializer_list<std::initializer_list<std::string_view>> paths) {
  FieldSet set;
  for (const auto& path : paths) set.insert(codec::field_path(path));
  return FieldFilter::excluding(std::move(set));
}

// Upstream has sets for versions of these that it does not serve.
bool resets_nothing(std::string_view group, std::string_view plural) {
  return (group == "networking.k8s.io" && plural == "servicecidrs") ||
         (group == "certificates.k8s.io" && plural == "podcertificaterequests");
}

// Their status is written without any metadata.
bool status_resets_metadata(std::string_view group) {
  constexpr std::string_view kGroups[] = {"admissionregistration.k8s.io",
                                          "apiextensions.k8s.io",
                                          "apiregistration.k8s.io",
                                          "flowcontrol.apiserver.k8s.io",
                                          "internal.apiserver.k8s.io",
                                          "resource.k8s.io",
                                          "scheduling.k8s.io",
                                          "storage.k8s.io",
                                          "storagemigration.k8s.io"};
  return std::find(std::begin(kGroups), std::end(kGroups), group) != std::end(kGroups);
}

FieldFilter of_requests(std::string_view subresource) {
  if (subresource.empty()) return resetting({{"spec"}, {"status"}});
  if (subresource == "status") return resetting({{"spec"}, {"status", "conditions"}});
  if (subresource == "approval") return resetting({{"spec"}, {"status", "certificate"}});
  return {};
}

FieldFilter of_status(std::string_view group, std::string_view plural) {
  if (group.empty() && plural == "pods")
    return resetting({{"spec"}, {"metadata", "deletionTimestamp"}, {"metadata", "ownerReferences"}});
  if (group == "apps" && plural == "deployments") return resetting({{"spec"}, {"metadata", "labels"}});
  if (status_resets_metadata(group)) return resetting({{"spec"}, {"metadata"}});
  return resetting({{"spec"}});
}

}  // namespace

FieldFilter reset_fields(const api::Resource& resource, std::string_view subresource) {
  const std::string_view group = resource.storage_group, plural = resource.plural;
  if (resource.subresource("status") == nullptr || resets_nothing(group, plural)) return {};
  if (group == "certificates.k8s.io" && plural == "certificatesigningrequests")
    return of_requests(subresource);
  if (subresource == "status") return of_status(group, plural);
  if (subresource.empty() || subresource == "finalize") return resetting({{"status"}});
  if (subresource == "ephemeralcontainers") return FieldFilter::including({{"spec", "ephemeralContainers"}});
  if (subresource == "resize") {
    return FieldFilter::including({{"spec", "containers", "*", "resources"},
                                   {"spec", "containers", "*", "resizePolicy"},
                                   {"spec", "initContainers", "*", "resources"},
                                   {"spec", "initContainers", "*", "resizePolicy"}});
  }
  return {};
}

}  // namespace xebec::apiserver
