// PodWorker while its Pod is to run: lets it in, mounts its volumes, and brings sandbox and containers to
// what compute_actions asks for.
#include <fmt/format.h>

#include <algorithm>

#include "api/gen/nodev1.h"
#include "kubelet/pods/field_ref.h"
#include "kubelet/pods/pod_admission.h"
#include "kubelet/pods/pod_worker.h"
#include "kubelet/pods/sandbox_config.h"
#include "kubelet/problem.h"
#include "kubelet/time.h"

namespace xebec::kubelet {
namespace {

using namespace std::chrono_literals;

constexpr Duration kRemount = 60s;

Duration growing(int failures) { return std::min<Duration>(500ms * (1 << std::min(failures, 6)), 20s); }

}  // namespace

Task<Duration> PodWorker::sync(CancelToken token) {
  if (!co_await read()) co_return 1s;
  if (should_end()) {
    stage_ = Stage::kTerminating;
    co_return Duration::zero();
  }
  if (!admitted_ && !admit(*pod_)) {
    stage_ = Stage::kTerminating;
    co_return Duration::zero();
  }
  interrupt_.emplace(token);
  CancelToken mine = interrupt_->token();
  Duration next = kResync;
  const std::optional<int64_t>& limit = pod_->spec.activeDeadlineSeconds;
  if (limit && status_ && status_->startTime) {
    int64_t left = status_->startTime->seconds + *limit - now_time(*parts_.env.clock).seconds;
    if (left <= 0) {
      failed_reason_ = "DeadlineExceeded";
      failed_message_ = "Pod was active on the node longer than the specified deadline";
      parts_.recorder.event(*pod_, client::kEventNormal, failed_reason_, failed_message_);
      stage_ = Stage::kTerminating;
      co_return Duration::zero();
    }
    next = std::min<Duration>(next, std::chrono::seconds(left));
  }
  if (publish(false)) {
    stage_ = Stage::kTerminating;
    co_return Duration::zero();
  }
  if (limit) next = std::min<Duration>(next, std::chrono::seconds(std::max<int64_t>(1, *limit)));
  std::shared_ptr<const corev1::Pod> pod = current();
  Duration wanted = co_await act(pod, mine);
  interrupt_.reset();
  if (wanted == Duration::zero() || should_end()) co_return Duration::zero();
  publish(false);  // what containers wait for may have changed
  co_return std::min(next, wanted);
}

// A pod that has begun here before was let in then.
bool PodWorker::admit(const corev1::Pod& pod) {
  admitted_ = true;
  if (!runtime_->empty() || pod.status.startTime) return true;
  std::vector<std::shared_ptr<const corev1::Pod>> others = parts_.active_pods(uid_);
  AdmissionInputs in;
  in.pod = &pod;
  in.node = parts_.node.node();
  for (const auto& other : others) in.others.push_back(other.get());
  in.apparmor = parts_.node.apparmor();
  in.pressures = parts_.node.pressures();
  std::optional<Refusal> refusal = refuse(in);
  if (!refusal) return true;
  parts_.recorder.event(pod, client::kEventWarning, refusal->reason, refusal->message);
  refused_ = true;
  failed_reason_ = refusal->reason;
  failed_message_ = "Pod was rejected: " + refusal->message;
  return false;
}

// Zero: look again at once, something was done.
Task<Duration> PodWorker::act(std::shared_ptr<const corev1::Pod> pod, CancelToken token) {
  if (!cgroup_made_) {
    Result<void> made = parts_.cgroups.ensure(*pod);
    if (!made) {
      parts_.recorder.event(*pod, client::kEventWarning, "FailedCreatePodContainer",
                            "unable to ensure pod container exists: " + made.error().message);
      co_return 2s;
    }
    cgroup_made_ = true;
  }
  Duration mounted = co_await mount_volumes(pod, token);
  if (token.cancelled()) co_return Duration::zero();
  bool usable = mounted_at_.has_value();
  ProbeView probes;
  probes.liveness = [this](const std::string& id) { return parts_.probes.liveness(id); };
  probes.startup = [this](const std::string& id) { return parts_.probes.startup(id); };
  probes.started = [this](const std::string&, const std::string& id) { return parts_.probes.started(id); };
  PodActions actions = compute_actions(*pod, *runtime_, probes);
  std::erase_if(waiting_, [&](const auto& item) {
    return std::find(actions.start.begin(), actions.start.end(), item.first) == actions.start.end();
  });
  if (actions.nothing()) co_return mounted;

  for (const ContainerToKill& victim : actions.kill) {
    std::optional<corev1::Container> container = find(*pod, victim.name);
    std::string ip = runtime_->sandboxes[0].ips.empty() ? std::string() : runtime_->sandboxes[0].ips[0];
    int64_t seconds = pod->spec.terminationGracePeriodSeconds.value_or(30);
    // A probe may have a grace period of its own.
    if (container) {
      const corev1::Probe* probe = nullptr;
      if (parts_.probes.startup(victim.id) == ProbeResult::kFailure) probe = container->startupProbe.get();
      if (parts_.probes.liveness(victim.id) == ProbeResult::kFailure) probe = container->livenessProbe.get();
      if (probe != nullptr && probe->terminationGracePeriodSeconds)
        seconds = *probe->terminationGracePeriodSeconds;
    }
    Result<void> killed =
        co_await runner_.kill(pod, container, victim.id, ip, seconds, victim.message, token);
    if (!killed) co_return 1s;
    if (token.cancelled()) co_return Duration::zero();
  }
  if (!actions.kill.empty()) {
    if (!co_await read()) co_return 1s;
    publish(false);  // how they ended
  }
  if (actions.create_sandbox || actions.stop_sandboxes) {
    if (actions.create_sandbox && !usable) co_return mounted;  // nothing runs without its volumes
    Duration again = co_await make_sandbox(pod, actions, token);
    if (!actions.create_sandbox || again != Duration::zero() || token.cancelled()) co_return again;
    if (!co_await read()) co_return 1s;
  }
  if (!usable) co_return mounted;
  Duration again = co_await start_containers(pod, actions.start, token);
  co_return std::min(again, mounted);
}

Task<Duration> PodWorker::mount_volumes(std::shared_ptr<const corev1::Pod> pod, CancelToken token) {
  MonotonicTime now = parts_.env.executor->now();
  bool changed = !mounted_at_;
  if (!changed && now - *mounted_at_ < kRemount) co_return kRemount - (now - *mounted_at_);
  Result<MountedVolumes> mounted = co_await parts_.volumes.mount(pod, token);
  if (token.cancelled()) co_return Duration::zero();
  if (!mounted) {
    parts_.recorder.event(*pod, client::kEventWarning, "FailedMount", mounted.error().message);
    co_return growing(volume_failures_++);
  }
  volume_failures_ = 0;
  volumes_ = std::move(*mounted);
  mounted_at_ = parts_.env.executor->now();
  co_return kRemount;
}

Task<Result<std::string>> PodWorker::runtime_handler(std::shared_ptr<const corev1::Pod> pod,
                                                     CancelToken token) {
  std::string name = pod->spec.runtimeClassName.value_or("");
  if (name.empty()) co_return name;
  Context context;
  context.cancel = token;
  Result<nodev1::RuntimeClass> found =
      co_await parts_.rest.get<nodev1::RuntimeClass>(context, std::string(), name);
  if (!found) {
    std::string why = found.error().is(reason::kNotFound)
                          ? fmt::format("runtimeclass.node.k8s.io \"{}\" not found", name)
                          : found.error().message;
    co_return fail(problem(fmt::format("failed to get RuntimeClass \"{}\": {}", name, why)));
  }
  co_return found->handler;
}

// Zero when it runs.
Task<Duration> PodWorker::make_sandbox(std::shared_ptr<const corev1::Pod> pod, const PodActions& actions,
                                       CancelToken token) {
  if (actions.stop_sandboxes) {
    if (actions.create_sandbox) {
      parts_.recorder.event(*pod, client::kEventNormal, "SandboxChanged",
                            "Pod sandbox changed, it will be killed and re-created.");
    }
    for (const cri::PodSandboxStatus& sandbox : runtime_->sandboxes) {
      Result<void> stopped = co_await parts_.runtime.stop_pod_sandbox(sandbox.id);
      if (!stopped) co_return 1s;
    }
    if (!actions.create_sandbox) co_return Duration::zero();
    // Only the newest of the old sandboxes is kept, for the logs of the instances before.
    for (size_t i = 1; i < runtime_->sandboxes.size(); ++i) {
      co_await parts_.runtime.remove_pod_sandbox(runtime_->sandboxes[i].id);
    }
  }
  Result<std::string> id = fail(problem(""));
  uint32_t attempt = actions.attempt + static_cast<uint32_t>(sandbox_failures_);
  std::vector<PodWarning> warnings;
  Result<cri::PodSandboxConfig> config = make_sandbox_config(
      parts_.options, *pod, attempt, parts_.files.read_all(parts_.options.resolv_conf), &warnings);
  for (PodWarning& warning : warnings)
    parts_.recorder.event(*pod, client::kEventWarning, warning.reason, std::move(warning.message));
  Result<std::string> handler = co_await runtime_handler(pod, token);
  if (config && handler) {
    (void)parts_.files.make_directory(config->log_directory, 0755);
    id = co_await parts_.runtime.run_pod_sandbox(*config, *handler);
  } else {
    id = fail(config ? handler.error() : config.error());
  }
  if (!id) {
    parts_.recorder.event(*pod, client::kEventWarning, "FailedCreatePodSandBox",
                          "Failed to create pod sandbox: " + id.error().message);
    co_return growing(sandbox_failures_++);
  }
  sandbox_failures_ = 0;
  parts_.learned(*id, uid_);
  sandbox_config_ = std::move(*config);
  configured_sandbox_ = *id;
  co_return Duration::zero();
}

// Zero when something was started: its state is to be read again.
Task<Duration> PodWorker::start_containers(std::shared_ptr<const corev1::Pod> pod,
                                           std::vector<std::string> names, CancelToken token) {
  const cri::PodSandboxStatus* sandbox = runtime_->ready_sandbox();
  if (names.empty() || sandbox == nullptr) co_return kResync;
  if (configured_sandbox_ != sandbox->id) {
    // Made by an earlier run of the kubelet.
    Result<cri::PodSandboxConfig> config = make_sandbox_config(
        parts_.options, *pod, sandbox->metadata.attempt, parts_.files.read_all(parts_.options.resolv_conf));
    if (!config) co_return kResync;
    sandbox_config_ = std::move(*config);
    configured_sandbox_ = sandbox->id;
  }
  PodSurroundings around;
  around.sandbox_id = sandbox->id;
  around.sandbox = sandbox_config_;
  around.pod_ips = pod->spec.hostNetwork ? parts_.options.node_ips : sandbox->ips;
  around.volumes = volumes_;
  publish(false);  // the pod's address is known before its containers run
  std::shared_ptr<const RuntimePod> runtime = runtime_;
  Duration next = kResync;
  bool started = false;
  for (const std::string& name : names) {
    std::optional<corev1::Container> container = find(*pod, name);
    if (!container) continue;
    std::string target;
    for (const corev1::EphemeralContainer& ephemeral : pod->spec.ephemeralContainers) {
      if (ephemeral.name != name || ephemeral.targetContainerName.empty()) continue;
      if (const RuntimeContainer* found = runtime->latest(ephemeral.targetContainerName))
        target = found->status.id;
    }
    std::optional<StartFailure> failed =
        co_await runner_.start(pod, *container, runtime, around, target, token);
    if (token.cancelled()) co_return Duration::zero();
    if (!failed) {
      waiting_.erase(name);
      started = true;
      continue;
    }
    waiting_[name] = failed->waiting;
    next = std::min(next, std::max<Duration>(failed->retry_after, 1ms));
  }
  // Those that failed come again when their time has come; the others are looked at now.
  if (started && next == kResync) co_return Duration::zero();
  if (started && !co_await read()) co_return 1s;
  co_return next;
}

}  // namespace xebec::kubelet
