#include "scheduler/scheduler_metrics.h"

#include <array>

namespace xebec::scheduler {
namespace {

// Each bound is twice the one before.
template <size_t N>
constexpr std::array<double, N> doubling(double first) {
  std::array<double, N> out{};
  for (double& bound : out) {
    bound = first;
    first *= 2;
  }
  return out;
}

constexpr auto kAttemptSeconds = doubling<15>(0.001);
constexpr auto kSliSeconds = doubling<20>(0.01);
constexpr auto kAttempts = doubling<5>(1);
constexpr auto kVictims = doubling<7>(1);
// From here on all numbers of attempts are one label.
constexpr int kManyAttempts = 15;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

SchedulerMetrics::SchedulerMetrics(Metrics* metrics, std::string profile) : profile_(std::move(profile)) {
  if (metrics == nullptr) {
    own_ = std::make_unique<Metrics>();
    metrics = own_.get();
  }
  attempts_ = &metrics->counter(
      "scheduler_schedule_attempts_total",
      "[STABLE] Number of attempts to schedule pods, by the result. 'unschedulable' means a pod could not be "
      "scheduled, while 'error' means an internal scheduler problem.",
      {"profile", "result"});
  attempt_seconds_ =
      &metrics->histogram("scheduler_scheduling_attempt_duration_seconds",
                          "[STABLE] Scheduling attempt latency in seconds (scheduling algorithm + binding)",
                          kAttemptSeconds, {"profile", "result"});
  algorithm_seconds_ = &metrics
                            ->histogram("scheduler_scheduling_algorithm_duration_seconds",
                                        "[ALPHA] Scheduling algorithm latency in seconds", kAttemptSeconds)
                            .with({});
  pod_attempts_ = &metrics
                       ->histogram("scheduler_pod_scheduling_attempts",
                                   "[STABLE] Number of attempts to successfully schedule a pod.", kAttempts)
                       .with({});
  sli_seconds_ = &metrics->histogram(
      "scheduler_pod_scheduling_sli_duration_seconds",
      "[BETA] E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue an d "
      "might involve multiple scheduling attempts.",
      kSliSeconds, {"attempts"});
  preemptions_ = &metrics
                      ->counter("scheduler_preemption_attempts_total",
                                "[STABLE] Total preemption attempts in the cluster till now")
                      .with({});
  victims_ = &metrics
                  ->histogram("scheduler_preemption_victims",
                              "[STABLE] Number of selected preemption victims", kVictims)
                  .with({});
  pending_ = &metrics->gauge(
      "scheduler_pending_pods",
      "[STABLE] Number of pending pods, by the queue type. 'active' means number of pods in activeQ; "
      "'backoff' means number of pods in backoffQ; 'unschedulable' means number of pods in unschedulablePods "
      "that the scheduler attempted to schedule and failed; 'gated' is the number of unschedulable pods that "
      "the scheduler never attempted to schedule because they are gated.",
      {"queue"});
  incoming_ = &metrics->counter("scheduler_queue_incoming_pods_total",
                                "[STABLE] Number of pods added to scheduling queues by event and queue type.",
                                {"event", "queue"});
  pending({});
}

void SchedulerMetrics::attempt(std::string_view result, Duration taken) {
  const std::vector<std::string> labels = {profile_, std::string(result)};
  attempts_->with(labels).add();
  attempt_seconds_->with(labels).observe(seconds(taken));
}

void SchedulerMetrics::algorithm(Duration taken) { algorithm_seconds_->observe(seconds(taken)); }

void SchedulerMetrics::scheduled(int attempts, Duration waited) {
  pod_attempts_->observe(attempts);
  const std::string label = attempts >= kManyAttempts ? "15+" : std::to_string(attempts);
  sli_seconds_->with({label}).observe(seconds(waited));
}

void SchedulerMetrics::preemption(size_t victims) {
  preemptions_->add();
  victims_->observe(static_cast<double>(victims));
}

void SchedulerMetrics::pending(const Pending& pods) {
  pending_->with({"active"}).set(static_cast<double>(pods.active));
  pending_->with({"backoff"}).set(static_cast<double>(pods.backoff));
  pending_->with({"unschedulable"}).set(static_cast<double>(pods.unschedulable));
  pending_->with({"gated"}).set(static_cast<double>(pods.gated));
}

void SchedulerMetrics::incoming(std::string_view queue, std::string_view event) {
  incoming_->with({std::string(event), std::string(queue)}).add();
}

}  // namespace xebec::scheduler
