// Every version of every kind, converted to the type its registry works on and back: over the vectors of all
// releases, and over random objects. What a version cannot keep is named in kLost.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "api/conversion.h"
#include "api/defaults.h"
#include "api/gen/apiextensionsv1.h"
#include "api/gen/appsv1.h"
#include "api/gen/autoscalingv1.h"
#include "api/gen/autoscalingv2.h"
#include "api/gen/autoscalingv2beta1.h"
#include "api/gen/autoscalingv2beta2.h"
#include "api/gen/coordinationv1alpha1.h"
#include "api/gen/extensionsv1beta1.h"
#include "api/gen/networkingv1.h"
#include "api/gen/networkingv1beta1.h"
#include "api/gen/rbacv1alpha1.h"
#include "api/gen/resourcev1.h"
#include "api/gen/resourcev1beta1.h"
#include "api/random_object.h"
#include "api/scheme.h"
#include "codec/json.h"
#include "codec/protobuf.h"
#include "codec/vector_files.h"
#include "codec/view.h"

namespace xebec::api {
namespace {

namespace fs = std::filesystem;

// A path of members, items of lists and values of maps skipped: {"endpoints", "topology"} is in every
// endpoint.
using Place = std::vector<std::string_view>;

// By "group/version Kind" of the old version. `old`: what the object has lost when it comes back in its own
// version; `hub`: what the hub's object loses on the way through the version, which has no such field.
struct Lost {
  std::vector<Place> old, hub;
};
const std::map<std::string, Lost, std::less<>> kLost = {
    // A host name is added that is the node's name.
    {"discovery.k8s.io/v1beta1 EndpointSlice", {{{"endpoints", "topology", "kubernetes.io/hostname"}}, {}}},
    // Upstream keeps the version for the three kinds it knows: conversion_test.cc.
    {"rbac.authorization.k8s.io/v1alpha1 RoleBinding", {{{"subjects", "apiVersion"}}, {}}},
    {"rbac.authorization.k8s.io/v1alpha1 ClusterRoleBinding", {{{"subjects", "apiVersion"}}, {}}},
    // Zero and unset are the same to apps/v1.
    {"apps/v1beta1 StatefulSet", {{{"status", "observedGeneration"}}, {}}},
    // Dropped upstream without a conversion.
    {"storagemigration.k8s.io/v1alpha1 StorageVersionMigration",
     {{{"spec", "resource", "version"}, {"spec", "continueToken"}},
      {{"status", "conditions", "observedGeneration"}}}},
    // Fields that came later.
    {"batch/v2alpha1 CronJob", {{}, {{"spec", "timeZone"}, {"status", "lastSuccessfulTime"}}}},
    {"autoscaling/v2beta2 HorizontalPodAutoscaler",
     {{}, {{"spec", "behavior", "scaleUp", "tolerance"}, {"spec", "behavior", "scaleDown", "tolerance"}}}},
    // v1 tells unset from empty.
    {"resource.k8s.io/v1beta1 ResourceSlice", {{}, {{"spec", "allNodes"}}}},
    // What speaks for all versions is shown once, at the top: the same, in a normal form.
    {"apiextensions.k8s.io/v1beta1 CustomResourceDefinition", {{{"spec"}}, {}}},
};

// With the maps that are empty then.
void drop(codec::Value& value, std::span<const std::string_view> place) {
  if (codec::ValueList* list = value.as_list()) {
    for (codec::Value& item : *list) drop(item, place);
    return;
  }
  codec::Value* member = value.find(place[0]);
  if (member == nullptr) return;
  if (place.size() > 1) drop(*member, place.subspan(1));
  if (place.size() == 1 || (member->is_map() && member->as_map()->empty())) value.as_map()->erase(place[0]);
}

std::string text_of(const Object& object, const std::vector<Place>& lost) {
  codec::Value value = codec::to_value(object.type(), object.data(), "", "");
  for (const Place& place : lost) drop(value, place);
  return codec::to_json(value);
}

Object converted(const Object& object, const Message& to) {
  Result<Object> out = convert(object, to);
  EXPECT_TRUE(out) << object.type().full_name << ": " << out.error().message;
  return out ? std::move(*out) : Object(to);
}

struct Pair {
  const Message* old;
  const Message* hub;
  std::string name;  // "batch/v1beta1 CronJob"
  const Lost& lost() const {
    static const Lost kNothing;
    auto it = kLost.find(name);
    return it == kLost.end() ? kNothing : it->second;
  }
};

// Claims of before there were devices are not served (server.cc: converts_badly).
bool converts(const Resource& resource) {
  return resource.group != "resource.k8s.io" ||
         (resource.version != "v1alpha1" && resource.version != "v1alpha2");
}

// All versions that are not the hub themselves; of reviews, too, whose hub is the preferred version.
std::vector<Pair> pairs(const Scheme& scheme) {
  std::vector<Pair> out;
  for (const Resource* resource : scheme.resources()) {
    const Message* hub = hub_message(scheme, *resource);
    if (hub == nullptr) {
      const Resource* best = scheme.resource(
          resource->group, scheme.group(resource->group)->preferred_version, resource->plural);
      hub = best ? best->message : nullptr;
    }
    if (hub == nullptr || hub == resource->message || !converts(*resource)) continue;
    out.push_back({resource->message, hub,
                   std::string(resource->group) + "/" + std::string(resource->version) + " " +
                       std::string(resource->kind)});
  }
  return out;
}

void expect_round_trip(const Pair& pair, const Object& object, const std::string& what) {
  const Lost& lost = pair.lost();
  const Object hub = converted(object, *pair.hub);
  const Object back = converted(hub, *pair.old);
  EXPECT_EQ(text_of(back, lost.old), text_of(object, lost.old)) << what << " to the hub and back";
  EXPECT_EQ(text_of(converted(back, *pair.hub), {}), text_of(hub, {})) << what << " to the hub, twice";
}

class RoundTrips : public codec::VectorFiles {};

TEST_F(RoundTrips, OfTheVectorsOfAllReleases) {
  std::map<const Message*, Pair> by_type;
  for (const Pair& pair : pairs(scheme_)) by_type.emplace(pair.old, pair);
  std::set<std::string> seen;
  for (const char* archive : {"v1.36", "older"}) {
    unpack(archive);
    if (IsSkipped()) return;
    for (const fs::path& file : files(".json")) {
      const Message* type = type_of(file);
      auto it = by_type.find(type);
      if (it == by_type.end()) continue;
      Result<Object> object = codec::decode_json(*type, codec::read_file(file));
      ASSERT_TRUE(object) << file << ": " << object.error().message;
      expect_round_trip(it->second, *object, file.filename());
      seen.insert(it->second.name);
    }
    fs::remove_all(dir_);
    dir_.clear();
  }
  // No archive has vectors of these.
  const std::set<std::string_view> without = {"apiregistration.k8s.io/v1beta1 APIService",
                                              "authentication.k8s.io/v1alpha1 SelfSubjectReview",
                                              "apiextensions.k8s.io/v1beta1 CustomResourceDefinition"};
  for (const Pair& pair : pairs(scheme_))
    EXPECT_NE(seen.contains(pair.name), without.contains(pair.name)) << pair.name;
  EXPECT_GE(seen.size(), 80u);
}

// --- random objects: the rules that validation holds real ones to ---

template <class Metric>
void tidy_old_metric(Metric& metric) {
  metric.type = "Resource";
  metric.object.reset();
  metric.pods.reset();
  metric.external.reset();
  metric.containerResource.reset();
  auto& resource = metric.resource.ensure();
  resource.name = "memory";
}

template <class Target>
void tidy_target(Target& target) {
  target = Target();
  target.type = "AverageValue";
  target.averageValue = Quantity::must_parse("100m");
}

template <class Spec>
void tidy_metrics(Spec& spec) {
  for (auto& metric : spec.metrics) {
    metric.type = "Pods";
    metric.object.reset();
    metric.resource.reset();
    metric.external.reset();
    metric.containerResource.reset();
    tidy_target(metric.pods.ensure().target);
  }
}
template <class Status>
void tidy_statuses(Status& status) {
  for (auto& metric : status.currentMetrics) {
    metric.type = "Pods";
    metric.object.reset();
    metric.resource.reset();
    metric.external.reset();
    metric.containerResource.reset();
    auto& current = metric.pods.ensure().current;
    current = {};
    current.averageValue = Quantity::must_parse("100m");
  }
}

void tidy(autoscalingv2::HorizontalPodAutoscaler& hpa) {
  tidy_metrics(hpa.spec);
  tidy_statuses(hpa.status);
}
void tidy(autoscalingv2beta2::HorizontalPodAutoscaler& hpa) {
  tidy_metrics(hpa.spec);
  tidy_statuses(hpa.status);
}
// A metric has one target.
void tidy(autoscalingv2beta1::HorizontalPodAutoscaler& hpa) {
  for (auto& metric : hpa.spec.metrics) {
    tidy_old_metric(metric);
    metric.resource->targetAverageValue = Quantity::must_parse("100m");
    metric.resource->targetAverageUtilization.reset();
  }
  for (auto& metric : hpa.status.currentMetrics) tidy_old_metric(metric);
}
// A backend is a Service or a resource.
template <class Backend>
void tidy_backend(Backend& backend) {
  if (backend.resource) {
    backend.serviceName.clear();
    backend.servicePort = IntOrString();
  } else if (backend.serviceName.empty()) {
    backend.serviceName = "web";
  }
}
template <class Ingress>
void tidy_ingress(Ingress& ingress) {
  if (ingress.spec.backend) tidy_backend(*ingress.spec.backend);
  for (auto& rule : ingress.spec.rules)
    if (rule.http)
      for (auto& path : rule.http->paths) tidy_backend(path.backend);
}
void tidy(extensionsv1beta1::Ingress& ingress) { tidy_ingress(ingress); }
void tidy(networkingv1beta1::Ingress& ingress) { tidy_ingress(ingress); }
void tidy(networkingv1::Ingress& ingress) {
  const auto named = [](networkingv1::IngressBackend& backend) {
    if (backend.service) backend.service->name = "web";
  };
  if (ingress.spec.defaultBackend) named(*ingress.spec.defaultBackend);
  for (auto& rule : ingress.spec.rules)
    if (rule.http)
      for (auto& path : rule.http->paths) named(path.backend);
}
// The strategy counts.
void tidy(appsv1::DaemonSet& set) {
  set.metadata.annotations["deprecated.daemonset.template.generation"] = "1";
}
// A webhook is there for its strategy.
void tidy(apiextensionsv1::CustomResourceDefinition& definition) {
  if (!definition.spec.conversion) return;
  definition.spec.conversion->strategy = "Webhook";
  definition.spec.conversion->webhook.ensure();
}
// A subject is of one of three kinds, in the version that has them.
template <class Binding>
void tidy_binding(Binding& binding) {
  for (auto& subject : binding.subjects) {
    subject.kind = "ServiceAccount";
    subject.apiVersion = "v1";
  }
}
void tidy(rbacv1alpha1::RoleBinding& binding) { tidy_binding(binding); }
void tidy(rbacv1alpha1::ClusterRoleBinding& binding) { tidy_binding(binding); }
// One strategy.
void tidy(coordinationv1alpha1::LeaseCandidate& candidate) {
  candidate.spec.preferredStrategies = {"OldestEmulationVersion"};
}
// A device has properties.
void tidy(resourcev1beta1::ResourceSlice& slice) {
  for (auto& device : slice.spec.devices) device.basic.ensure();
}
void tidy(resourcev1::ResourceSlice& slice) { slice.spec.nodeName = "n"; }
// An exact request names a class.
void tidy_request(resourcev1::DeviceRequest& request) {
  if (request.exactly) request.exactly->deviceClassName = "c";
}
void tidy(resourcev1::ResourceClaim& claim) {
  for (auto& request : claim.spec.devices.requests) tidy_request(request);
}
void tidy(resourcev1::ResourceClaimTemplate& claim) {
  for (auto& request : claim.spec.spec.devices.requests) tidy_request(request);
}

template <class... Kinds>
void tidy_any(Object& object) {
  auto one = [&]<class T>(T*) {
    if (&object.type() == &type_of<T>()) tidy(object.get<T>());
  };
  (one(static_cast<Kinds*>(nullptr)), ...);
}

Object random_object(RandomObjects& random, const Message& type) {
  Object out = random.make(type);
  tidy_any<autoscalingv2::HorizontalPodAutoscaler, autoscalingv2beta1::HorizontalPodAutoscaler,
           autoscalingv2beta2::HorizontalPodAutoscaler, extensionsv1beta1::Ingress,
           networkingv1beta1::Ingress, rbacv1alpha1::RoleBinding, rbacv1alpha1::ClusterRoleBinding,
           coordinationv1alpha1::LeaseCandidate, networkingv1::Ingress, appsv1::DaemonSet,
           apiextensionsv1::CustomResourceDefinition, resourcev1beta1::ResourceSlice,
           resourcev1::ResourceSlice, resourcev1::ResourceClaim, resourcev1::ResourceClaimTemplate>(out);
  apply_defaults(out);
  return out;
}

constexpr int kObjects = 40;

TEST_F(RoundTrips, OfRandomObjectsInTheirOldVersion) {
  RandomObjects random(20170323);
  for (const Pair& pair : pairs(scheme_))
    for (int i = 0; i < kObjects; ++i) expect_round_trip(pair, random_object(random, *pair.old), pair.name);
}

TEST_F(RoundTrips, OfRandomObjectsThroughOldVersions) {
  RandomObjects random(20180621);
  for (const Pair& pair : pairs(scheme_)) {
    for (int i = 0; i < kObjects; ++i) {
      const Object object = random_object(random, *pair.hub);
      const Object back = converted(converted(object, *pair.old), *pair.hub);
      EXPECT_EQ(text_of(back, pair.lost().hub), text_of(object, pair.lost().hub)) << pair.name;
    }
  }
}

// Types that are interchangeable must really encode to the same bytes.
TEST_F(RoundTrips, VersionsOfTheSameShapeHaveTheSameBytes) {
  RandomObjects random(20190925);
  int checked = 0;
  for (const Pair& pair : pairs(scheme_)) {
    if (!same_shape(*pair.old, *pair.hub)) continue;
    ++checked;
    const Object object = random_object(random, *pair.old);
    const Object hub = converted(object, *pair.hub);
    EXPECT_EQ(codec::encode_protobuf(object.type(), object.data()),
              codec::encode_protobuf(hub.type(), hub.data()))
        << pair.name;
  }
  EXPECT_GE(checked, 30);
}

}  // namespace
}  // namespace xebec::api
