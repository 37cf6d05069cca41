#include "kubelet/pods/pod_status.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "api/pod_resources.h"
#include "client/event_recorder.h"
#include "kubelet/pods/pod_actions.h"
#include "kubelet/time.h"

namespace xebec::kubelet {
namespace {

constexpr std::array<std::string_view, 5> kOwn = {"PodReadyToStartContainers", "Initialized", "Ready",
                                                  "ContainersReady", "PodScheduled"};

std::string runtime_id(const std::string& id) { return "containerd://" + id; }

corev1::ContainerState state_of(const RuntimeContainer& container) {
  corev1::ContainerState state;
  const cri::ContainerStatus& status = container.status;
  switch (status.state) {
    case cri::ContainerState::kRunning:
      state.running.emplace().startedAt = time_of_nanos(status.started_at);
      break;
    case cri::ContainerState::kCreated:
      // Created and not started is waiting to upstream as well.
      state.waiting.emplace().reason = "ContainerCreating";
      break;
    default: {
      auto& ended = state.terminated.emplace();
      ended.exitCode = status.exit_code;
      ended.reason = status.reason.empty() ? (status.exit_code == 0 ? "Completed" : "Error") : status.reason;
      ended.message = container.message;
      ended.startedAt = time_of_nanos(status.started_at);
      ended.finishedAt = time_of_nanos(status.finished_at);
      ended.containerID = runtime_id(status.id);
    }
  }
  return state;
}

class StatusMaker {
 public:
  explicit StatusMaker(const StatusInputs& in) : in_(in), pod_(*in.pod), runtime_(*in.runtime) {}

  corev1::PodStatus make() {
    status_ = pod_.status;
    status_.observedGeneration = pod_.metadata.generation;
    fill_addresses();
    if (!status_.startTime) status_.startTime = in_.now;
    if (status_.qosClass.empty()) status_.qosClass = api::pod_qos_class(pod_);
    fill_containers();
    if (!is_terminal(pod_.status.phase)) {
      status_.phase = phase();
      status_.reason.clear();
      status_.message.clear();
      if (!in_.failed_reason.empty()) {
        status_.phase = "Failed";
        status_.reason = in_.failed_reason;
        status_.message = in_.failed_message;
      }
    }
    fill_conditions();
    if (in_.refused) {
      status_.initContainerStatuses.clear();
      status_.containerStatuses.clear();
      status_.ephemeralContainerStatuses.clear();
    }
    return std::move(status_);
  }

 private:
  void fill_addresses() {
    status_.hostIPs.clear();
    status_.hostIP = in_.node_ips.empty() ? std::string() : in_.node_ips[0];
    for (const std::string& ip : in_.node_ips) status_.hostIPs.emplace_back().ip = ip;
    std::vector<std::string> ips;
    if (pod_.spec.hostNetwork) {
      ips = in_.node_ips;
    } else if (!runtime_.sandboxes.empty() && runtime_.sandboxes.front().state == cri::SandboxState::kReady) {
      ips = runtime_.sandboxes.front().ips;
    }
    if (ips.empty()) return;  // what was reported once stays
    status_.podIP = ips[0];
    status_.podIPs.clear();
    for (const std::string& ip : ips) status_.podIPs.emplace_back().ip = ip;
  }

  const corev1::ContainerStatus* old_status(const std::vector<corev1::ContainerStatus>& list,
                                            std::string_view name) const {
    for (const corev1::ContainerStatus& status : list) {
      if (status.name == name) return &status;
    }
    return nullptr;
  }

  corev1::ContainerStatus container_status(const corev1::Container& container, bool init,
                                           const std::vector<corev1::ContainerStatus>& old) {
    corev1::ContainerStatus out;
    out.name = container.name;
    out.image = container.image;
    out.started = false;
    const RuntimeContainer* latest = runtime_.latest(container.name);
    bool sandbox_gone = runtime_.sandboxes.empty() ||
                        (latest != nullptr && latest->sandbox_id != runtime_.sandboxes.front().id);
    // An init container of an old sandbox has to run again.
    bool stale = init && !is_sidecar(container) && latest != nullptr && !runtime_.sandboxes.empty() &&
                 sandbox_gone && !in_.ending;
    if (latest == nullptr || stale) {
      auto& waiting = out.state.waiting.emplace();
      waiting.reason = pod_.spec.initContainers.empty() ? "ContainerCreating" : "PodInitializing";
      const corev1::ContainerStatus* before = old_status(old, container.name);
      if (latest != nullptr) {
        out.lastState = state_of(*latest);
        out.restartCount = latest->restart_count;
      } else if (before != nullptr) {
        forgotten(*before, out);
      }
      apply_waiting(container, out, latest);
      return out;
    }
    out.state = state_of(*latest);
    out.containerID = runtime_id(latest->status.id);
    out.imageID = latest->status.image_ref;
    if (!latest->status.image.user_specified_image.empty())
      out.image = latest->status.image.user_specified_image;
    out.restartCount = latest->restart_count;
    if (const RuntimeContainer* previous = runtime_.previous(container.name))
      out.lastState = state_of(*previous);
    if (latest->running()) {
      out.started = in_.started(container.name, latest->status.id);
      out.ready = *out.started && in_.ready(container.name, latest->status.id);
    }
    if (init && !is_sidecar(container)) {
      out.ready = latest->exited() && latest->status.exit_code == 0;
      if (!latest->running()) out.started = false;
    }
    fill_details(container, *latest, out);
    apply_waiting(container, out, latest);
    return out;
  }

  // The runtime has lost a container that was reported: it ended, nobody knows how.
  void forgotten(const corev1::ContainerStatus& before, corev1::ContainerStatus& out) {
    out.restartCount = before.restartCount;
    out.lastState = before.lastState;
    if (before.state.terminated) {
      if (in_.ending || is_terminal(pod_.status.phase)) {
        out.state = before.state;
        out.containerID = before.containerID;
        out.imageID = before.imageID;
      } else {
        out.lastState = before.state;
      }
    } else if (before.state.running) {
      corev1::ContainerState lost;
      auto& ended = lost.terminated.emplace();
      ended.reason = "ContainerStatusUnknown";
      ended.message = "The container could not be located when the pod was terminated";
      ended.exitCode = 137;
      ended.containerID = before.containerID;
      if (in_.ending) {
        out.state = lost;
      } else {
        ended.message =
            "The container could not be located when the pod was deleted.  The container used to be Running";
        out.lastState = lost;
        ++out.restartCount;
      }
    }
  }

  void fill_details(const corev1::Container& container, const RuntimeContainer& latest,
                    corev1::ContainerStatus& out) {
    if (latest.running() && (!container.resources.limits.empty() || !container.resources.requests.empty())) {
      out.allocatedResources = container.resources.requests;
      auto& resources = out.resources.emplace();
      resources.limits = container.resources.limits;
      resources.requests = container.resources.requests;
    } else if (latest.running()) {
      out.resources.emplace();
    }
    for (const corev1::VolumeMount& mount : container.volumeMounts) {
      corev1::VolumeMountStatus& shown = out.volumeMounts.emplace_back();
      shown.name = mount.name;
      shown.mountPath = mount.mountPath;
      shown.readOnly = mount.readOnly;
      if (mount.readOnly) shown.recursiveReadOnly = "Disabled";
    }
    if (latest.running() && latest.status.user) {
      auto& user = out.user.emplace().linux.emplace();
      user.uid = latest.status.user->uid;
      user.gid = latest.status.user->gid;
      user.supplementalGroups = latest.status.user->supplemental_groups;
    }
  }

  void apply_waiting(const corev1::Container& container, corev1::ContainerStatus& out,
                     const RuntimeContainer* latest) {
    if (in_.ending || out.state.running) return;
    auto reason = in_.waiting.find(container.name);
    if (reason == in_.waiting.end()) return;
    if (!should_restart(pod_, container, latest)) return;
    if (out.state.terminated) out.lastState = out.state;
    out.state = corev1::ContainerState();
    auto& waiting = out.state.waiting.emplace();
    waiting.reason = reason->second.reason;
    waiting.message = reason->second.message;
    out.ready = false;
  }

  void fill_containers() {
    std::vector<corev1::ContainerStatus> init, main, ephemeral;
    for (const corev1::Container& c : pod_.spec.initContainers) {
      init.push_back(container_status(c, true, pod_.status.initContainerStatuses));
    }
    for (const corev1::Container& c : pod_.spec.containers) {
      main.push_back(container_status(c, false, pod_.status.containerStatuses));
    }
    for (const corev1::EphemeralContainer& e : pod_.spec.ephemeralContainers) {
      corev1::Container c;
      c.name = e.name;
      c.image = e.image;
      c.volumeMounts = e.volumeMounts;
      c.restartPolicy = "Never";
      corev1::ContainerStatus status = container_status(c, false, pod_.status.ephemeralContainerStatuses);
      status.started.reset();
      status.ready = false;
      ephemeral.push_back(std::move(status));
    }
    status_.initContainerStatuses = std::move(init);
    status_.containerStatuses = std::move(main);
    status_.ephemeralContainerStatuses = std::move(ephemeral);
  }

  std::string phase() const {
    int pending_init = 0, failed_init = 0;
    for (size_t i = 0; i < pod_.spec.initContainers.size(); ++i) {
      const corev1::Container& container = pod_.spec.initContainers[i];
      const corev1::ContainerStatus& s = status_.initContainerStatuses[i];
      if (is_sidecar(container)) {
        bool is_started = s.state.running
                              ? s.started.value_or(false)
                              : s.state.terminated.has_value() || s.lastState.terminated.has_value();
        if (!is_started) ++pending_init;
        continue;
      }
      const auto& ended = s.state.terminated;
      if (ended) {
        if (ended->exitCode != 0) ++failed_init;
      } else if (s.state.waiting && s.lastState.terminated) {
        if (s.lastState.terminated->exitCode != 0) ++pending_init;
      } else {
        ++pending_init;
      }
    }
    int running = 0, waiting = 0, stopped = 0, succeeded = 0, again = 0, sidecars_up = 0;
    for (size_t i = 0; i < pod_.spec.initContainers.size(); ++i) {
      if (is_sidecar(pod_.spec.initContainers[i]) && status_.initContainerStatuses[i].state.running)
        ++sidecars_up;
    }
    for (size_t i = 0; i < pod_.spec.containers.size(); ++i) {
      const corev1::ContainerStatus& s = status_.containerStatuses[i];
      const corev1::Container& container = pod_.spec.containers[i];
      if (s.state.running) {
        ++running;
      } else if (s.state.terminated) {
        ++stopped;
        succeeded += s.state.terminated->exitCode == 0;
        again += restarts_after(pod_, container, s.state.terminated->exitCode);
      } else if (s.lastState.terminated) {
        ++stopped;
        again += restarts_after(pod_, container, s.lastState.terminated->exitCode);
      } else {
        ++waiting;
      }
    }
    bool main_began = running > 0 || stopped > 0;
    if (failed_init > 0 && pod_.spec.restartPolicy == "Never" && !main_began) return "Failed";
    if (failed_init > 0 && in_.ending && !main_began) return "Failed";
    if ((pending_init > 0 || failed_init > 0) && !main_began) return "Pending";
    if (waiting > 0) return in_.ending && main_began && running == 0 ? "Failed" : "Pending";
    if (running > 0) return "Running";
    if (in_.ending) {
      if (sidecars_up > 0) return "Running";
      return stopped == succeeded ? "Succeeded" : "Failed";
    }
    if (again > 0) return "Running";
    return stopped == succeeded ? "Succeeded" : "Failed";
  }

  void set(std::string_view type, bool value, std::string reason = "", std::string message = "") {
    corev1::PodCondition next;
    next.type = type;
    next.status = value ? "True" : "False";
    next.reason = std::move(reason);
    next.message = std::move(message);
    next.observedGeneration = pod_.metadata.generation;
    next.lastTransitionTime = in_.now;
    for (corev1::PodCondition& condition : status_.conditions) {
      if (condition.type != type) continue;
      if (condition.status == next.status) next.lastTransitionTime = condition.lastTransitionTime;
      condition = std::move(next);
      return;
    }
    status_.conditions.push_back(std::move(next));
  }

  static std::string list(const std::vector<std::string>& names) {
    return fmt::format("[{}]", fmt::join(names, " "));
  }

  // "" when all is ready, else reason and message.
  std::pair<std::string, std::string> containers_unready() const {
    if (status_.phase == "Succeeded") return {"PodCompleted", ""};
    if (status_.phase == "Failed") return {"PodFailed", ""};
    std::vector<std::string> unready;
    for (size_t i = 0; i < pod_.spec.initContainers.size(); ++i) {
      if (is_sidecar(pod_.spec.initContainers[i]) && !status_.initContainerStatuses[i].ready) {
        unready.push_back(pod_.spec.initContainers[i].name);
      }
    }
    for (const corev1::ContainerStatus& s : status_.containerStatuses) {
      if (!s.ready) unready.push_back(s.name);
    }
    if (unready.empty()) return {"", ""};
    return {"ContainersNotReady", "containers with unready status: " + list(unready)};
  }

  void fill_conditions() {
    bool sandbox = runtime_.ready_sandbox() != nullptr &&
                   (pod_.spec.hostNetwork || !runtime_.ready_sandbox()->ips.empty());
    set("PodReadyToStartContainers", sandbox);

    std::vector<std::string> pending;
    bool began = std::any_of(status_.containerStatuses.begin(), status_.containerStatuses.end(),
                             [](const auto& s) { return !s.containerID.empty(); });
    for (size_t i = 0; i < pod_.spec.initContainers.size(); ++i) {
      const corev1::ContainerStatus& s = status_.initContainerStatuses[i];
      bool fine = is_sidecar(pod_.spec.initContainers[i]) ? s.started.value_or(false) || began : s.ready;
      if (!fine) pending.push_back(s.name);
    }
    if (status_.phase == "Succeeded") {
      set("Initialized", true, "PodCompleted");
    } else if (pending.empty() || began) {
      set("Initialized", true);
    } else {
      set("Initialized", false, "ContainersNotInitialized",
          "containers with incomplete status: " + list(pending));
    }

    auto [why, message] = containers_unready();
    set("ContainersReady", why.empty(), why, message);
    std::vector<std::string> gates;
    for (const corev1::PodReadinessGate& gate : pod_.spec.readinessGates) {
      std::string value = "False";
      bool found = false;
      for (const corev1::PodCondition& condition : status_.conditions) {
        if (condition.type != gate.conditionType) continue;
        found = true;
        value = condition.status;
      }
      if (!found) {
        gates.push_back(fmt::format("corresponding condition of pod readiness gate \"{}\" does not exist.",
                                    gate.conditionType));
      } else if (value != "True") {
        gates.push_back(fmt::format("the status of pod readiness gate \"{}\" is not \"True\", but {}",
                                    gate.conditionType, value));
      }
    }
    if (!why.empty()) {
      set("Ready", false, why, message);
    } else if (!gates.empty()) {
      std::string text = gates.size() == 1 ? gates[0] : fmt::format("[{}]", fmt::join(gates, ", "));
      set("Ready", false, "ReadinessGatesNotReady", std::move(text));
    } else {
      set("Ready", true);
    }
    set("PodScheduled", true);
    if (in_.evicted) set(kDisruptionTarget, true, "TerminationByKubelet", in_.failed_message);
  }

  const StatusInputs& in_;
  const corev1::Pod& pod_;
  const RuntimePod& runtime_;
  corev1::PodStatus status_;
};

}  // namespace

bool is_terminal(std::string_view phase) { return phase == "Succeeded" || phase == "Failed"; }

bool is_kubelet_condition(std::string_view type) {
  return std::find(kOwn.begin(), kOwn.end(), type) != kOwn.end();
}

std::string pod_label(const corev1::Pod& pod) {
  return fmt::format("{}_{}({})", pod.metadata.name, pod.metadata.namespace_, pod.metadata.uid);
}

corev1::ObjectReference container_reference(const corev1::Pod& pod, const std::string& container) {
  auto named = [&](const auto& list) {
    return std::any_of(list.begin(), list.end(), [&](const auto& c) { return c.name == container; });
  };
  std::string_view list = named(pod.spec.initContainers)        ? "initContainers"
                          : named(pod.spec.ephemeralContainers) ? "ephemeralContainers"
                                                                : "containers";
  return client::reference_to(pod, fmt::format("spec.{}{{{}}}", list, container));
}

corev1::PodStatus make_pod_status(const StatusInputs& in) { return StatusMaker(in).make(); }

}  // namespace xebec::kubelet
