#include "apiserver/registry/strategies/pod_fields.h"

namespace xebec::apiserver {
namespace {

using Labels = api::FlatMap<std::string>;

template <class Containers>
void drop_stop_signals(Containers& containers) {
  for (auto& container : containers)
    if (container.lifecycle) container.lifecycle->stopSignal.reset();
}

void require(metav1::LabelSelector& selector, const std::vector<std::string>& keys, const Labels& labels,
             std::string_view operator_) {
  for (const std::string& key : keys) {
    const std::string* value = labels.get(key);
    if (value == nullptr) continue;
    metav1::LabelSelectorRequirement& requirement = selector.matchExpressions.emplace_back();
    requirement.key = key;
    requirement.operator_ = operator_;
    requirement.values = {*value};
  }
}

void apply(corev1::PodAffinityTerm& term, const Labels& labels) {
  if (!term.labelSelector) return;
  require(*term.labelSelector, term.matchLabelKeys, labels, "In");
  require(*term.labelSelector, term.mismatchLabelKeys, labels, "NotIn");
}

template <class Affinity>  // PodAffinity or PodAntiAffinity
void apply(api::Box<Affinity>& affinity, const Labels& labels) {
  if (!affinity) return;
  for (auto& term : affinity->requiredDuringSchedulingIgnoredDuringExecution) apply(term, labels);
  for (auto& term : affinity->preferredDuringSchedulingIgnoredDuringExecution)
    apply(term.podAffinityTerm, labels);
}

}  // namespace

void drop_disabled_fields(corev1::PodSpec& spec) {
  drop_stop_signals(spec.containers);  // ContainerStopSignals
  drop_stop_signals(spec.initContainers);
  drop_stop_signals(spec.ephemeralContainers);
  spec.schedulingGroup.reset();  // GenericWorkload
  for (corev1::Volume& volume : spec.volumes) {
    if (!volume.projected) continue;
    for (corev1::VolumeProjection& source : volume.projected->sources) {
      source.clusterTrustBundle.reset();  // ClusterTrustBundleProjection
      source.podCertificate.reset();      // PodCertificateRequest
    }
  }
}

void apply_match_label_keys(corev1::Pod& pod) {
  const Labels& labels = pod.metadata.labels;
  if (pod.spec.affinity) {
    apply(pod.spec.affinity->podAffinity, labels);
    apply(pod.spec.affinity->podAntiAffinity, labels);
  }
  for (corev1::TopologySpreadConstraint& constraint : pod.spec.topologySpreadConstraints)
    if (constraint.labelSelector) require(*constraint.labelSelector, constraint.matchLabelKeys, labels, "In");
}

}  // namespace xebec::apiserver
