#include "apiserver/admission/admission_metrics.h"

namespace xebec::apiserver {
namespace {

constexpr double kSeconds[] = {0.005, 0.025, 0.1, 0.5, 1.0, 2.5};

}  // namespace

AdmissionMetrics::AdmissionMetrics(Metrics& metrics, std::vector<std::string> names)
    : plugins_(metrics.histogram(
          "apiserver_admission_controller_admission_duration_seconds",
          "[STABLE] Admission controller latency histogram in seconds, identified by name and broken out for "
          "each operation and API resource and type (validate or admit).",
          kSeconds, {"name", "operation", "rejected", "type"})),
      steps_(metrics.histogram(
          "apiserver_admission_step_admission_duration_seconds",
          "[STABLE] Admission sub-step latency histogram in seconds, broken out for each operation and API "
          "resource and step type (validate or admit).",
          kSeconds, {"operation", "rejected", "type"})),
      names_(std::move(names)) {
  for (size_t i = 0; i < names_.size(); ++i) of_plugins_.push_back(std::make_unique<Series>());
}

void AdmissionMetrics::observe(Series& series, MetricFamily<Histogram>& family, const std::string& name,
                               Pass pass, Operation operation, bool rejected, Duration taken) {
  const size_t place =
      static_cast<size_t>(pass) * 8 + static_cast<size_t>(operation) * 2 + (rejected ? 1 : 0);
  Histogram* histogram = series[place].load(std::memory_order_acquire);
  if (!histogram) {
    std::vector<std::string> labels = {std::string(operation_name(operation)), rejected ? "true" : "false",
                                       pass == Pass::kAdmit ? "admit" : "validate"};
    if (!name.empty()) labels.insert(labels.begin(), name);
    histogram = &family.with(labels);
    series[place].store(histogram, std::memory_order_release);
  }
  histogram->observe(std::chrono::duration<double>(taken).count());
}

void AdmissionMetrics::plugin(size_t place, Pass pass, Operation operation, bool rejected, Duration taken) {
  observe(*of_plugins_[place], plugins_, names_[place], pass, operation, rejected, taken);
}

void AdmissionMetrics::step(Pass pass, Operation operation, bool rejected, Duration taken) {
  observe(of_steps_, steps_, "", pass, operation, rejected, taken);
}

}  // namespace xebec::apiserver
