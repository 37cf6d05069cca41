// PodWorker at the end of its Pod: stops the containers within their grace period, then removes what is left
// of the Pod on the node.
#include <algorithm>

#include "kubelet/labels.h"
#include "kubelet/pods/container_config.h"
#include "kubelet/pods/pod_worker.h"
#include "kubelet/pods/sandbox_config.h"

namespace xebec::kubelet {

using namespace std::chrono_literals;

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
