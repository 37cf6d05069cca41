// The scheduling queue (k8s.io/kubernetes/pkg/scheduler/backend/queue): Pods wait in one of three places:
//   active         next to be tried, highest priority first, then the longest waiting
//   backoff        tried and failed; become active when their back-off is over (1 s doubling to 10 s)
//   unschedulable  rejected; wait for a cluster event that the rejecting plugins care about, at most 5
//   minutes
// Belongs to the scheduler's executor.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/executor.h"
#include "base/sync.h"
#include "scheduler/framework.h"

namespace xebec::scheduler {

struct QueuedPod {
  PodInfoPtr info;
  MonotonicTime queued_at{};  // when it was first added
  int attempts = 0;
  std::set<std::string> rejected_by;  // plugins, in the last attempt
};

class SchedulingQueue {
 public:
  SchedulingQueue(Executor& executor, const Profile& profile);
  ~SchedulingQueue();
  SchedulingQueue(const SchedulingQueue&) = delete;

  // A new Pod without a node, or a changed one. A change wakes an unschedulable Pod.
  void add_or_update(std::shared_ptr<const corev1::Pod> pod);
  void remove(const std::string& uid);

  // The next Pod to try; waits for one. Nothing when cancelled.
  Task<std::optional<QueuedPod>> pop(CancelToken token);
  // A popped Pod could not be placed. `event_counter` is what event_counter() was when it was popped: events
  // that came meanwhile are not lost.
  void add_unschedulable(QueuedPod pod, uint64_t popped_at);
  uint64_t event_counter() const { return events_.size(); }
  // A popped Pod is done with (bound, or gone).
  void done(const std::string& uid);

  // Pods whose rejecting plugins registered for one of the events get another chance.
  void on_event(uint32_t events);

  size_t active() const { return active_.size(); }
  size_t unschedulable() const { return unschedulable_.size(); }
  size_t backing_off() const { return backoff_.size(); }

 private:
  struct Order {
    int32_t priority;
    MonotonicTime queued_at;
    std::string uid;
    bool operator<(const Order& other) const;
  };
  struct Backoff {
    QueuedPod pod;
    uint64_t timer = 0;
  };
  struct Unschedulable {
    QueuedPod pod;
    uint64_t timer = 0;  // of the 5 minutes
  };

  void activate(QueuedPod pod);
  void back_off(QueuedPod pod);
  bool wants(const QueuedPod& pod, uint32_t events) const;
  Duration backoff_time(const QueuedPod& pod) const;
  bool take_waiting(const std::string& uid, QueuedPod& out);

  Executor& executor_;
  const Profile& profile_;
  std::shared_ptr<SchedulingQueue*> alive_;  // what timers reach the queue by
  std::map<Order, QueuedPod> active_;
  std::map<std::string, Order> active_keys_;  // UID -> place in active_
  std::map<std::string, Backoff> backoff_;
  std::map<std::string, Unschedulable> unschedulable_;
  std::set<std::string> in_flight_;  // popped, not done
  std::vector<uint32_t> events_;     // since the queue was last idle (no Pod in flight)
  Signal changed_;
};

}  // namespace xebec::scheduler
