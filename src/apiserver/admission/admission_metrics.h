// How long admission takes, by plugin and in all (k8s.io/apiserver/pkg/admission/metrics). Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "apiserver/admission/plugin.h"
#include "base/executor.h"
#include "base/metrics.h"

namespace xebec::apiserver {

class AdmissionMetrics {
 public:
  enum class Pass { kAdmit, kValidate };

  // `metrics` outlives this. Plugins are told by their place in `names`.
  AdmissionMetrics(Metrics& metrics, std::vector<std::string> names);

  void plugin(size_t place, Pass pass, Operation operation, bool rejected, Duration taken);
  void step(Pass pass, Operation operation, bool rejected, Duration taken);

 private:
  // By pass, operation and verdict: each is looked up once.
  using Series = std::array<std::atomic<Histogram*>, 16>;
  void observe(Series& series, MetricFamily<Histogram>& family, const std::string& name, Pass pass,
               Operation operation, bool rejected, Duration taken);

  MetricFamily<Histogram>& plugins_;
  MetricFamily<Histogram>& steps_;
  const std::vector<std::string> names_;
  std::vector<std::unique_ptr<Series>> of_plugins_;
  Series of_steps_{};
};

}  // namespace xebec::apiserver
