#include "kubelet/server/stats/node_snapshot.h"

#include "kubelet/labels.h"
#include "kubelet/time.h"

namespace xebec::kubelet {
namespace {

// Rates over less than this are noise.
constexpr int64_t kShortest = 1'000'000'000;

int64_t cpu_of(const cri::ContainerStats& stats) {
  return stats.cpu ? static_cast<int64_t>(stats.cpu->usage_core_nano_seconds.value_or(0)) : 0;
}

std::string uid_of(const cri::StringMap& labels) {
  auto it = labels.find(kPodUid);
  return it == labels.end() ? std::string() : it->second;
}

}  // namespace

int64_t PodSnapshot::cpu_nanos() const {
  if (sandbox.cpu && sandbox.cpu->usage_core_nano_seconds)
    return static_cast<int64_t>(*sandbox.cpu->usage_core_nano_seconds);
  int64_t sum = 0;
  for (const ContainerSnapshot& container : containers) sum += cpu_of(container.stats);
  return sum;
}

int64_t PodSnapshot::working_set() const {
  if (sandbox.memory && sandbox.memory->working_set_bytes)
    return static_cast<int64_t>(*sandbox.memory->working_set_bytes);
  int64_t sum = 0;
  for (const ContainerSnapshot& container : containers) {
    if (container.stats.memory)
      sum += static_cast<int64_t>(container.stats.memory->working_set_bytes.value_or(0));
  }
  return sum;
}

void StatsReader::note(NodeSnapshot& into, const std::string& key, int64_t cpu_nanos) {
  Sample& last = samples_[key];
  int64_t passed = into.taken_at - last.at;
  if (last.at == 0 || cpu_nanos < last.cpu_nanos) {
    last = Sample{into.taken_at, cpu_nanos, 0};
  } else if (passed >= kShortest) {
    auto rate = static_cast<int64_t>(static_cast<double>(cpu_nanos - last.cpu_nanos) * 1e9 /
                                     static_cast<double>(passed));
    last = Sample{into.taken_at, cpu_nanos, rate};
  }
  into.nano_cores[key] = last.rate;
}

Task<NodeSnapshot> StatsReader::read() {
  NodeSnapshot out;
  out.taken_at = now_nanos(clock_);
  out.node = pods_.node_figures();
  note(out, "", out.node.load.cpu_nanos);
  Result<cri::ImageFsInfo> images = co_await runtime_.image_fs_info();
  if (images && !images->image_filesystems.empty()) {
    const cri::FilesystemUsage& fs = images->image_filesystems[0];
    out.image_disk = pods_.disk(fs.mountpoint);
    out.image_bytes = static_cast<int64_t>(fs.used_bytes.value_or(0));
  }
  cri::StatsFilter everything;
  Result<std::vector<cri::ContainerStats>> containers = co_await runtime_.list_container_stats(everything);
  Result<std::vector<cri::PodSandboxStats>> sandboxes = co_await runtime_.list_pod_sandbox_stats(everything);
  out.failed = !containers;
  for (const auto& pod : pods_.pods()) {
    const std::string& uid = pod->metadata.uid;
    PodSnapshot snapshot;
    snapshot.pod = pod;
    snapshot.sandbox_id = pods_.sandbox_id(uid);
    if (snapshot.sandbox_id.empty()) continue;
    if (containers) {
      for (const cri::ContainerStats& stats : *containers) {
        if (uid_of(stats.labels) != uid) continue;
        ContainerSnapshot one;
        one.stats = stats;
        for (const corev1::ContainerStatus& status : pod->status.containerStatuses) {
          if (status.name != stats.metadata.name) continue;
          one.image = status.image;
          if (status.state.running) one.started_at = status.state.running->startedAt.seconds * 1'000'000'000;
        }
        note(out, stats.id, cpu_of(stats));
        snapshot.containers.push_back(std::move(one));
      }
    }
    if (sandboxes) {
      for (const cri::PodSandboxStats& stats : *sandboxes) {
        if (stats.id == snapshot.sandbox_id) snapshot.sandbox = stats;
      }
    }
    note(out, snapshot.sandbox_id, snapshot.cpu_nanos());
    out.pods.push_back(std::move(snapshot));
  }
  std::erase_if(samples_, [&](const auto& item) { return !out.nano_cores.contains(item.first); });
  co_return out;
}

}  // namespace xebec::kubelet
