#include "controllers/pod_helpers.h"

#include <bit>
#include <charconv>

#include <fmt/format.h>

#include "codec/protobuf.h"

namespace xebec::controllers {
namespace {

int phase_rank(const corev1::Pod& pod) {
  if (pod.status.phase == "Running") return 2;
  return pod.status.phase == "Unknown" ? 1 : 0;
}

// A number of 32 bits in canonical form; anything else counts as none.
int32_t deletion_cost(const corev1::Pod& pod) {
  const std::string* text = pod.metadata.annotations.get("controller.kubernetes.io/pod-deletion-cost");
  if (text == nullptr) return 0;
  int32_t cost = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), cost);
  bool good = error == std::errc() && *text == std::to_string(cost);
  return good ? cost : 0;
}

int32_t most_restarts(const corev1::Pod& pod) {
  int32_t most = 0;
  for (const auto& status : pod.status.containerStatuses) most = std::max(most, status.restartCount);
  return most;
}

int32_t most_sidecar_restarts(const corev1::Pod& pod) {
  int32_t most = 0;
  for (const corev1::Container& container : pod.spec.initContainers) {
    if (container.restartPolicy != "Always") continue;
    for (const auto& status : pod.status.initContainerStatuses) {
      if (status.name == container.name) most = std::max(most, status.restartCount);
    }
  }
  return most;
}

// The order of magnitude of an age: the exponent of its nanoseconds as a power of two; -1 for none.
int magnitude(api::Time since, WallTime now) {
  auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count() -
               since.seconds * 1'000'000'000;
  return nanos <= 0 ? -1 : std::bit_width(static_cast<uint64_t>(nanos)) - 1;
}

// Whether the Pod that got somewhere at `a` is given up before the one that did at `b` (another time).
bool younger(api::Time a, api::Time b, const std::string& a_uid, const std::string& b_uid, WallTime now) {
  if (a.is_zero() || b.is_zero()) return a.is_zero();
  int a_magnitude = magnitude(a, now), b_magnitude = magnitude(b, now);
  return a_magnitude == b_magnitude ? a_uid < b_uid : a_magnitude < b_magnitude;
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

bool pod_terminating(const corev1::Pod& pod) {
  return !pod_finished(pod) && pod.metadata.deletionTimestamp.has_value();
}

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

uint64_t revision(const metav1::ObjectMeta& meta) {
  const std::string& text = meta.resourceVersion;
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<Duration> next_availability(const std::vector<PodPtr>& pods, int32_t min_ready_seconds,
                                          api::Time now) {
  std::optional<Duration> next;
  for (const PodPtr& pod : pods) {
    api::Time since = ready_since(*pod);
    if (since.is_zero() || since.seconds + min_ready_seconds <= now.seconds) continue;
    Duration left = std::chrono::seconds(since.seconds + min_ready_seconds - now.seconds);
    if (!next || left < *next) next = left;
  }
  return next;
}

void sort_for_deletion(std::vector<PodPtr>& pods, const std::map<std::string, int>& pods_on_node,
                       WallTime now) {
  auto related = [&](const PodPtr& pod) {
    auto it = pods_on_node.find(pod->spec.nodeName);
    return it == pods_on_node.end() ? 0 : it->second;
  };
  std::stable_sort(pods.begin(), pods.end(), [&](const PodPtr& a, const PodPtr& b) {
    const metav1::ObjectMeta& a_meta = a->metadata;
    const metav1::ObjectMeta& b_meta = b->metadata;
    bool a_assigned = !a->spec.nodeName.empty(), b_assigned = !b->spec.nodeName.empty();
    if (a_assigned != b_assigned) return !a_assigned;
    if (phase_rank(*a) != phase_rank(*b)) return phase_rank(*a) < phase_rank(*b);
    if (pod_ready(*a) != pod_ready(*b)) return !pod_ready(*a);
    if (deletion_cost(*a) != deletion_cost(*b)) return deletion_cost(*a) < deletion_cost(*b);
    if (related(a) != related(b)) return related(a) > related(b);
    if (pod_ready(*a) && ready_since(*a) != ready_since(*b))
      return younger(ready_since(*a), ready_since(*b), a_meta.uid, b_meta.uid, now);
    if (most_restarts(*a) != most_restarts(*b)) return most_restarts(*a) > most_restarts(*b);
    int32_t a_sidecars = most_sidecar_restarts(*a), b_sidecars = most_sidecar_restarts(*b);
    if (a_sidecars != b_sidecars) return a_sidecars > b_sidecars;
    if (a_meta.creationTimestamp == b_meta.creationTimestamp) return false;
    return younger(a_meta.creationTimestamp, b_meta.creationTimestamp, a_meta.uid, b_meta.uid, now);
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
