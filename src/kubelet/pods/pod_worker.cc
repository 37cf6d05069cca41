#include "kubelet/pods/pod_worker.h"

#include <algorithm>

#include "kubelet/labels.h"
#include "kubelet/pods/container_config.h"
#include "kubelet/pods/field_ref.h"
#include "kubelet/time.h"

namespace xebec::kubelet {

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

}  // namespace xebec::kubelet
