// Metrics of the scheduler, under upstream's names (k8s.io/kubernetes/pkg/scheduler/metrics). Belongs to the
// scheduler's executor.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/executor.h"
#include "base/metrics.h"

namespace xebec::scheduler {

class SchedulerMetrics {
 public:
  // Without `metrics` nobody sees them.
  SchedulerMetrics(Metrics* metrics, std::string profile);

  // `result`: scheduled, unschedulable or error.
  void attempt(std::string_view result, Duration taken);
  void algorithm(Duration taken);
  // A Pod has its node, `waited` after it came.
  void scheduled(int attempts, Duration waited);
  void preemption(size_t victims);

  struct Pending {
    size_t active = 0, backoff = 0, unschedulable = 0, gated = 0;
  };
  void pending(const Pending& pods);
  // A Pod comes into a queue (active, backoff, unschedulable, gated) by an event.
  void incoming(std::string_view queue, std::string_view event);

 private:
  std::unique_ptr<Metrics> own_;
  const std::string profile_;
  MetricFamily<Counter>* attempts_;
  MetricFamily<Histogram>* attempt_seconds_;
  Histogram* algorithm_seconds_;
  Histogram* pod_attempts_;
  MetricFamily<Histogram>* sli_seconds_;
  Counter* preemptions_;
  Histogram* victims_;
  MetricFamily<Gauge>* pending_;
  MetricFamily<Counter>* incoming_;
};

}  // namespace xebec::scheduler
