// The scheduling queue (k8s.io/kubernetes/pkg/scheduler/backend/queue): Pods wait in one of three places:
//   active         next to be tried, highest priority first, then the longest waiting
//   backoff        tried and failed; become active when their back-off is over (1 s doubling to 10 s), or
//   when
//                  nothing else is to be done
//   unschedulable  rejected; wait for a cluster event that the rejecting plugins care about, at most 5
//                  minutes; gated ones wait until their gates are gone
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

class SchedulerMetrics;

struct QueuedPod {
  PodInfoPtr info;
  MonotonicTime came_at{};
  MonotonicTime queued_at{};  // when it came, or when its last attempt had failed
  int attempts = 0;
  bool failed = false;                // by an error, not because there was no room
  std::set<std::string> rejected_by;  // plugins, in the last attempt
};

class SchedulingQueue {
 public:
  // `metrics`, unless null, outlives the queue.
  SchedulingQueue(Executor& executor, const Profile& profile, SchedulerMetrics* metrics = nullptr);
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
  void on_event(const ClusterEvent& event);

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
    uint64_t timer = 0;  // of the 5 minutes; 0 of a gated one
  };

  // `why`: the event, as metrics name it.
  void activate(QueuedPod pod, std::string_view why);
  void back_off(QueuedPod pod, std::string_view why);
  void set_aside(QueuedPod pod, std::string_view why);
  // Where a Pod goes whose time has come: the gates, the back-off, or the active ones.
  void enqueue(QueuedPod pod, std::string_view why);
  void count(std::string_view queue, std::string_view why);
  void show_pending();
  std::string gated_by(const corev1::Pod& pod) const;
  bool wants(const QueuedPod& pod, const ClusterEvent& event) const;
  MonotonicTime backoff_end(const QueuedPod& pod) const;
  bool take_backing_off();
  bool take_waiting(const std::string& uid, QueuedPod& out);

  Executor& executor_;
  const Profile& profile_;
  SchedulerMetrics* const metrics_;
  std::shared_ptr<SchedulingQueue*> alive_;  // what timers reach the queue by
  std::map<Order, QueuedPod> active_;
  std::map<std::string, Order> active_keys_;  // UID -> place in active_
  std::map<std::string, Backoff> backoff_;
  std::map<std::string, Unschedulable> unschedulable_;
  std::set<std::string> in_flight_;   // popped, not done
  std::vector<ClusterEvent> events_;  // since the queue was last idle (no Pod in flight)
  Signal changed_;
};

}  // namespace xebec::scheduler
