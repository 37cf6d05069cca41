#include "kubelet/pods/pod_worker.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/gen/nodev1.h"
#include "kubelet/labels.h"
#include "kubelet/pods/container_config.h"
#include "kubelet/pods/field_ref.h"
#include "kubelet/pods/pod_admission.h"
#include "kubelet/pods/sandbox_config.h"
#include "kubelet/problem.h"
#include "kubelet/time.h"

namespace xebec::kubelet {
namespace {

using namespace std::chrono_literals;

constexpr Duration kResync = 60s;
constexpr Duration kRemount = 60s;

Duration growing(int failures) { return std::min<Duration>(500ms * (1 << std::min(failures, 6)), 20s); }

}  // namespace

PodWorker::PodWorker(PodParts& parts, std::string uid)
    : parts_(parts),
      uid_(std::move(uid)),
      reader_(parts.runtime, parts.files, uid_),
      runner_(parts),
      runtime_(std::make_shared<RuntimePod>()) {}

void PodWorker::set_pod(std::shared_ptr<const corev1::Pod> pod) {
  pod_ = std::move(pod);
  orphan_ = false;
  if (should_end() && interrupt_) interrupt_->cancel();
  wake();
}

void PodWorker::set_removed() {
  removed_ = true;
  if (interrupt_) interrupt_->cancel();
  wake();
}

void PodWorker::set_orphan(const std::string& ns, const std::string& name) {
  auto pod = std::make_shared<corev1::Pod>();
  pod->metadata.namespace_ = ns;
  pod->metadata.name = name;
  pod->metadata.uid = uid_;
  pod->spec.terminationGracePeriodSeconds = 1;
  pod_ = std::move(pod);
  orphan_ = true;
  removed_ = true;
  wake();
}

void PodWorker::evict(std::string reason, std::string message, int64_t grace) {
  if (stage_ != Stage::kSync || eviction_grace_) return;
  failed_reason_ = std::move(reason);
  failed_message_ = std::move(message);
  eviction_grace_ = grace;
  if (interrupt_) interrupt_->cancel();
  wake();
}

void PodWorker::wake() {
  dirty_ = true;
  alarm_.set(true);
}

void PodWorker::wake_in(Duration delay) {
  MonotonicTime when = parts_.env.executor->now() + delay;
  if (!due_ || when < *due_) due_ = when;
}

Task<void> PodWorker::wait(CancelToken token) {
  if (dirty_) co_return;
  OneShot<bool> alarm;
  alarm_ = alarm;
  std::optional<uint64_t> timer;
  if (due_) timer = parts_.env.executor->post_at(*due_, [alarm] { alarm.set(true); });
  CancelRegistration registration = token.on_cancel([alarm] { alarm.set(false); });
  co_await alarm;
  if (timer) parts_.env.executor->cancel_timer(*timer);
}

bool PodWorker::should_end() const {
  return removed_ || eviction_grace_ ||
         (pod_ && (pod_->metadata.deletionTimestamp || is_terminal(pod_->status.phase)));
}

bool PodWorker::active() const {
  bool let_in = admitted_ || (pod_ && pod_->status.startTime);
  return let_in && !refused_ && stage_ != Stage::kTerminated && !(pod_ && is_terminal(pod_->status.phase));
}

int64_t PodWorker::grace() const {
  int64_t seconds = pod_->spec.terminationGracePeriodSeconds.value_or(30);
  if (pod_->metadata.deletionGracePeriodSeconds) seconds = *pod_->metadata.deletionGracePeriodSeconds;
  if (eviction_grace_) seconds = std::min(seconds, *eviction_grace_);
  return std::max<int64_t>(seconds, 1);
}

// The API's object with our own status, which is newer, and the conditions of others.
std::shared_ptr<const corev1::Pod> PodWorker::current() const {
  if (!status_) return pod_;
  auto pod = std::make_shared<corev1::Pod>(*pod_);
  std::vector<corev1::PodCondition> foreign;
  for (const corev1::PodCondition& condition : pod_->status.conditions) {
    if (!is_kubelet_condition(condition.type)) foreign.push_back(condition);
  }
  bool ended = is_terminal(pod_->status.phase);
  std::string phase = pod_->status.phase, why = pod_->status.reason, message = pod_->status.message;
  pod->status = *status_;
  std::erase_if(pod->status.conditions, [&](const corev1::PodCondition& c) {
    bool shared = c.type == kDisruptionTarget && eviction_grace_;
    return !is_kubelet_condition(c.type) && !shared;
  });
  for (corev1::PodCondition& condition : foreign) {
    if (condition.type == kDisruptionTarget && eviction_grace_) continue;
    pod->status.conditions.push_back(std::move(condition));
  }
  if (ended) {
    pod->status.phase = phase;
    pod->status.reason = why;
    pod->status.message = message;
  }
  return pod;
}

std::shared_ptr<const corev1::Pod> PodWorker::pod() const {
  if (orphan_ || !pod_) return nullptr;
  return current();
}

std::optional<corev1::Container> PodWorker::find(const corev1::Pod& pod, const std::string& name) const {
  if (const corev1::Container* found = find_container(pod, name)) return *found;
  for (const corev1::EphemeralContainer& ephemeral : pod.spec.ephemeralContainers) {
    if (ephemeral.name == name) return as_container(ephemeral);
  }
  return std::nullopt;
}

Task<bool> PodWorker::read() {
  Result<RuntimePod> read = co_await reader_.read();
  if (!read) {
    parts_.env.logger.warning("Cannot read pod from runtime",
                              {{"pod", pod_label(*pod_)}, {"error", read.error().message}});
    co_return false;
  }
  runtime_ = std::make_shared<RuntimePod>(std::move(*read));
  for (const cri::PodSandboxStatus& sandbox : runtime_->sandboxes) parts_.learned(sandbox.id, uid_);
  for (const RuntimeContainer& container : runtime_->containers) parts_.learned(container.status.id, uid_);
  update_probes();
  co_return true;
}

// Probes follow the running containers.
void PodWorker::update_probes() {
  for (const RuntimeContainer& container : runtime_->containers) {
    if (!container.running()) {
      parts_.probes.forget(container.status.id);
      continue;
    }
    if (stage_ != Stage::kSync || should_end()) continue;
    std::optional<corev1::Container> spec = find(*pod_, container.name);
    if (!spec) continue;
    std::string ip;
    if (pod_->spec.hostNetwork && !parts_.options.node_ips.empty()) ip = parts_.options.node_ips[0];
    if (!runtime_->sandboxes.empty() && !runtime_->sandboxes[0].ips.empty())
      ip = runtime_->sandboxes[0].ips[0];
    bool was_ready = false;
    for (const auto* list : {&pod_->status.containerStatuses, &pod_->status.initContainerStatuses}) {
      for (const corev1::ContainerStatus& s : *list) {
        was_ready |= s.ready && s.containerID == "containerd://" + container.status.id;
      }
    }
    parts_.probes.watch(pod_, *spec, container.status.id, container.status.started_at, ip, was_ready);
  }
}

bool PodWorker::publish(bool ending) {
  if (orphan_ || !pod_) return false;
  std::shared_ptr<const corev1::Pod> pod = current();
  StatusInputs in;
  in.pod = pod.get();
  in.runtime = runtime_.get();
  in.ending = ending;
  in.failed_reason = failed_reason_;
  in.failed_message = failed_message_;
  in.refused = refused_;
  in.evicted = eviction_grace_.has_value();
  in.waiting = waiting_;
  in.node_ips = parts_.options.node_ips;
  in.now = now_time(*parts_.env.clock);
  in.started = [this](const std::string&, const std::string& id) { return parts_.probes.started(id); };
  in.ready = [this](const std::string&, const std::string& id) { return parts_.probes.ready(id); };
  status_ = make_pod_status(in);
  bool over = is_terminal(status_->phase);
  corev1::PodStatus shown = *status_;
  // A terminal phase is told only when nothing runs any more.
  if (stage_ != Stage::kTerminated && is_terminal(shown.phase) && !is_terminal(pod_->status.phase) &&
      runtime_->any_running()) {
    shown.phase = pod_->status.phase.empty() ? "Pending" : pod_->status.phase;
    shown.reason = shown.message = "";
    status_->phase = shown.phase;
  }
  if (!removed_) parts_.statuses.set(pod_, std::move(shown));
  return over;
}

Task<void> PodWorker::run(CancelToken token) {
  while (!token.cancelled() && !done_) {
    co_await wait(token);
    if (token.cancelled()) co_return;
    dirty_ = false;
    due_.reset();
    Duration next = kResync;
    switch (stage_) {
      case Stage::kSync:
        next = co_await sync(token);
        break;
      case Stage::kTerminating:
        next = co_await terminate(token);
        break;
      case Stage::kTerminated:
        next = co_await clean(token);
        break;
    }
    if (next == Duration::zero()) {
      dirty_ = true;
    } else {
      wake_in(next);
    }
  }
}

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

int64_t PodWorker::seconds_left() const {
  if (!kill_deadline_) return grace();
  Duration left = *kill_deadline_ - parts_.env.executor->now();
  return std::max<int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(left + 500ms).count());
}

Task<void> PodWorker::kill_one(std::shared_ptr<const corev1::Pod> pod, std::string id, std::string name,
                               std::string ip, CancelToken token) {
  std::optional<corev1::Container> container = find(*pod, name);
  Result<void> killed =
      co_await runner_.kill(pod, container, id, ip, seconds_left(), "Stopping container " + name, token);
  if (!killed)
    parts_.env.logger.warning("Cannot stop container",
                              {{"container", name}, {"error", killed.error().message}});
  --kills_;
  wake();
}

Task<void> PodWorker::hasten(std::vector<std::string> ids, int64_t seconds) {
  for (const std::string& id : ids) {
    Result<void> stopped = co_await parts_.runtime.stop_container(id, seconds);
    (void)stopped;
  }
}

// Main containers at once, then sidecars, the last one first.
Task<void> PodWorker::kill_all(std::shared_ptr<const corev1::Pod> pod, CancelToken token) {
  std::string ip = runtime_->sandboxes.empty() || runtime_->sandboxes[0].ips.empty()
                       ? std::string()
                       : runtime_->sandboxes[0].ips[0];
  std::vector<std::vector<std::pair<std::string, std::string>>> waves(1);
  std::vector<std::string> running;
  for (const RuntimeContainer& container : runtime_->containers) {
    if (!container.running()) continue;
    running.push_back(container.status.id);
    bool sidecar =
        std::any_of(pod->spec.initContainers.begin(), pod->spec.initContainers.end(),
                    [&](const corev1::Container& c) { return c.name == container.name && is_sidecar(c); });
    if (!sidecar) waves[0].emplace_back(container.status.id, container.name);
  }
  for (auto it = pod->spec.initContainers.rbegin(); it != pod->spec.initContainers.rend(); ++it) {
    if (!is_sidecar(*it)) continue;
    for (const RuntimeContainer& container : runtime_->containers) {
      if (!container.running() || container.name != it->name) continue;
      waves.emplace_back();
      waves.back().emplace_back(container.status.id, container.name);
    }
  }
  int64_t given = grace();
  kill_deadline_ = parts_.env.executor->now() + std::chrono::seconds(given);
  Scope scope(*parts_.env.executor, token);
  for (const auto& wave : waves) {
    for (const auto& [id, name] : wave) {
      ++kills_;
      scope.spawn(kill_one(pod, id, name, ip, scope.token()));
    }
    while (kills_ > 0 && !token.cancelled()) {
      dirty_ = false;
      due_.reset();
      co_await wait(token);
      // Readiness goes on being told.
      bool known = kills_ > 0 && co_await read();
      if (known) publish(true);
      // A shorter grace period was asked for meanwhile.
      if (grace() >= given) continue;
      given = grace();
      kill_deadline_ = std::min(*kill_deadline_, parts_.env.executor->now() + std::chrono::seconds(given));
      scope.spawn(hasten(running, given));
    }
  }
  co_await scope.join();
  kill_deadline_.reset();
}

Task<Duration> PodWorker::terminate(CancelToken token) {
  interrupt_.reset();
  parts_.probes.stop_killing(uid_);
  if (!co_await read()) co_return 1s;
  publish(true);
  std::shared_ptr<const corev1::Pod> pod = current();
  if (runtime_->any_running()) {
    co_await kill_all(pod, token);
    if (token.cancelled() || !co_await read()) co_return 1s;
    if (runtime_->any_running()) co_return 1s;
  }
  publish(true);  // how they ended
  for (const cri::PodSandboxStatus& sandbox : runtime_->sandboxes) {
    Result<void> stopped = co_await parts_.runtime.stop_pod_sandbox(sandbox.id);
    if (!stopped) co_return 1s;
  }
  if (!co_await read()) co_return 1s;
  stage_ = Stage::kTerminated;
  parts_.probes.forget_pod(uid_);
  publish(true);
  co_return Duration::zero();
}

Task<Duration> PodWorker::clean(CancelToken token) {
  Result<void> unmounted = co_await parts_.volumes.unmount(uid_);
  if (!unmounted) {
    parts_.env.logger.warning("Cannot unmount volumes",
                              {{"pod", pod_label(*pod_)}, {"error", unmounted.error().message}});
    co_return 1s;
  }
  Result<void> removed = parts_.cgroups.remove(uid_);
  if (!removed) co_return 500ms;
  if (!cleaned_) {
    parts_.images.forget(uid_);
    parts_.restarts.forget_prefix(uid_);
    publish(true);
  }
  bool leaving = removed_ || pod_->metadata.deletionTimestamp.has_value();
  if (!leaving) {
    cleaned_ = true;
    co_return kResync;
  }
  for (const cri::PodSandboxStatus& sandbox : runtime_->sandboxes) {
    Result<void> gone = co_await parts_.runtime.remove_pod_sandbox(sandbox.id);
    if (!gone) co_return 1s;
  }
  for (const RuntimeContainer& container : runtime_->containers) {
    Result<void> gone = co_await parts_.runtime.remove_container(container.status.id);
    if (!gone) co_return 1s;
  }
  parts_.files.remove_tree(pod_log_directory(parts_.options, *pod_));
  parts_.files.remove_tree(parts_.options.root_dir + "/pods/" + uid_);
  if (removed_) {
    parts_.statuses.forget(uid_);
    done_ = true;
    co_return kResync;
  }
  if (!cleaned_ || !parts_.statuses.finished(uid_)) {
    if (status_) parts_.statuses.set(pod_, *status_);
    parts_.statuses.finish(uid_);
  }
  cleaned_ = true;
  co_return kResync;
}

}  // namespace xebec::kubelet
