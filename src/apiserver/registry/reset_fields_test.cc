// What every kind's writes reset, as upstream's strategies list it.
#include "apiserver/registry/reset_fields.h"

#include <gtest/gtest.h>

#include <map>

namespace xebec::apiserver {
namespace {

using codec::FieldSet;

// What is left of everything that a strategy could reset.
std::string counting(const api::Resource& resource, std::string_view subresource) {
  FieldSet all;
  for (const auto& path :
       {codec::field_path({"metadata", "annotations"}), codec::field_path({"metadata", "labels"}),
        codec::field_path({"metadata", "deletionTimestamp"}),
        codec::field_path({"metadata", "ownerReferences"}), codec::field_path({"spec", "x"}),
        codec::field_path({"spec", "ephemeralContainers", "x"}),
        codec::field_path({"spec", "containers", "x", "resources"}),
        codec::field_path({"spec", "initContainers", "x", "resizePolicy"}),
        codec::field_path({"status", "x"}), codec::field_path({"status", "conditions"}),
        codec::field_path({"status", "certificate"})}) {
    all.insert(path);
  }
  std::string out;
  for (const codec::Path& path : reset_fields(resource, subresource).apply(all).paths())
    out += (out.empty() ? "" : " ") + codec::path_string(path);
  return out;
}

const std::string kMeta =
    ".metadata.annotations .metadata.deletionTimestamp .metadata.labels "
    ".metadata.ownerReferences";
const std::string kSpec =
    ".spec.x .spec.containers.x.resources .spec.ephemeralContainers.x .spec.initContainers.x.resizePolicy";
const std::string kStatus = ".status.certificate .status.conditions .status.x";
const std::string kEverything = kMeta + " " + kSpec + " " + kStatus;

const std::map<std::string, std::string> kStatusWrites = {
    {"pods", ".metadata.annotations .metadata.labels " + kStatus},
    {"deployments.apps",
     ".metadata.annotations .metadata.deletionTimestamp .metadata.ownerReferences " + kStatus},
    {"certificatesigningrequests.certificates.k8s.io", kMeta + " .status.certificate .status.x"},
    {"podcertificaterequests.certificates.k8s.io", kEverything},
    {"servicecidrs.networking.k8s.io", kEverything},
    {"customresourcedefinitions.apiextensions.k8s.io", kStatus},
    {"apiservices.apiregistration.k8s.io", kStatus},
    {"validatingadmissionpolicies.admissionregistration.k8s.io", kStatus},
    {"flowschemas.flowcontrol.apiserver.k8s.io", kStatus},
    {"prioritylevelconfigurations.flowcontrol.apiserver.k8s.io", kStatus},
    {"storageversions.internal.apiserver.k8s.io", kStatus},
    {"resourceclaims.resource.k8s.io", kStatus},
    {"devicetaintrules.resource.k8s.io", kStatus},
    {"resourcepoolstatusrequests.resource.k8s.io", kStatus},
    {"podgroups.scheduling.k8s.io", kStatus},
    {"volumeattachments.storage.k8s.io", kStatus},
    {"storageversionmigrations.storagemigration.k8s.io", kStatus},
};
const std::map<std::string, std::string> kMainWrites = {
    {"certificatesigningrequests.certificates.k8s.io", kMeta},
    {"podcertificaterequests.certificates.k8s.io", kEverything},
    {"servicecidrs.networking.k8s.io", kEverything},
};

TEST(ResetFields, OfEveryKindAreUpstreams) {
  const api::Scheme scheme = api::Scheme::builtin();
  std::size_t with_status = 0;
  auto expect = [](const std::map<std::string, std::string>& special, const std::string& name,
                   const std::string& otherwise) {
    const auto found = special.find(name);
    return found == special.end() ? otherwise : found->second;
  };
  for (const api::Resource* each : scheme.resources()) {
    const api::Resource& resource = *each;
    std::string name(resource.plural);
    if (!resource.storage_group.empty()) name += "." + std::string(resource.storage_group);
    SCOPED_TRACE(name + " " + std::string(resource.version));
    if (resource.subresource("status") == nullptr) {
      EXPECT_EQ(counting(resource, ""), kEverything);
      continue;
    }
    ++with_status;
    EXPECT_EQ(counting(resource, ""), expect(kMainWrites, name, kMeta + " " + kSpec));
    EXPECT_EQ(counting(resource, "status"), expect(kStatusWrites, name, kMeta + " " + kStatus));
    if (resource.subresource("scale") != nullptr) {
      EXPECT_EQ(counting(resource, "scale"), kEverything);
    }
  }
  EXPECT_GT(with_status, 40u);
}

TEST(ResetFields, OfSubresourcesAreTheirOwn) {
  const api::Scheme scheme = api::Scheme::builtin();
  const api::Resource& pods = *scheme.resource("", "v1", "pods");
  EXPECT_EQ(counting(pods, "ephemeralcontainers"), ".spec.ephemeralContainers.x");
  EXPECT_EQ(counting(pods, "resize"), ".spec.containers.x.resources .spec.initContainers.x.resizePolicy");
  EXPECT_EQ(counting(*scheme.resource("", "v1", "namespaces"), "finalize"), kMeta + " " + kSpec);
  EXPECT_EQ(counting(*scheme.resource("certificates.k8s.io", "v1", "certificatesigningrequests"), "approval"),
            kMeta + " .status.conditions .status.x");
}

}  // namespace
}  // namespace xebec::apiserver
