#include "controllers/pod_helpers.h"

#include <charconv>

#include <fmt/format.h>

#include "codec/protobuf.h"

namespace xebec::controllers {
namespace {

int phase_rank(const corev1::Pod& pod) {
  if (pod.status.phase == "Pending") return 0;
  return pod.status.phase == "Running" ? 2 : 1;
}

int64_t deletion_cost(const corev1::Pod& pod) {
  const std::string* text = pod.metadata.annotations.get("controller.kubernetes.io/pod-deletion-cost");
  int64_t cost = 0;
  if (text != nullptr) std::from_chars(text->data(), text->data() + text->size(), cost);
  return cost;
}

int32_t most_restarts(const corev1::Pod& pod) {
  int32_t most = 0;
  for (const auto& status : pod.status.containerStatuses) most = std::max(most, status.restartCount);
  return most;
}

uint32_t fnv32a(std::string_view bytes) {
  uint32_t hash = 2166136261u;
  for (unsigned char c : bytes) {
    hash ^= c;
    hash *= 16777619u;
  }
  return hash;
}

std::string safe_encode(std::string_view digits) {
  static constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::string out;
  for (unsigned char c : digits) out += kAlphabet[c % kAlphabet.size()];
  return out;
}

// Names of Pods are at most 63 characters, 5 of them random.
std::string generate_name(const std::string& owner) {
  std::string prefix = owner + "-";
  return prefix.size() > 253 - 5 ? owner : prefix;
}

}  // namespace

bool pod_finished(const corev1::Pod& pod) {
  return pod.status.phase == "Succeeded" || pod.status.phase == "Failed";
}

bool pod_active(const corev1::Pod& pod) { return !pod_finished(pod) && !pod.metadata.deletionTimestamp; }

bool pod_ready(const corev1::Pod& pod) {
  for (const corev1::PodCondition& condition : pod.status.conditions) {
    if (condition.type == "Ready") return condition.status == "True";
  }
  return false;
}

api::Time ready_since(const corev1::Pod& pod) {
  for (const corev1::PodCondition& condition : pod.status.conditions) {
    if (condition.type == "Ready" && condition.status == "True") return condition.lastTransitionTime;
  }
  return api::Time();
}

bool pod_available(const corev1::Pod& pod, int32_t min_ready_seconds, api::Time now) {
  if (!pod_ready(pod)) return false;
  if (min_ready_seconds == 0) return true;
  api::Time since = ready_since(pod);
  return !since.is_zero() && since.seconds + min_ready_seconds <= now.seconds;
}

api::Time to_time(WallTime time) {
  return api::Time{std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count()};
}

void sort_for_deletion(std::vector<PodPtr>& pods, const std::map<std::string, int>& pods_on_node) {
  auto related = [&](const PodPtr& pod) {
    auto it = pods_on_node.find(pod->spec.nodeName);
    return it == pods_on_node.end() ? 0 : it->second;
  };
  std::stable_sort(pods.begin(), pods.end(), [&](const PodPtr& a, const PodPtr& b) {
    bool a_assigned = !a->spec.nodeName.empty(), b_assigned = !b->spec.nodeName.empty();
    if (a_assigned != b_assigned) return !a_assigned;
    if (phase_rank(*a) != phase_rank(*b)) return phase_rank(*a) < phase_rank(*b);
    if (pod_ready(*a) != pod_ready(*b)) return !pod_ready(*a);
    if (deletion_cost(*a) != deletion_cost(*b)) return deletion_cost(*a) < deletion_cost(*b);
    if (related(a) != related(b)) return related(a) > related(b);
    if (pod_ready(*a) && ready_since(*a) != ready_since(*b)) return ready_since(*a) > ready_since(*b);
    if (most_restarts(*a) != most_restarts(*b)) return most_restarts(*a) > most_restarts(*b);
    return a->metadata.creationTimestamp > b->metadata.creationTimestamp;
  });
}

corev1::Pod pod_from_template(const corev1::PodTemplateSpec& template_, const metav1::ObjectMeta& owner,
                              const metav1::OwnerReference& controller_ref) {
  corev1::Pod pod;
  pod.metadata.labels = template_.metadata.labels;
  pod.metadata.annotations = template_.metadata.annotations;
  pod.metadata.finalizers = template_.metadata.finalizers;
  pod.metadata.namespace_ = owner.namespace_;
  pod.metadata.generateName = generate_name(owner.name);
  pod.metadata.ownerReferences.push_back(controller_ref);
  pod.spec = template_.spec;
  return pod;
}

std::string template_hash(const corev1::PodTemplateSpec& template_, std::optional<int32_t> collision_count) {
  std::string bytes = codec::encode_protobuf(api::type_of<corev1::PodTemplateSpec>(), &template_);
  if (collision_count) bytes += fmt::format("{}", *collision_count);
  return safe_encode(fmt::format("{}", fnv32a(bytes)));
}

}  // namespace xebec::controllers
