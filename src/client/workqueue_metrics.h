// What a work queue tells of itself: workqueue_depth, ..._adds_total, ..._queue_duration_seconds,
// ..._work_duration_seconds, ..._unfinished_work_seconds, ..._longest_running_processor_seconds,
// ..._retries_total, by the queue's name (k8s.io/component-base/metrics/prometheus/workqueue).
#pragma once

#include <memory>
#include <string>

#include "base/executor.h"
#include "base/metrics.h"

namespace xebec::client {

// Of one queue, on its executor; readers of the metrics may be elsewhere. Without `metrics` it does nothing.
class QueueMetrics {
 public:
  QueueMetrics() = default;
  QueueMetrics(Metrics& metrics, const std::string& name, Executor& executor);

  // A key waits: it was added, or comes again since it was added while it was worked on.
  void added(const std::string& key);
  void waits(const std::string& key, size_t depth);
  void begun(const std::string& key, size_t depth);
  void done(const std::string& key);
  void retried();
  explicit operator bool() const { return state_ != nullptr; }

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace xebec::client
