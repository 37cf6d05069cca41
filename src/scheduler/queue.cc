#include "scheduler/queue.h"

namespace xebec::scheduler {
namespace {

constexpr Duration kInitialBackoff = std::chrono::seconds(1);
constexpr Duration kMaxBackoff = std::chrono::seconds(10);
constexpr Duration kMaxUnschedulable = std::chrono::minutes(5);

}  // namespace

bool SchedulingQueue::Order::operator<(const Order& other) const {
  if (priority != other.priority) return priority > other.priority;
  if (queued_at != other.queued_at) return queued_at < other.queued_at;
  return uid < other.uid;
}

SchedulingQueue::SchedulingQueue(Executor& executor, const Profile& profile)
    : executor_(executor), profile_(profile), alive_(std::make_shared<SchedulingQueue*>(this)) {}

SchedulingQueue::~SchedulingQueue() {
  *alive_ = nullptr;
  for (auto& [uid, entry] : backoff_) executor_.cancel_timer(entry.timer);
  for (auto& [uid, entry] : unschedulable_) executor_.cancel_timer(entry.timer);
}

void SchedulingQueue::activate(QueuedPod pod) {
  Order order{pod.info->pod->spec.priority.value_or(0), pod.queued_at, pod.info->uid()};
  active_keys_[order.uid] = order;
  active_[order] = std::move(pod);
  changed_.notify_all();
}

Duration SchedulingQueue::backoff_time(const QueuedPod& pod) const {
  Duration wait = kInitialBackoff;
  for (int i = 1; i < pod.attempts && wait < kMaxBackoff; ++i) wait *= 2;
  return std::min(wait, kMaxBackoff);
}

void SchedulingQueue::back_off(QueuedPod pod) {
  std::string uid = pod.info->uid();
  Backoff& entry = backoff_[uid];
  entry.timer = executor_.post_at(executor_.now() + backoff_time(pod), [alive = alive_, uid] {
    if (*alive == nullptr) return;
    auto node = (*alive)->backoff_.extract(uid);
    if (!node.empty()) (*alive)->activate(std::move(node.mapped().pod));
  });
  entry.pod = std::move(pod);
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
    executor_.cancel_timer(it->second.timer);
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
    // A status written by ourselves is no reason to try again.
    bool spec_changed = it->second.pod.info->pod->spec != pod->spec ||
                        it->second.pod.info->pod->metadata.labels != pod->metadata.labels;
    it->second.pod.info = std::move(info);
    if (!spec_changed || !wants(it->second.pod, ClusterEvent::kPodUpdated)) return;
    QueuedPod queued;
    take_waiting(uid, queued);
    back_off(std::move(queued));
    return;
  }
  if (in_flight_.contains(uid)) return;
  QueuedPod queued;
  if (!take_waiting(uid, queued)) queued.queued_at = executor_.now();
  queued.info = std::move(info);
  activate(std::move(queued));
}

void SchedulingQueue::remove(const std::string& uid) {
  QueuedPod dropped;
  take_waiting(uid, dropped);
}

Task<std::optional<QueuedPod>> SchedulingQueue::pop(CancelToken token) {
  while (active_.empty()) {
    bool more = co_await changed_.wait(token);
    if (!more) co_return std::nullopt;
  }
  if (token.cancelled()) co_return std::nullopt;
  auto node = active_.extract(active_.begin());
  active_keys_.erase(node.key().uid);
  std::optional<QueuedPod> pod(std::move(node.mapped()));
  ++pod->attempts;
  if (in_flight_.empty()) events_.clear();
  in_flight_.insert(pod->info->uid());
  co_return pod;
}

void SchedulingQueue::done(const std::string& uid) { in_flight_.erase(uid); }

bool SchedulingQueue::wants(const QueuedPod& pod, uint32_t events) const {
  // Without a known cause (an error) any event is worth a try.
  if (pod.rejected_by.empty()) return true;
  for (const std::string& name : pod.rejected_by) {
    const Plugin* plugin = profile_.find(name);
    if (plugin == nullptr || (plugin->events_to_register() & events) != 0) return true;
  }
  return false;
}

void SchedulingQueue::add_unschedulable(QueuedPod pod, uint64_t popped_at) {
  std::string uid = pod.info->uid();
  in_flight_.erase(uid);
  uint32_t missed = 0;
  for (size_t i = popped_at; i < events_.size(); ++i) missed |= events_[i];
  if (pod.rejected_by.empty() || (missed != 0 && wants(pod, missed))) return back_off(std::move(pod));
  Unschedulable& entry = unschedulable_[uid];
  entry.timer = executor_.post_at(executor_.now() + kMaxUnschedulable, [alive = alive_, uid] {
    if (*alive == nullptr) return;
    auto node = (*alive)->unschedulable_.extract(uid);
    if (!node.empty()) (*alive)->activate(std::move(node.mapped().pod));
  });
  entry.pod = std::move(pod);
}

void SchedulingQueue::on_event(uint32_t events) {
  if (!in_flight_.empty()) events_.push_back(events);
  std::vector<std::string> woken;
  for (const auto& [uid, entry] : unschedulable_) {
    if (wants(entry.pod, events)) woken.push_back(uid);
  }
  for (const std::string& uid : woken) {
    QueuedPod pod;
    take_waiting(uid, pod);
    back_off(std::move(pod));
  }
}

}  // namespace xebec::scheduler
