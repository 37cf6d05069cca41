#include "scheduler/queue.h"

#include <algorithm>

#include "scheduler/scheduler_metrics.h"

namespace xebec::scheduler {
namespace {

constexpr Duration kInitialBackoff = std::chrono::seconds(1);
constexpr Duration kMaxBackoff = std::chrono::seconds(10);
constexpr Duration kMaxUnschedulable = std::chrono::minutes(5);

// Why Pods come into a queue, as metrics name it.
constexpr std::string_view kPodAdd = "UnschedulablePodAdd", kPodUpdate = "UnschedulablePodUpdate",
                           kAttemptFailure = "ScheduleAttemptFailure", kBackoffComplete = "BackoffComplete",
                           kUnschedulableTimeout = "UnschedulableTimeout";

// Some of `before`'s requests are smaller in `now`, or gone.
bool asks_for_less(const Resource& before, const Resource& now) {
  if (now.milli_cpu < before.milli_cpu || now.memory < before.memory ||
      now.ephemeral_storage < before.ephemeral_storage)
    return true;
  return std::any_of(before.scalar.begin(), before.scalar.end(), [&](const auto& one) {
    auto it = now.scalar.find(one.first);
    return it == now.scalar.end() || it->second < one.second;
  });
}

// What of a Pod's update matters to scheduling; the first that fits.
std::string_view update_of(const ClusterEvent& event) {
  if (!event.old_pod || !event.pod) return "Update";
  const corev1::Pod &old = *event.old_pod, &now = *event.pod;
  if (old.metadata.labels != now.metadata.labels) return "UpdatePodLabel";
  if (asks_for_less(PodInfo(event.old_pod).request, PodInfo(event.pod).request)) return "UpdatePodScaleDown";
  if (!old.spec.schedulingGates.empty() && now.spec.schedulingGates.empty())
    return "UpdatePodSchedulingGatesEliminated";
  // Tolerations can be added only.
  if (old.spec.tolerations.size() != now.spec.tolerations.size()) return "UpdatePodToleration";
  return "Update";
}

// The resource and what happened to it, as upstream's ClusterEvent.Label.
std::string name_of(const ClusterEvent& event) {
  struct Name {
    uint32_t kind;
    const char* name;
  };
  static constexpr Name kNames[] = {{ClusterEvent::kNodeAdded, "NodeAdd"},
                                    {ClusterEvent::kNodeAllocatable, "NodeUpdateNodeAllocatable"},
                                    {ClusterEvent::kNodeLabel, "NodeUpdateNodeLabel"},
                                    {ClusterEvent::kNodeTaint, "NodeUpdateNodeTaint"},
                                    {ClusterEvent::kNodeCondition, "NodeUpdateNodeCondition"},
                                    {ClusterEvent::kAssignedPodDeleted, "AssignedPodDelete"},
                                    {ClusterEvent::kAssignedPodAdded, "AssignedPodAdd"}};
  for (const Name& one : kNames) {
    if ((event.kinds & one.kind) != 0) return one.name;
  }
  const bool assigned = (event.kinds & ClusterEvent::kAssignedPodUpdated) != 0;
  return std::string(assigned ? "AssignedPod" : "UnschedulablePod").append(update_of(event));
}

}  // namespace

bool SchedulingQueue::Order::operator<(const Order& other) const {
  if (priority != other.priority) return priority > other.priority;
  if (queued_at != other.queued_at) return queued_at < other.queued_at;
  return uid < other.uid;
}

SchedulingQueue::SchedulingQueue(Executor& executor, const Profile& profile, SchedulerMetrics* metrics)
    : executor_(executor),
      profile_(profile),
      metrics_(metrics),
      alive_(std::make_shared<SchedulingQueue*>(this)) {}

SchedulingQueue::~SchedulingQueue() {
  *alive_ = nullptr;
  for (auto& [uid, entry] : backoff_) executor_.cancel_timer(entry.timer);
  for (auto& [uid, entry] : unschedulable_) executor_.cancel_timer(entry.timer);
}

std::string SchedulingQueue::gated_by(const corev1::Pod& pod) const {
  for (const PreEnqueuePlugin* plugin : profile_.pre_enqueue) {
    if (plugin->pre_enqueue(pod).rejected()) return std::string(plugin->name());
  }
  return "";
}

void SchedulingQueue::count(std::string_view queue, std::string_view why) {
  if (metrics_ == nullptr) return;
  metrics_->incoming(queue, why);
  show_pending();
}

void SchedulingQueue::show_pending() {
  if (metrics_ == nullptr) return;
  SchedulerMetrics::Pending pods;
  pods.active = active_.size();
  pods.backoff = backoff_.size();
  for (const auto& [uid, entry] : unschedulable_) ++(entry.timer == 0 ? pods.gated : pods.unschedulable);
  metrics_->pending(pods);
}

void SchedulingQueue::activate(QueuedPod pod, std::string_view why) {
  Order order{pod.info->pod->spec.priority.value_or(0), pod.queued_at, pod.info->uid()};
  active_keys_[order.uid] = order;
  active_[order] = std::move(pod);
  count("active", why);
  changed_.notify_all();
}

void SchedulingQueue::enqueue(QueuedPod pod, std::string_view why) {
  std::string gate = gated_by(*pod.info->pod);
  if (!gate.empty()) {
    pod.rejected_by = {std::move(gate)};
    unschedulable_[pod.info->uid()].pod = std::move(pod);
    count("gated", why);
  } else if (backoff_end(pod) > executor_.now()) {
    back_off(std::move(pod), why);
  } else {
    activate(std::move(pod), why);
  }
}

MonotonicTime SchedulingQueue::backoff_end(const QueuedPod& pod) const {
  if (pod.attempts == 0) return pod.queued_at;
  Duration wait = kInitialBackoff;
  for (int i = 1; i < pod.attempts && wait < kMaxBackoff; ++i) wait *= 2;
  return pod.queued_at + std::min(wait, kMaxBackoff);
}

void SchedulingQueue::back_off(QueuedPod pod, std::string_view why) {
  std::string uid = pod.info->uid();
  Backoff& entry = backoff_[uid];
  entry.timer = executor_.post_at(backoff_end(pod), [alive = alive_, uid] {
    if (*alive == nullptr) return;
    auto node = (*alive)->backoff_.extract(uid);
    if (!node.empty()) (*alive)->activate(std::move(node.mapped().pod), kBackoffComplete);
  });
  entry.pod = std::move(pod);
  count("backoff", why);
  changed_.notify_all();
}

void SchedulingQueue::set_aside(QueuedPod pod, std::string_view why) {
  std::string uid = pod.info->uid();
  Unschedulable& entry = unschedulable_[uid];
  entry.timer = executor_.post_at(executor_.now() + kMaxUnschedulable, [alive = alive_, uid] {
    if (*alive == nullptr) return;
    auto node = (*alive)->unschedulable_.extract(uid);
    if (!node.empty()) (*alive)->enqueue(std::move(node.mapped().pod), kUnschedulableTimeout);
  });
  entry.pod = std::move(pod);
  count("unschedulable", why);
}

// Takes the Pod out of wherever it waits; false when it does not wait.
bool SchedulingQueue::take_waiting(const std::string& uid, QueuedPod& out) {
  if (auto key = active_keys_.find(uid); key != active_keys_.end()) {
    out = std::move(active_.extract(key->second).mapped());
    active_keys_.erase(key);
    return true;
  }
  if (auto it = backoff_.find(uid); it != backoff_.end()) {
    executor_.cancel_timer(it->second.timer);
    out = std::move(it->second.pod);
    backoff_.erase(it);
    return true;
  }
  if (auto it = unschedulable_.find(uid); it != unschedulable_.end()) {
    if (it->second.timer != 0) executor_.cancel_timer(it->second.timer);
    out = std::move(it->second.pod);
    unschedulable_.erase(it);
    return true;
  }
  return false;
}

void SchedulingQueue::add_or_update(std::shared_ptr<const corev1::Pod> pod) {
  const std::string uid = pod->metadata.uid;
  auto info = std::make_shared<const PodInfo>(pod);
  if (auto it = backoff_.find(uid); it != backoff_.end()) {
    it->second.pod.info = std::move(info);
    return;
  }
  if (auto it = unschedulable_.find(uid); it != unschedulable_.end()) {
    ClusterEvent event(ClusterEvent::kPodUpdated);
    event.old_pod = it->second.pod.info->pod;
    event.pod = pod;
    // A status written by ourselves is no reason to try again.
    bool changed = event.old_pod->spec != pod->spec || event.old_pod->metadata.labels != pod->metadata.labels;
    it->second.pod.info = std::move(info);
    if (!changed || !gated_by(*pod).empty() || !wants(it->second.pod, event)) return;
    QueuedPod queued;
    take_waiting(uid, queued);
    enqueue(std::move(queued), name_of(event));
    return;
  }
  if (in_flight_.contains(uid)) return;
  QueuedPod queued;
  const bool known = take_waiting(uid, queued);
  if (!known) queued.came_at = queued.queued_at = executor_.now();
  queued.info = std::move(info);
  enqueue(std::move(queued), known ? kPodUpdate : kPodAdd);
}

void SchedulingQueue::remove(const std::string& uid) {
  QueuedPod dropped;
  take_waiting(uid, dropped);
  show_pending();
}

// With nothing else to do, the Pod whose back-off ends first is tried before it does; one that met with an
// error is left in peace.
bool SchedulingQueue::take_backing_off() {
  std::string best;
  for (const auto& [uid, entry] : backoff_) {
    if (entry.pod.failed) continue;
    if (best.empty() || backoff_end(entry.pod) < backoff_end(backoff_.at(best).pod)) best = uid;
  }
  if (best.empty()) return false;
  QueuedPod pod;
  take_waiting(best, pod);
  activate(std::move(pod), kBackoffComplete);
  return true;
}

Task<std::optional<QueuedPod>> SchedulingQueue::pop(CancelToken token) {
  while (active_.empty() && !take_backing_off()) {
    bool more = co_await changed_.wait(token);
    if (!more) co_return std::nullopt;
  }
  if (token.cancelled()) co_return std::nullopt;
  auto node = active_.extract(active_.begin());
  active_keys_.erase(node.key().uid);
  std::optional<QueuedPod> pod(std::move(node.mapped()));
  ++pod->attempts;
  pod->failed = false;
  if (in_flight_.empty()) events_.clear();
  in_flight_.insert(pod->info->uid());
  show_pending();
  co_return pod;
}

void SchedulingQueue::done(const std::string& uid) { in_flight_.erase(uid); }

bool SchedulingQueue::wants(const QueuedPod& pod, const ClusterEvent& event) const {
  // Without a known cause (an error) any event is worth a try.
  if (pod.rejected_by.empty()) return true;
  for (const std::string& name : pod.rejected_by) {
    const Plugin* plugin = profile_.find(name);
    if (plugin == nullptr) return true;
    if ((plugin->events_to_register() & event.kinds) != 0 && plugin->may_help(*pod.info, event)) return true;
  }
  return false;
}

void SchedulingQueue::add_unschedulable(QueuedPod pod, uint64_t popped_at) {
  in_flight_.erase(pod.info->uid());
  pod.queued_at = executor_.now();
  pod.failed = pod.rejected_by.empty();
  bool again = pod.failed;
  for (size_t i = popped_at; i < events_.size() && !again; ++i) again = wants(pod, events_[i]);
  if (again) {
    enqueue(std::move(pod), kAttemptFailure);
  } else {
    set_aside(std::move(pod), kAttemptFailure);
  }
}

void SchedulingQueue::on_event(const ClusterEvent& event) {
  if (!in_flight_.empty()) events_.push_back(event);
  std::vector<std::string> woken;
  for (const auto& [uid, entry] : unschedulable_) {
    if (wants(entry.pod, event)) woken.push_back(uid);
  }
  for (const std::string& uid : woken) {
    QueuedPod pod;
    take_waiting(uid, pod);
    enqueue(std::move(pod), name_of(event));
  }
}

}  // namespace xebec::scheduler
