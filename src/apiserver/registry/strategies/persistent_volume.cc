// PersistentVolumes: when their phase changed, and what of them is deprecated (k8s.io/kubernetes
// pkg/registry/core/persistentvolume, pkg/api/persistentvolume).
#include <fmt/format.h>

#include <chrono>

#include "api/gen/corev1.h"
#include "apiserver/registry/strategies/pod_warnings.h"
#include "apiserver/registry/strategies/strategies.h"
#include "base/clock.h"

namespace xebec::apiserver {
namespace {

Warnings warnings_for_volume(const corev1::PersistentVolume& volume) {
  Warnings warnings;
  auto warn = [&](std::string_view path, std::string_view text) {
    warnings.push_back(fmt::format("{}: {}", path, text));
  };
  const auto& annotations = volume.metadata.annotations;
  if (annotations.contains("volume.beta.kubernetes.io/storage-class")) {
    warn("metadata.annotations[volume.beta.kubernetes.io/storage-class]",
         R"(deprecated since v1.8; use "storageClassName" attribute instead)");
  }
  if (annotations.contains("volume.beta.kubernetes.io/mount-options")) {
    warn("metadata.annotations[volume.beta.kubernetes.io/mount-options]",
         R"(deprecated since v1.31; use "mountOptions" attribute instead)");
  }
  const corev1::PersistentVolumeSpec& spec = volume.spec;
  if (spec.persistentVolumeReclaimPolicy == "Recycle") {
    warn("spec.persistentVolumeReclaimPolicy",
         "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic "
         "provisioning.");
  }
  const std::pair<bool, std::string_view> gone[] = {
      {bool(spec.cephfs), "cephfs"},       {bool(spec.photonPersistentDisk), "photonPersistentDisk"},
      {bool(spec.scaleIO), "scaleIO"},     {bool(spec.storageos), "storageOS"},
      {bool(spec.flocker), "flocker"},     {bool(spec.quobyte), "quobyte"},
      {bool(spec.glusterfs), "glusterfs"}, {bool(spec.rbd), "rbd"}};
  static constexpr std::string_view kSince[] = {
      "deprecated in v1.28, non-functional in v1.31+", "deprecated in v1.11, non-functional in v1.16+",
      "deprecated in v1.16, non-functional in v1.22+", "deprecated in v1.22, non-functional in v1.25+",
      "deprecated in v1.22, non-functional in v1.25+", "deprecated in v1.22, non-functional in v1.25+",
      "deprecated in v1.25, non-functional in v1.26+", "deprecated in v1.28, non-functional in v1.31+"};
  for (size_t i = 0; i < std::size(gone); ++i)
    if (gone[i].first) warn(fmt::format("spec.{}", gone[i].second), kSince[i]);
  const api::Quantity* storage = spec.capacity.get("storage");
  if (storage != nullptr && storage->milli_value() % 1000 != 0) {
    warn("spec.capacity[storage]",
         fmt::format(R"(fractional byte value "{}" is invalid, must be an integer)", storage->str()));
  }
  return warnings;
}

class VolumeStrategy final : public TableStrategy {
 public:
  VolumeStrategy(const api::Resource& resource, const api::Message& hub, StrategyRules rules,
                 const Clock* clock)
      : TableStrategy(resource, hub, std::move(rules)), clock_(clock) {}

  void prepare_for_create(const Context& context, api::Object& object) const override {
    TableStrategy::prepare_for_create(context, object);
    auto& status = object.get<corev1::PersistentVolume>().status;
    status.phase = "Pending";
    status.lastPhaseTransitionTime = now();
  }

  void prepare_for_update(const Context& context, std::string_view subresource, api::Object& object,
                          const api::Object& old) const override {
    TableStrategy::prepare_for_update(context, subresource, object, old);
    if (subresource != "status") return;
    auto& status = object.get<corev1::PersistentVolume>().status;
    const auto& before = old.get<corev1::PersistentVolume>().status;
    const bool said =
        status.lastPhaseTransitionTime && status.lastPhaseTransitionTime != before.lastPhaseTransitionTime;
    if (status.phase != before.phase && !said) status.lastPhaseTransitionTime = now();
  }

  std::vector<std::string> warnings_on_create(const api::Object& object) const override {
    return warnings_for_volume(object.get<corev1::PersistentVolume>());
  }
  std::vector<std::string> warnings_on_update(const api::Object& object, const api::Object&) const override {
    return warnings_for_volume(object.get<corev1::PersistentVolume>());
  }

 private:
  api::Time now() const {
    return api::Time::from_unix(
        std::chrono::duration_cast<std::chrono::seconds>(clock_->now().time_since_epoch()).count());
  }
  const Clock* const clock_;
};

}  // namespace

std::shared_ptr<const Strategy> make_volume_strategy(const api::Resource& resource, const api::Message& hub,
                                                     const Clock* clock) {
  StrategyRules rules;
  rules.returns_object = true;
  return std::make_shared<VolumeStrategy>(resource, hub, std::move(rules), clock);
}

}  // namespace xebec::apiserver
