#include "controllers/deployment/revisions.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace xebec::controllers::deployment {
namespace {

bool skipped_annotation(std::string_view key) {
  return key == "kubectl.kubernetes.io/last-applied-configuration" || key == kRevision ||
         key == kRevisionHistory || key == kDesiredReplicas || key == kMaxReplicas || key == kRollbackTo;
}

constexpr size_t kMaxHistoryLength = 2000;  // of kRevisionHistory

bool set_annotation(appsv1::ReplicaSet& set, std::string_view key, const std::string& value) {
  const std::string* old = set.metadata.annotations.get(key);
  if (old != nullptr && *old == value) return false;
  set.metadata.annotations[key] = value;
  return true;
}

// Forgets the oldest revisions when the text would get too long.
void add_to_history(appsv1::ReplicaSet& set, const std::string& revision) {
  std::string history = set.metadata.annotations.value_or(kRevisionHistory, "");
  while (!history.empty() && history.size() + 1 + revision.size() > kMaxHistoryLength) {
    size_t comma = history.find(',');
    history = comma == std::string::npos ? std::string() : history.substr(comma + 1);
  }
  set_annotation(set, kRevisionHistory, history.empty() ? revision : history + "," + revision);
}

template <class Count>
int64_t sum(const std::vector<SetPtr>& sets, Count count) {
  int64_t total = 0;
  for (const SetPtr& set : sets) total += count(*set);
  return total;
}

}  // namespace

bool same_template(const corev1::PodTemplateSpec& a, const corev1::PodTemplateSpec& b) {
  corev1::PodTemplateSpec left = a;
  corev1::PodTemplateSpec right = b;
  left.metadata.labels.erase(kTemplateHash);
  right.metadata.labels.erase(kTemplateHash);
  return left == right;
}

SetPtr find_new_set(const appsv1::Deployment& deployment, const std::vector<SetPtr>& sets) {
  SetPtr found;
  for (const SetPtr& set : sets) {
    if (!same_template(set->spec.template_, deployment.spec.template_)) continue;
    if (!found || older(set, found)) found = set;
  }
  return found;
}

std::vector<SetPtr> find_old_sets(const std::vector<SetPtr>& sets, const SetPtr& new_set) {
  std::vector<SetPtr> out;
  for (const SetPtr& set : sets) {
    if (!new_set || set->metadata.uid != new_set->metadata.uid) out.push_back(set);
  }
  return out;
}

int64_t revision_of(const metav1::ObjectMeta& meta) {
  const std::string* text = meta.annotations.get(kRevision);
  int64_t revision = 0;
  if (text != nullptr) std::from_chars(text->data(), text->data() + text->size(), revision);
  return revision;
}

int64_t max_revision(const std::vector<SetPtr>& sets) {
  int64_t most = 0;
  for (const SetPtr& set : sets) most = std::max(most, revision_of(set->metadata));
  return most;
}

int64_t last_revision(const std::vector<SetPtr>& sets) {
  int64_t most = 0, second = 0;
  for (const SetPtr& set : sets) {
    int64_t revision = revision_of(set->metadata);
    if (revision >= most) {
      second = std::exchange(most, revision);
    } else {
      second = std::max(second, revision);
    }
  }
  return second;
}

std::optional<int64_t> rollback_to(const appsv1::Deployment& deployment) {
  const std::string* text = deployment.metadata.annotations.get(kRollbackTo);
  if (text == nullptr) return std::nullopt;
  int64_t revision = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), revision);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return revision;
}

bool older(const SetPtr& a, const SetPtr& b) {
  if (a->metadata.creationTimestamp != b->metadata.creationTimestamp)
    return a->metadata.creationTimestamp < b->metadata.creationTimestamp;
  return a->metadata.name < b->metadata.name;
}

bool earlier_revision(const SetPtr& a, const SetPtr& b) {
  int64_t left = revision_of(a->metadata), right = revision_of(b->metadata);
  return left == right ? older(a, b) : left < right;
}

bool larger_or_newer(const SetPtr& a, const SetPtr& b) {
  return wanted(*a) == wanted(*b) ? older(b, a) : wanted(*a) > wanted(*b);
}

bool larger_or_older(const SetPtr& a, const SetPtr& b) {
  return wanted(*a) == wanted(*b) ? older(a, b) : wanted(*a) > wanted(*b);
}

int64_t wanted(const appsv1::ReplicaSet& set) { return set.spec.replicas.value_or(1); }
int64_t replicas_of(const std::vector<SetPtr>& sets) { return sum(sets, wanted); }
int64_t actual_replicas_of(const std::vector<SetPtr>& sets) {
  return sum(sets, [](const auto& set) { return set.status.replicas; });
}
int64_t ready_of(const std::vector<SetPtr>& sets) {
  return sum(sets, [](const auto& set) { return set.status.readyReplicas; });
}
int64_t available_of(const std::vector<SetPtr>& sets) {
  return sum(sets, [](const auto& set) { return set.status.availableReplicas; });
}

std::optional<int32_t> terminating_of(const std::vector<SetPtr>& sets) {
  int32_t total = 0;
  for (const SetPtr& set : sets) {
    if (!set->status.terminatingReplicas) return std::nullopt;
    total += *set->status.terminatingReplicas;
  }
  return total;
}

bool is_rolling(const appsv1::Deployment& deployment) {
  return deployment.spec.strategy.type == "RollingUpdate";
}

Fenceposts fenceposts(const appsv1::Deployment& deployment) {
  Fenceposts out;
  if (!is_rolling(deployment) || !deployment.spec.strategy.rollingUpdate) return out;
  const auto& rolling = *deployment.spec.strategy.rollingUpdate;
  int64_t replicas = deployment.spec.replicas.value_or(1);
  if (rolling.maxSurge) out.surge = api::get_scaled_value(*rolling.maxSurge, replicas, true).value_or(0);
  if (rolling.maxUnavailable)
    out.unavailable = api::get_scaled_value(*rolling.maxUnavailable, replicas, false).value_or(0);
  // Percentages may both round to 0; something has to give, and validation refuses a literal 0 and 0.
  if (out.surge == 0 && out.unavailable == 0) out.unavailable = 1;
  return out;
}

int64_t max_unavailable(const appsv1::Deployment& deployment) {
  int64_t replicas = deployment.spec.replicas.value_or(1);
  if (!is_rolling(deployment) || replicas == 0) return 0;
  return std::min(fenceposts(deployment).unavailable, replicas);
}

bool set_annotations(const appsv1::Deployment& deployment, appsv1::ReplicaSet& set, int64_t revision,
                     bool exists) {
  bool changed = false;
  for (const auto& [key, value] : deployment.metadata.annotations) {
    if (!skipped_annotation(key)) changed |= set_annotation(set, key, value);
  }
  int64_t old = revision_of(set.metadata);
  if (old >= revision) return changed;
  std::string old_text = set.metadata.annotations.value_or(kRevision, "");
  set_annotation(set, kRevision, std::to_string(revision));
  // A set that becomes the newest again remembers the revisions it was.
  if (exists && !old_text.empty()) add_to_history(set, old_text);
  return true;
}

bool set_replica_annotations(appsv1::ReplicaSet& set, int64_t desired, int64_t max) {
  bool a = set_annotation(set, kDesiredReplicas, std::to_string(desired));
  bool b = set_annotation(set, kMaxReplicas, std::to_string(max));
  return a || b;
}

}  // namespace xebec::controllers::deployment
