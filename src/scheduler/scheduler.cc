#include "scheduler/scheduler.h"

#include <fmt/format.h>

#include "codec/json.h"
#include "scheduler/diagnosis.h"
#include "scheduler/preemption.h"

namespace xebec::scheduler {
namespace {

using NodePtr = std::shared_ptr<const corev1::Node>;
using PodPtr = std::shared_ptr<const corev1::Pod>;

bool finished(const corev1::Pod& pod) {
  return pod.status.phase == "Succeeded" || pod.status.phase == "Failed";
}

uint32_t node_changes(const corev1::Node& old, const corev1::Node& now) {
  uint32_t events = 0;
  if (old.status.allocatable != now.status.allocatable) events |= ClusterEvent::kNodeAllocatable;
  if (old.metadata.labels != now.metadata.labels) events |= ClusterEvent::kNodeLabel;
  if (old.spec.taints != now.spec.taints || old.spec.unschedulable != now.spec.unschedulable) {
    events |= ClusterEvent::kNodeTaint;
  }
  if (old.status.conditions.size() != now.status.conditions.size())
    return events | ClusterEvent::kNodeCondition;
  for (size_t i = 0; i < old.status.conditions.size(); ++i) {
    if (old.status.conditions[i].status != now.status.conditions[i].status)
      events |= ClusterEvent::kNodeCondition;
  }
  return events;
}

// A strategic merge patch that sets one condition, and the node the Pod waits for where one is given. Empty
// when nothing changes.
std::string condition_patch(const corev1::Pod& pod, std::string_view type, std::string_view value,
                            const std::string& reason, const std::string& message, api::Time now,
                            const std::optional<std::string>& nominated = {}) {
  const corev1::PodCondition* old = nullptr;
  for (const corev1::PodCondition& condition : pod.status.conditions) {
    if (condition.type == type) old = &condition;
  }
  bool same_status = old != nullptr && old->status == value;
  bool same_node = !nominated || *nominated == pod.status.nominatedNodeName;
  if (same_status && same_node && old->reason == reason && old->message == message) return {};
  codec::ValueMap condition;
  condition.set("type", std::string(type));
  condition.set("status", std::string(value));
  condition.set("reason", reason);
  condition.set("message", message);
  condition.set("lastProbeTime", nullptr);
  condition.set("lastTransitionTime", same_status && old->lastTransitionTime != api::Time()
                                          ? old->lastTransitionTime.str()
                                          : now.str());
  codec::ValueList conditions;
  conditions.emplace_back(std::move(condition));
  codec::ValueMap status;
  status.set("conditions", std::move(conditions));
  if (!same_node && nominated->empty()) status.set("nominatedNodeName", nullptr);
  if (!same_node && !nominated->empty()) status.set("nominatedNodeName", *nominated);
  codec::ValueMap metadata;
  metadata.set("uid", pod.metadata.uid);
  codec::ValueMap patch;
  patch.set("metadata", std::move(metadata));
  patch.set("status", std::move(status));
  return codec::to_json(codec::Value(std::move(patch)));
}

}  // namespace

struct Scheduler::Placement {
  std::string node;  // empty: none
  std::string message;
  std::set<std::string> rejected_by;
  std::shared_ptr<CycleState> state;
  Preemption preemption;
};

// What becomes of a Pod that could not be placed.
struct Scheduler::Failure {
  std::string reason, message;
  std::optional<std::string> nominated;  // the node it was promised, or that it is promised none (any more)
};

Scheduler::Scheduler(client::Rest rest, client::Env env, SchedulerOptions options, Profile profile)
    : rest_(std::move(rest)),
      env_(std::move(env)),
      options_(std::move(options)),
      profile_(std::move(profile)),
      informers_(rest_, env_),
      recorder_(rest_, env_, options_.name),
      metrics_(env_.metrics, options_.name),
      queue_(*env_.executor, profile_, &metrics_) {}

Scheduler::~Scheduler() = default;

bool Scheduler::ours(const corev1::Pod& pod) const {
  return pod.spec.nodeName.empty() && pod.spec.schedulerName == options_.name && !finished(pod) &&
         !pod.metadata.deletionTimestamp;
}

void Scheduler::watch_nodes() {
  informers_.get<corev1::Node>().on_change(
      [this](const NodePtr& old, const NodePtr& now) { on_node(old, now); });
}

void Scheduler::on_node(const NodePtr& old, const NodePtr& now) {
  if (!now) return cache_.remove_node(old->metadata.name);
  cache_.set_node(now);
  ClusterEvent event(old ? node_changes(*old, *now) : ClusterEvent::kNodeAdded);
  event.old_node = old;
  event.node = now;
  if (event.kinds != 0) queue_.on_event(event);
}

void Scheduler::watch_pods() {
  informers_.get<corev1::Pod>().on_change([this](const PodPtr& old, const PodPtr& now) { on_pod(old, now); });
}

void Scheduler::on_pod(const PodPtr& old, const PodPtr& now) {
  bool was_placed = old && !old->spec.nodeName.empty() && !finished(*old);
  bool is_placed = now && !now->spec.nodeName.empty() && !finished(*now);
  ClusterEvent event;
  event.old_pod = old;
  event.pod = now;
  if (is_placed) {
    nominations_.remove(now->metadata.uid);
    cache_.set_pod(now);
    event.kinds = was_placed ? ClusterEvent::kAssignedPodUpdated : ClusterEvent::kAssignedPodAdded;
    if (!was_placed) queue_.remove(now->metadata.uid);
    bool changed = !was_placed || old->spec != now->spec || old->metadata.labels != now->metadata.labels;
    if (changed) queue_.on_event(event);
    return;
  }
  if (was_placed) {
    cache_.remove_pod(*old);
    event.kinds = ClusterEvent::kAssignedPodDeleted;
    event.pod = nullptr;
    queue_.on_event(event);
    return;
  }
  if (now && ours(*now)) {
    if (cache_.is_assumed(now->metadata.uid)) return;
    if (!now->status.nominatedNodeName.empty()) {
      nominations_.set(std::make_shared<const PodInfo>(now), now->status.nominatedNodeName);
    }
    queue_.add_or_update(now);
  } else if (old) {
    nominations_.remove(old->metadata.uid);
    queue_.remove(old->metadata.uid);
  }
}

Task<void> Scheduler::run(CancelToken token) {
  Scope scope(*env_.executor, token);
  watch_nodes();
  watch_pods();
  informers_.get<policyv1::PodDisruptionBudget>();
  informers_.start(scope);
  scope.spawn(recorder_.run(scope.token()));
  bool synced = co_await informers_.wait_synced(token);
  if (synced) co_await schedule_loop(scope);
  scope.cancel();
  co_await scope.join();
}

Task<void> Scheduler::schedule_loop(Scope& scope) {
  for (;;) {
    std::optional<QueuedPod> next = co_await queue_.pop(scope.token());
    if (!next) co_return;
    const Cycle cycle{queue_.event_counter(), env_.executor->now()};
    Placement placement = find_node(*next->info);
    const Duration taken = env_.executor->now() - cycle.started;
    metrics_.algorithm(taken);
    if (placement.node.empty()) {
      next->rejected_by = placement.rejected_by;
      Failure failure;
      failure.reason = "Unschedulable";
      failure.message = std::move(placement.message);
      Preemption& preemption = placement.preemption;
      if (!preemption.not_eligible) failure.nominated = preemption.node;
      metrics_.attempt("unschedulable", taken);
      if (!preemption.node.empty()) {
        metrics_.preemption(preemption.victims.size());
        nominations_.set(next->info, preemption.node);
        scope.spawn(preempt(next->info, std::move(preemption), scope.token()));
      }
      scope.spawn(fail(std::move(*next), std::move(failure), cycle.popped_at, scope.token()));
      continue;
    }
    nominations_.remove(next->info->uid());
    cache_.assume(next->info, placement.node);
    scope.spawn(bind(std::move(*next), placement.node, placement.state, cycle, scope.token()));
  }
}

Scheduler::Placement Scheduler::find_node(const PodInfo& pod) {
  Placement out;
  out.state = std::make_shared<CycleState>();
  NodeInfos nodes = cache_.nodes();
  Diagnosis diagnosis(nodes.size());
  NodeInfos feasible = filter(*out.state, pod, nodes, diagnosis);
  if (feasible.empty()) {
    if (!nodes.empty()) {
      PreemptionInputs in{profile_, nodes, diagnosis, nominations_,
                          informers_.get<policyv1::PodDisruptionBudget>().list()};
      out.preemption = plan_preemption(in, *out.state, pod);
      diagnosis.set_preemption(out.preemption.message);
    }
    out.message = diagnosis.message();
    out.rejected_by = diagnosis.plugins();
    return out;
  }
  std::string node = choose(*out.state, pod, feasible);
  if (reserve(*out.state, pod, node)) out.node = std::move(node);
  return out;
}

// The nodes that could take the Pod; the diagnosis says why the others cannot.
NodeInfos Scheduler::filter(CycleState& state, const PodInfo& pod, const NodeInfos& nodes,
                            Diagnosis& diagnosis) {
  NodeInfos feasible;
  std::optional<std::set<std::string>> only;
  for (PreFilterPlugin* plugin : profile_.pre_filter) {
    PreFilterResult result = plugin->pre_filter(state, pod, nodes);
    if (result.rejection.rejected()) {
      diagnosis.add_for_all(result.rejection, plugin->name());
      return feasible;
    }
    if (!result.nodes) continue;
    diagnosis.set_rest(fmt::format("node(s) didn't satisfy plugin(s) [{}]", plugin->name()), plugin->name());
    if (only) std::erase_if(*result.nodes, [&](const std::string& name) { return !only->contains(name); });
    only = std::move(result.nodes);
  }
  for (const NodeInfo* node : nodes) {
    const std::string& name = node->node->metadata.name;
    if (only && !only->contains(name)) continue;
    NodeInfo copy;
    auto filtered = profile_.run_filters(state, pod, *nominations_.with(*node, pod, copy));
    if (filtered.rejection.rejected()) {
      diagnosis.add(name, std::move(filtered.rejection), filtered.plugin);
    } else {
      feasible.push_back(node);
    }
  }
  return feasible;
}

// The highest total score; among equals a random one, so that Pods spread over like nodes.
std::string Scheduler::choose(CycleState& state, const PodInfo& pod, const NodeInfos& feasible) {
  if (feasible.size() == 1) return feasible[0]->node->metadata.name;
  std::vector<int64_t> totals(feasible.size(), 0);
  for (ScorePlugin* plugin : profile_.score) {
    std::vector<int64_t> scores;
    scores.reserve(feasible.size());
    for (const NodeInfo* node : feasible) scores.push_back(plugin->score(state, pod, *node));
    plugin->normalize(scores);
    for (size_t i = 0; i < scores.size(); ++i) totals[i] += scores[i] * plugin->weight();
  }
  int64_t best = *std::max_element(totals.begin(), totals.end());
  std::vector<size_t> equals;
  for (size_t i = 0; i < totals.size(); ++i) {
    if (totals[i] == best) equals.push_back(i);
  }
  size_t chosen = equals.size() == 1 ? equals[0] : equals[env_.rng->below(equals.size())];
  return feasible[chosen]->node->metadata.name;
}

bool Scheduler::reserve(CycleState& state, const PodInfo& pod, const std::string& node) {
  for (size_t i = 0; i < profile_.reserve.size(); ++i) {
    if (!profile_.reserve[i]->reserve(state, pod, node).rejected()) continue;
    while (i-- > 0) profile_.reserve[i]->unreserve(state, pod, node);
    return false;
  }
  return true;
}

void Scheduler::unreserve(CycleState& state, const PodInfo& pod, const std::string& node) {
  for (auto it = profile_.reserve.rbegin(); it != profile_.reserve.rend(); ++it)
    (*it)->unreserve(state, pod, node);
}

Task<void> Scheduler::bind(QueuedPod pod, std::string node, std::shared_ptr<CycleState> state, Cycle cycle,
                           CancelToken token) {
  const corev1::Pod& object = *pod.info->pod;
  corev1::Binding binding;
  binding.metadata.name = object.metadata.name;
  binding.metadata.namespace_ = object.metadata.namespace_;
  binding.metadata.uid = object.metadata.uid;
  binding.target.kind = "Node";
  binding.target.name = node;
  Context context;
  context.cancel = token;
  Result<void> bound = co_await rest_.bind(std::move(context), binding);
  const MonotonicTime now = env_.executor->now();
  metrics_.attempt(bound ? "scheduled" : "error", now - cycle.started);
  if (bound) {
    metrics_.scheduled(pod.attempts, now - pod.came_at);
    queue_.done(pod.info->uid());
    recorder_.event(object, client::kEventNormal, "Scheduled",
                    fmt::format("Successfully assigned {}/{} to {}", object.metadata.namespace_,
                                object.metadata.name, node));
    co_return;
  }
  cache_.forget(pod.info->uid());
  unreserve(*state, *pod.info, node);
  ClusterEvent event(ClusterEvent::kAssignedPodDeleted);
  event.old_pod = pod.info->pod;
  queue_.on_event(event);
  if (bound.error().is(reason::kNotFound)) {
    queue_.done(pod.info->uid());
    co_return;
  }
  pod.rejected_by.clear();
  Failure failure;
  failure.reason = "SchedulerError";
  failure.message = fmt::format("binding rejected: {}", bound.error().message);
  co_await fail(std::move(pod), std::move(failure), cycle.popped_at, token);
}

api::Time Scheduler::now() const {
  return api::Time{
      std::chrono::duration_cast<std::chrono::seconds>(env_.clock->now().time_since_epoch()).count()};
}

Task<void> Scheduler::patch_status(PodPtr pod, std::string patch, CancelToken token) {
  if (patch.empty()) co_return;
  Context context;
  context.cancel = token;
  client::WriteOptions options;
  options.subresource = "status";
  auto patched =
      co_await rest_.patch<corev1::Pod>(std::move(context), pod->metadata.namespace_, pod->metadata.name,
                                        client::PatchType::kStrategic, std::move(patch), std::move(options));
  if (!patched && !patched.error().is(reason::kNotFound)) {
    env_.logger.warning(
        "Updating the status of a pod failed",
        {{"pod", pod->metadata.namespace_ + "/" + pod->metadata.name}, {"err", patched.error().message}});
  }
}

// Makes the victims leave, and lets less important Pods look for another node than this one.
Task<void> Scheduler::preempt(PodInfoPtr pod, Preemption plan, CancelToken token) {
  for (const PodInfoPtr& victim : plan.victims) {
    const corev1::Pod& object = *victim->pod;
    if (object.metadata.deletionTimestamp) continue;
    std::string patch = condition_patch(
        object, "DisruptionTarget", "True", "PreemptionByScheduler",
        pod->pod->spec.schedulerName + ": preempting to accommodate a higher priority pod", now());
    co_await patch_status(victim->pod, std::move(patch), token);
    Context context;
    context.cancel = token;
    client::DeleteOptions options;
    options.uid = object.metadata.uid;
    Result<void> removed = co_await rest_.delete_<corev1::Pod>(std::move(context), object.metadata.namespace_,
                                                               object.metadata.name, std::move(options));
    if (!removed) {
      env_.logger.warning("Preempting a pod failed",
                          {{"pod", object.metadata.namespace_ + "/" + object.metadata.name},
                           {"err", removed.error().message}});
      continue;
    }
    recorder_.event(object, client::kEventNormal, "Preempted",
                    fmt::format("Preempted by pod {} on node {}", pod->uid(), plan.node));
  }
  for (const PodInfoPtr& other : nominations_.lower(plan.node, priority_of(*pod->pod))) {
    nominations_.remove(other->uid());
    codec::Value patch;
    patch.set_path({"metadata", "uid"}, codec::Value(other->uid()));
    patch.set_path({"status", "nominatedNodeName"}, codec::Value(nullptr));
    co_await patch_status(other->pod, codec::to_json(patch), token);
  }
}

Task<void> Scheduler::fail(QueuedPod pod, Failure failure, uint64_t popped_at, CancelToken token) {
  PodPtr object = pod.info->pod;
  const std::string uid = pod.info->uid();
  PodPtr current = informers_.get<corev1::Pod>().get(object->metadata.namespace_, object->metadata.name);
  // Deleted, replaced or placed by somebody else meanwhile: nothing to wait for.
  bool gone = !current || current->metadata.uid != uid || !ours(*current);
  if (gone) {
    queue_.done(uid);
    co_return;
  }
  queue_.add_unschedulable(std::move(pod), popped_at);
  recorder_.event(*object, client::kEventWarning, "FailedScheduling", failure.message);
  if (failure.nominated && failure.nominated->empty()) nominations_.remove(uid);
  std::string patch = condition_patch(*current, "PodScheduled", "False", failure.reason, failure.message,
                                      now(), failure.nominated);
  co_await patch_status(current, std::move(patch), token);
}

}  // namespace xebec::scheduler
