#include "client/workqueue_metrics.h"

#include <algorithm>
#include <map>
#include <mutex>

namespace xebec::client {
namespace {

constexpr double kBounds[] = {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10};

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

struct QueueMetrics::State {
  State(Metrics& metrics, const std::string& name, Executor& executor)
      : executor(executor),
        depth(metrics.gauge("workqueue_depth", "[ALPHA] Current depth of workqueue", {"name"}).with({name})),
        adds(metrics
                 .counter("workqueue_adds_total", "[ALPHA] Total number of adds handled by workqueue",
                          {"name"})
                 .with({name})),
        waited(
            metrics
                .histogram("workqueue_queue_duration_seconds",
                           "[ALPHA] How long in seconds an item stays in workqueue before being requested.",
                           kBounds, {"name"})
                .with({name})),
        worked(metrics
                   .histogram("workqueue_work_duration_seconds",
                              "[ALPHA] How long in seconds processing an item from workqueue takes.", kBounds,
                              {"name"})
                   .with({name})),
        unfinished(
            metrics
                .gauge("workqueue_unfinished_work_seconds",
                       "[ALPHA] How many seconds of work has done that is in progress and hasn't been "
                       "observed by work_duration. Large values indicate stuck threads. One can deduce "
                       "the number of stuck threads by observing the rate at which this increases.",
                       {"name"})
                .with({name})),
        longest(metrics
                    .gauge("workqueue_longest_running_processor_seconds",
                           "[ALPHA] How many seconds has the longest running processor for workqueue been "
                           "running.",
                           {"name"})
                    .with({name})),
        retries(metrics
                    .counter("workqueue_retries_total",
                             "[ALPHA] Total number of retries handled by workqueue", {"name"})
                    .with({name})) {}

  void bring_up_to_date() {
    std::lock_guard lock(mutex);
    if (working.empty()) {
      unfinished.set(0);
      longest.set(0);
      return;
    }
    MonotonicTime now = executor.now();
    double sum = 0, most = 0;
    for (const auto& [key, since] : working) {
      sum += seconds(now - since);
      most = std::max(most, seconds(now - since));
    }
    unfinished.set(sum);
    longest.set(most);
  }

  Executor& executor;
  Gauge& depth;
  Counter& adds;
  Histogram &waited, &worked;
  Gauge &unfinished, &longest;
  Counter& retries;
  std::map<std::string, MonotonicTime> waiting;
  std::mutex mutex;
  std::map<std::string, MonotonicTime> working;
};

QueueMetrics::QueueMetrics(Metrics& metrics, const std::string& name, Executor& executor)
    : state_(std::make_shared<State>(metrics, name, executor)) {
  // The queue may be gone when somebody reads.
  std::weak_ptr<State> state = state_;
  metrics.before_exposition([state] {
    if (auto alive = state.lock()) alive->bring_up_to_date();
  });
}

void QueueMetrics::added(const std::string& key) {
  if (!state_) return;
  state_->adds.add();
  state_->waiting.try_emplace(key, state_->executor.now());
}

void QueueMetrics::waits(const std::string& key, size_t depth) {
  if (!state_) return;
  state_->waiting.try_emplace(key, state_->executor.now());
  state_->depth.set(static_cast<double>(depth));
}

void QueueMetrics::begun(const std::string& key, size_t depth) {
  if (!state_) return;
  MonotonicTime now = state_->executor.now();
  state_->depth.set(static_cast<double>(depth));
  auto it = state_->waiting.find(key);
  if (it != state_->waiting.end()) {
    state_->waited.observe(seconds(now - it->second));
    state_->waiting.erase(it);
  }
  std::lock_guard lock(state_->mutex);
  state_->working[key] = now;
}

void QueueMetrics::done(const std::string& key) {
  if (!state_) return;
  std::lock_guard lock(state_->mutex);
  auto it = state_->working.find(key);
  if (it == state_->working.end()) return;
  state_->worked.observe(seconds(state_->executor.now() - it->second));
  state_->working.erase(it);
}

void QueueMetrics::retried() {
  if (state_) state_->retries.add();
}

}  // namespace xebec::client
