// What the kubelet does every now and then: log rotation, image collection, eviction.
#include "kubelet/kubelet_impl.h"
#include "kubelet/labels.h"
#include "kubelet/log_rotation.h"
#include "kubelet/pods/sandbox_config.h"

namespace xebec::kubelet {
namespace {

constexpr Duration kRotateLogs = std::chrono::seconds(10);

}  // namespace

Task<void> Kubelet::Impl::rotate_logs(CancelToken token) {
  while (co_await sleep_for(kRotateLogs, token)) {
    std::vector<std::pair<std::string, std::string>> logs;
    for (const auto& [uid, worker] : workers) {
      for (const RuntimeContainer& container : worker->runtime().containers) {
        if (container.running()) logs.emplace_back(container.status.id, container.status.log_path);
      }
    }
    for (const auto& [id, path] : logs) co_await rotate_log(outer.runtime, outer.files, *env.clock, id, path);
  }
}

std::function<void(std::string reason, std::string message)> Kubelet::Impl::image_gc_failed() {
  return
      [this](std::string reason, std::string message) { node_event(std::move(reason), std::move(message)); };
}

void Kubelet::Impl::node_event(std::string reason, std::string message) {
  corev1::Node about;
  about.metadata.name = options.node_name;
  if (node.node() != nullptr) about.metadata.uid = node.node()->metadata.uid;
  recorder.event(about, client::kEventWarning, reason, std::move(message));
}

std::vector<Kubelet::Impl::PodPtr> Kubelet::Impl::running_pods() {
  std::vector<PodPtr> out;
  for (const auto& [uid, worker] : workers) {
    if (!worker->active() || worker->ending()) continue;
    PodPtr pod = worker->pod();
    if (pod) out.push_back(std::move(pod));
  }
  return out;
}

Task<std::optional<PodUsage>> Kubelet::Impl::usage(PodPtr pod) {
  const std::string& uid = pod->metadata.uid;
  cri::StatsFilter own;
  own.labels[kPodUid] = uid;
  Result<std::vector<cri::ContainerStats>> stats =
      co_await outer.runtime.list_container_stats(std::move(own));
  if (!stats) co_return std::nullopt;
  PodUsage out;
  for (const cri::ContainerStats& one : *stats) {
    ContainerUsage& container = out.containers[one.metadata.name];
    if (one.memory) container.memory = static_cast<int64_t>(one.memory->working_set_bytes.value_or(0));
    if (one.writable_layer)
      container.local_storage = static_cast<int64_t>(one.writable_layer->used_bytes.value_or(0));
  }
  std::string logs = pod_log_directory(options, *pod);
  for (auto& [name, container] : out.containers)
    container.local_storage += outer.files.tree_size(logs + "/" + name);
  for (const corev1::Volume& volume : pod->spec.volumes) {
    if (!volume.emptyDir || volume.emptyDir->medium == "Memory") continue;
    out.empty_dirs[volume.name] = outer.files.tree_size(options.root_dir + "/pods/" + uid +
                                                        "/volumes/kubernetes.io~empty-dir/" + volume.name);
  }
  co_return out;
}

Task<std::optional<DiskSpace>> Kubelet::Impl::image_disk() {
  Result<DiskSpace> space = co_await images_gc.space();
  if (!space) co_return std::nullopt;
  co_return *space;
}

Task<void> Kubelet::Impl::free_images() {
  Result<int64_t> freed = co_await images_gc.delete_unused();
  if (!freed) env.logger.warning("Cannot remove unused images", {{"error", freed.error().message}});
}

void Kubelet::Impl::evict(PodPtr pod, std::string message, int64_t grace) {
  auto it = workers.find(pod->metadata.uid);
  if (it == workers.end()) return;
  recorder.event(*pod, client::kEventWarning, "Evicted", message);
  it->second->evict("Evicted", std::move(message), grace);
}

}  // namespace xebec::kubelet
