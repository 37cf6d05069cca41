#include "kubelet/pods/pod_actions.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/gen/corev1.h"
#include "kubelet/pods/container_config.h"

namespace xebec::kubelet {
namespace {

// The newest container of the name in the sandbox.
const RuntimeContainer* in_sandbox(const RuntimePod& runtime, const std::string& sandbox,
                                   std::string_view name) {
  for (const RuntimeContainer& container : runtime.containers) {
    if (container.name == name && container.sandbox_id == sandbox) return &container;
  }
  return nullptr;
}

bool has_init_after(const corev1::Pod& pod, const RuntimePod& runtime, const std::string& sandbox,
                    size_t index) {
  for (size_t i = index + 1; i < pod.spec.initContainers.size(); ++i) {
    if (in_sandbox(runtime, sandbox, pod.spec.initContainers[i].name) != nullptr) return true;
  }
  return false;
}

bool any_main(const corev1::Pod& pod, const RuntimePod& runtime, const std::string& sandbox) {
  return std::any_of(pod.spec.containers.begin(), pod.spec.containers.end(), [&](const corev1::Container& c) {
    return in_sandbox(runtime, sandbox, c.name) != nullptr;
  });
}

// Why a running container has to go; empty when it may stay.
std::string kill_reason(const corev1::Container& container, const RuntimeContainer& running,
                        const ProbeView& probes, bool& spec_changed) {
  spec_changed = false;
  if (!running.hash.empty() && running.hash != container_hash(container)) {
    spec_changed = true;
    return fmt::format("Container {} definition changed", container.name);
  }
  if (probes.liveness(running.status.id) == ProbeResult::kFailure) {
    return fmt::format("Container {} failed liveness probe", container.name);
  }
  if (probes.startup(running.status.id) == ProbeResult::kFailure) {
    return fmt::format("Container {} failed startup probe", container.name);
  }
  return "";
}

class Planner {
 public:
  Planner(const corev1::Pod& pod, const RuntimePod& runtime, const ProbeView& probes)
      : pod_(pod), runtime_(runtime), probes_(probes) {}

  PodActions plan() {
    if (needs_sandbox()) {
      plan_new_sandbox();
      return std::move(actions_);
    }
    const std::string& sandbox = actions_.sandbox_id;
    for (const corev1::EphemeralContainer& ephemeral : pod_.spec.ephemeralContainers) {
      if (runtime_.latest(ephemeral.name) == nullptr) actions_.start.push_back(ephemeral.name);
    }
    bool done = any_main(pod_, runtime_, sandbox);
    if (!plan_init(sandbox, done)) return std::move(actions_);
    for (const corev1::Container& container : pod_.spec.containers) plan_container(container);
    return std::move(actions_);
  }

 private:
  bool needs_sandbox() {
    size_t ready = 0;
    for (const cri::PodSandboxStatus& sandbox : runtime_.sandboxes)
      ready += sandbox.state == cri::SandboxState::kReady;
    if (runtime_.sandboxes.empty()) return true;
    const cri::PodSandboxStatus& newest = runtime_.sandboxes.front();
    actions_.attempt = newest.metadata.attempt + 1;
    if (ready > 1 || newest.state != cri::SandboxState::kReady) return true;
    bool host = newest.namespaces.network == cri::NamespaceMode::kNode;
    if (host != pod_.spec.hostNetwork) return true;
    if (!host && newest.ips.empty()) return true;
    actions_.sandbox_id = newest.id;
    return false;
  }

  // The whole pod begins anew, unless what ran in it is over for good.
  void plan_new_sandbox() {
    actions_.stop_sandboxes = !runtime_.sandboxes.empty();
    bool first = runtime_.sandboxes.empty() && runtime_.containers.empty();
    bool wanted = first;
    for (const corev1::Container& container : pod_.spec.containers) wanted |= runs_again(container);
    if (pod_.spec.restartPolicy == "Never" && !runtime_.containers.empty()) wanted = false;
    actions_.create_sandbox = wanted;
    if (!wanted) {
      actions_.stop_sandboxes =
          actions_.stop_sandboxes && (runtime_.any_running() || runtime_.ready_sandbox() != nullptr);
      return;
    }
    if (!pod_.spec.initContainers.empty()) {
      actions_.start.push_back(pod_.spec.initContainers[0].name);
      return;
    }
    for (const corev1::Container& container : pod_.spec.containers) {
      if (runs_again(container)) actions_.start.push_back(container.name);
    }
  }

  // In a new sandbox; what runs in the old one goes down with it.
  bool runs_again(const corev1::Container& container) const {
    const RuntimeContainer* latest = runtime_.latest(container.name);
    if (latest != nullptr && latest->running()) return true;
    return should_restart(pod_, container, latest);
  }

  // True when main containers may run.
  bool plan_init(const std::string& sandbox, bool done) {
    const auto& init = pod_.spec.initContainers;
    for (size_t i = 0; i < init.size(); ++i) {
      const corev1::Container& container = init[i];
      const RuntimeContainer* latest = in_sandbox(runtime_, sandbox, container.name);
      bool passed = done || has_init_after(pod_, runtime_, sandbox, i);
      if (is_sidecar(container)) {
        if (latest != nullptr && latest->running()) {
          bool changed = false;
          std::string why = kill_reason(container, *latest, probes_, changed);
          if (!why.empty()) {
            kill(*latest, container, why + ", will be restarted");
            actions_.start.push_back(container.name);
          }
          if (!passed && !probes_.started(container.name, latest->status.id)) return false;
          continue;
        }
        actions_.start.push_back(container.name);
        if (!passed) return false;
        continue;
      }
      if (passed) continue;
      if (latest == nullptr) {
        actions_.start.push_back(container.name);
        return false;
      }
      if (latest->running()) return false;
      if (latest->exited() && latest->status.exit_code == 0) continue;
      if (!should_restart(pod_, container, latest)) return false;  // the pod has failed
      actions_.start.push_back(container.name);
      return false;
    }
    return true;
  }

  void plan_container(const corev1::Container& container) {
    const RuntimeContainer* latest = runtime_.latest(container.name);
    if (latest == nullptr || !latest->running()) {
      if (should_restart(pod_, container, latest)) {
        if (latest != nullptr && latest->status.state == cri::ContainerState::kUnknown) {
          kill(*latest, container,
               fmt::format("Container is in \"{}\" state, try killing it before restart", "unknown"));
        }
        actions_.start.push_back(container.name);
      }
      return;
    }
    bool changed = false;
    std::string why = kill_reason(container, *latest, probes_, changed);
    if (why.empty()) return;
    bool restart = changed || container.restartPolicy.value_or(pod_.spec.restartPolicy) != "Never";
    if (restart) {
      why += ", will be restarted";
      actions_.start.push_back(container.name);
    }
    kill(*latest, container, std::move(why));
  }

  void kill(const RuntimeContainer& running, const corev1::Container& container, std::string message) {
    actions_.kill.push_back(ContainerToKill{running.status.id, container.name, std::move(message)});
  }

  const corev1::Pod& pod_;
  const RuntimePod& runtime_;
  const ProbeView& probes_;
  PodActions actions_;
};

// The container's own rule for this exit, if it has one.
bool restart_rule_matches(const corev1::Container& container, int32_t exit_code) {
  return std::any_of(container.restartPolicyRules.begin(), container.restartPolicyRules.end(),
                     [&](const corev1::ContainerRestartRule& rule) {
                       if (!rule.exitCodes || rule.action != "Restart") return false;
                       const auto& values = rule.exitCodes->values;
                       bool listed = std::find(values.begin(), values.end(), exit_code) != values.end();
                       return rule.exitCodes->operator_ == "In" ? listed : !listed;
                     });
}

}  // namespace

bool is_sidecar(const corev1::Container& container) { return container.restartPolicy == "Always"; }

bool restarts_after(const corev1::Pod& pod, const corev1::Container& container, int32_t exit_code) {
  if (restart_rule_matches(container, exit_code)) return true;
  std::string policy = container.restartPolicy.value_or(pod.spec.restartPolicy);
  if (policy == "Never") return false;
  return policy != "OnFailure" || exit_code != 0;
}

bool should_restart(const corev1::Pod& pod, const corev1::Container& container,
                    const RuntimeContainer* latest) {
  if (latest == nullptr) return true;
  if (latest->running()) return false;
  if (!latest->exited()) return true;
  return restarts_after(pod, container, latest->status.exit_code);
}

bool initialized(const corev1::Pod& pod, const RuntimePod& runtime) {
  if (pod.spec.initContainers.empty()) return true;
  std::string sandbox = runtime.sandboxes.empty() ? std::string() : runtime.sandboxes.front().id;
  if (any_main(pod, runtime, sandbox)) return true;
  for (const corev1::Container& container : pod.spec.initContainers) {
    if (is_sidecar(container)) continue;
    const RuntimeContainer* latest = in_sandbox(runtime, sandbox, container.name);
    if (latest == nullptr || !latest->exited() || latest->status.exit_code != 0) return false;
  }
  return true;
}

PodActions compute_actions(const corev1::Pod& pod, const RuntimePod& runtime, const ProbeView& probes) {
  return Planner(pod, runtime, probes).plan();
}

}  // namespace xebec::kubelet
