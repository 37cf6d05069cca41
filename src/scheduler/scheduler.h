// The scheduler: finds a node for every Pod that has none (k8s.io/kubernetes/pkg/scheduler). A client of the
// API; runs wholly on its executor.
#pragma once

#include <memory>
#include <string>

#include "base/scope.h"
#include "client/env.h"
#include "client/event_recorder.h"
#include "client/informer_factory.h"
#include "client/rest.h"
#include "scheduler/cache.h"
#include "scheduler/preemption.h"
#include "scheduler/queue.h"
#include "scheduler/scheduler_metrics.h"

namespace xebec::scheduler {

struct SchedulerOptions {
  std::string name = "default-scheduler";  // schedules Pods with this spec.schedulerName
};

class Scheduler {
 public:
  Scheduler(client::Rest rest, client::Env env, SchedulerOptions options, Profile profile);
  ~Scheduler();

  // Runs until cancelled.
  Task<void> run(CancelToken token);

 private:
  // One attempt to place a Pod.
  struct Cycle {
    uint64_t popped_at = 0;  // the queue's count of events when it began
    MonotonicTime started{};
  };
  struct Placement;
  struct Failure;

  void watch_nodes();
  void watch_pods();
  void on_pod(const std::shared_ptr<const corev1::Pod>& old, const std::shared_ptr<const corev1::Pod>& now);
  void on_node(const std::shared_ptr<const corev1::Node>& old,
               const std::shared_ptr<const corev1::Node>& now);
  bool ours(const corev1::Pod& pod) const;

  Task<void> schedule_loop(Scope& scope);
  Placement find_node(const PodInfo& pod);
  NodeInfos filter(CycleState& state, const PodInfo& pod, const NodeInfos& nodes, Diagnosis& diagnosis);
  std::string choose(CycleState& state, const PodInfo& pod, const NodeInfos& feasible);
  bool reserve(CycleState& state, const PodInfo& pod, const std::string& node);
  void unreserve(CycleState& state, const PodInfo& pod, const std::string& node);
  Task<void> bind(QueuedPod pod, std::string node, std::shared_ptr<CycleState> state, Cycle cycle,
                  CancelToken token);
  Task<void> fail(QueuedPod pod, Failure failure, uint64_t popped_at, CancelToken token);
  Task<void> preempt(PodInfoPtr pod, Preemption plan, CancelToken token);
  Task<void> patch_status(std::shared_ptr<const corev1::Pod> pod, std::string patch, CancelToken token);
  api::Time now() const;

  client::Rest rest_;
  client::Env env_;
  SchedulerOptions options_;
  Profile profile_;
  client::InformerFactory informers_;
  client::EventRecorder recorder_;
  Cache cache_;
  SchedulerMetrics metrics_;
  Nominations nominations_;
  SchedulingQueue queue_;
};

}  // namespace xebec::scheduler
