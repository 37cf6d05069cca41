#include <fmt/format.h>

#include <algorithm>

#include "api/gen/corev1.h"
#include "apiserver/printers/human_duration.h"
#include "apiserver/printers/printer.h"

namespace xebec::apiserver {
namespace {

struct PodSummary {
  std::string status;
  int64_t restarts = 0;
  api::Time last_restart;
  size_t ready = 0;
  size_t total = 0;
};

bool restarts_always(const corev1::Pod& pod, std::string_view init_container) {
  for (const corev1::Container& container : pod.spec.initContainers) {
    if (container.name == init_container)
      return container.restartPolicy && *container.restartPolicy == "Always";
  }
  return false;
}

bool condition_is_true(const corev1::Pod& pod, std::string_view type) {
  return std::ranges::any_of(pod.status.conditions,
                             [&](const auto& c) { return c.type == type && c.status == "True"; });
}

void note_restart(const corev1::ContainerStatus& status, api::Time& last) {
  if (status.lastState.terminated) last = std::max(last, status.lastState.terminated->finishedAt);
}

std::string end_reason(const corev1::ContainerStateTerminated& end) {
  if (!end.reason.empty()) return end.reason;
  if (end.signal != 0) return fmt::format("Signal:{}", end.signal);
  return fmt::format("ExitCode:{}", end.exitCode);
}

// Looks at the init containers in order until one is not done; true when there is such a one.
bool look_at_init(const corev1::Pod& pod, PodSummary& all, PodSummary& sidecars) {
  for (size_t i = 0; i < pod.status.initContainerStatuses.size(); ++i) {
    const corev1::ContainerStatus& container = pod.status.initContainerStatuses[i];
    const bool sidecar = restarts_always(pod, container.name);
    all.restarts += container.restartCount;
    note_restart(container, all.last_restart);
    if (sidecar) {
      sidecars.restarts += container.restartCount;
      note_restart(container, sidecars.last_restart);
    }
    if (container.state.terminated && container.state.terminated->exitCode == 0) continue;
    if (sidecar && container.started.value_or(false)) {
      if (container.ready) ++all.ready;
      continue;
    }
    if (container.state.terminated) {
      all.status = "Init:" + end_reason(*container.state.terminated);
    } else if (container.state.waiting && !container.state.waiting->reason.empty() &&
               container.state.waiting->reason != "PodInitializing") {
      all.status = "Init:" + container.state.waiting->reason;
    } else {
      all.status = fmt::format("Init:{}/{}", i, pod.spec.initContainers.size());
    }
    return true;
  }
  return false;
}

void look_at_containers(const corev1::Pod& pod, PodSummary& out) {
  bool has_running = false;
  std::string failure;
  for (auto it = pod.status.containerStatuses.rbegin(); it != pod.status.containerStatuses.rend(); ++it) {
    out.restarts += it->restartCount;
    note_restart(*it, out.last_restart);
    if (it->state.waiting && !it->state.waiting->reason.empty()) {
      out.status = it->state.waiting->reason;
    } else if (it->state.terminated) {
      out.status = end_reason(*it->state.terminated);
      if (it->state.terminated->exitCode != 0) failure = out.status;
    } else if (it->ready && it->state.running) {
      has_running = true;
      ++out.ready;
    }
  }
  if (out.status != "Completed" || !has_running) return;
  if (condition_is_true(pod, "Ready")) {
    out.status = "Running";
  } else {
    out.status = failure.empty() ? "NotReady" : failure;
  }
}

PodSummary summarize(const corev1::Pod& pod) {
  PodSummary out;
  out.status = pod.status.reason.empty() ? pod.status.phase : pod.status.reason;
  for (const auto& condition : pod.status.conditions) {
    if (condition.type == "PodScheduled" && condition.reason == "SchedulingGated")
      out.status = condition.reason;
  }
  out.total = pod.spec.containers.size();
  for (const corev1::Container& container : pod.spec.initContainers) {
    if (container.restartPolicy && *container.restartPolicy == "Always") ++out.total;
  }
  PodSummary sidecars;
  bool initializing = look_at_init(pod, out, sidecars);
  if (!initializing || condition_is_true(pod, "Initialized")) {
    out.restarts = sidecars.restarts;
    out.last_restart = sidecars.last_restart;
    look_at_containers(pod, out);
  }
  if (pod.metadata.deletionTimestamp) {
    const bool terminal = pod.status.phase == "Succeeded" || pod.status.phase == "Failed";
    if (pod.status.reason == "NodeLost") {
      out.status = "Unknown";
    } else if (!terminal) {
      out.status = "Terminating";
    }
  }
  return out;
}

std::string readiness_gates(const corev1::Pod& pod) {
  if (pod.spec.readinessGates.empty()) return "<none>";
  size_t met = 0;
  for (const auto& gate : pod.spec.readinessGates) met += condition_is_true(pod, gate.conditionType);
  return fmt::format("{}/{}", met, pod.spec.readinessGates.size());
}

void print(const corev1::Pod& pod, Row& row) {
  PodSummary summary = summarize(pod);
  if (pod.status.phase == "Succeeded") {
    row.add_condition({"Completed", "True", "Succeeded", "The pod has completed successfully."});
  } else if (pod.status.phase == "Failed") {
    row.add_condition({"Completed", "True", "Failed", "The pod failed."});
  }
  row.set("Ready", fmt::format("{}/{}", summary.ready, summary.total));
  row.set("Status", summary.status);
  std::string restarts = std::to_string(summary.restarts);
  if (summary.restarts != 0 && !summary.last_restart.is_zero()) {
    restarts += fmt::format(" ({} ago)", human_age(summary.last_restart, row.now()));
  }
  row.set("Restarts", std::move(restarts));
  row.set("IP", cells::or_none(pod.status.podIPs.empty() ? pod.status.podIP : pod.status.podIPs[0].ip));
  row.set("Node", cells::or_none(pod.spec.nodeName));
  row.set("Nominated Node", cells::or_none(pod.status.nominatedNodeName));
  row.set("Readiness Gates", readiness_gates(pod));
}

void print(const corev1::PodTemplate& object, Row& row) {
  std::vector<std::string> names, images;
  for (const corev1::Container& container : object.template_.spec.containers) {
    names.push_back(container.name);
    images.push_back(container.image);
  }
  row.set("Containers", cells::join(names));
  row.set("Images", cells::join(images));
  row.set("Pod Labels", cells::labels(object.template_.metadata.labels));
}

}  // namespace

std::span<const PrinterEntry> pod_printers() {
  static const PrinterEntry kTable[] = {XEBEC_PRINTER(corev1::Pod), XEBEC_PRINTER(corev1::PodTemplate)};
  return kTable;
}

}  // namespace xebec::apiserver
