#include "kubelet/server/stats/summary.h"

#include "codec/json.h"
#include "kubelet/time.h"

namespace xebec::kubelet {
namespace {

using codec::Value;

std::string time_text(int64_t nanos) { return time_of_nanos(nanos).str(); }

template <class T>
void put(Value& into, const char* key, const std::optional<T>& value) {
  if (value) into[key] = Value(static_cast<int64_t>(*value));
}

Value cpu_value(int64_t at, int64_t core_nanos, int64_t nano_cores) {
  Value out;
  out["time"] = Value(time_text(at));
  out["usageNanoCores"] = Value(nano_cores);
  out["usageCoreNanoSeconds"] = Value(core_nanos);
  return out;
}

Value memory_value(const cri::MemoryUsage& memory, int64_t at) {
  Value out;
  out["time"] = Value(time_text(at));
  put(out, "availableBytes", memory.available_bytes);
  put(out, "usageBytes", memory.usage_bytes);
  put(out, "workingSetBytes", memory.working_set_bytes);
  put(out, "rssBytes", memory.rss_bytes);
  put(out, "pageFaults", memory.page_faults);
  put(out, "majorPageFaults", memory.major_page_faults);
  return out;
}

Value disk_value(const DiskSpace& disk, int64_t used, int64_t at) {
  Value out;
  out["time"] = Value(time_text(at));
  out["availableBytes"] = Value(disk.available_bytes);
  out["capacityBytes"] = Value(disk.bytes);
  out["usedBytes"] = Value(used);
  out["inodesFree"] = Value(disk.free_inodes);
  out["inodes"] = Value(disk.inodes);
  out["inodesUsed"] = Value(disk.inodes - disk.free_inodes);
  return out;
}

Value network_value(const cri::NetworkUsage& network, int64_t at) {
  auto one = [](Value& into, const cri::NetworkInterfaceUsage& interface) {
    into["name"] = Value(interface.name);
    put(into, "rxBytes", interface.rx_bytes);
    put(into, "rxErrors", interface.rx_errors);
    put(into, "txBytes", interface.tx_bytes);
    put(into, "txErrors", interface.tx_errors);
  };
  Value out;
  out["time"] = Value(time_text(at));
  codec::ValueList all;
  if (network.default_interface) {
    one(out, *network.default_interface);
    one(all.emplace_back(), *network.default_interface);
  }
  for (const cri::NetworkInterfaceUsage& interface : network.interfaces) one(all.emplace_back(), interface);
  out["interfaces"] = Value(std::move(all));
  return out;
}

int64_t rate_of(const NodeSnapshot& snapshot, const std::string& key) {
  auto it = snapshot.nano_cores.find(key);
  return it == snapshot.nano_cores.end() ? 0 : it->second;
}

int64_t node_working_set(const NodeSnapshot& snapshot) {
  return snapshot.node.machine.memory_bytes - snapshot.node.load.memory_available_bytes;
}

Value node_value(const NodeSnapshot& s, bool brief) {
  const MachineLoad& load = s.node.load;
  Value out;
  out["nodeName"] = Value(s.node.node_name);
  out["startTime"] = Value(api::Time::from_unix(load.boot_time).str());
  out["cpu"] = cpu_value(s.taken_at, load.cpu_nanos, rate_of(s, ""));
  cri::MemoryUsage memory;
  memory.available_bytes = static_cast<uint64_t>(load.memory_available_bytes);
  memory.usage_bytes = static_cast<uint64_t>(load.memory_used_bytes);
  memory.working_set_bytes = static_cast<uint64_t>(node_working_set(s));
  memory.rss_bytes = static_cast<uint64_t>(load.rss_bytes);
  out["memory"] = memory_value(memory, s.taken_at);
  if (brief) return out;
  out["fs"] = disk_value(load.disk, load.disk.bytes - load.disk.available_bytes, s.taken_at);
  out["runtime"]["imageFs"] = disk_value(s.image_disk, s.image_bytes, s.taken_at);
  out["runtime"]["containerFs"] = disk_value(s.image_disk, s.image_bytes, s.taken_at);
  out["rlimit"]["time"] = Value(time_text(s.taken_at));
  out["rlimit"]["maxpid"] = Value(load.max_pids);
  out["rlimit"]["curproc"] = Value(load.pids);
  return out;
}

Value container_value(const NodeSnapshot& s, const ContainerSnapshot& container, bool brief) {
  Value out;
  out["name"] = Value(container.stats.metadata.name);
  out["startTime"] = Value(time_text(container.started_at));
  if (container.stats.cpu) {
    auto used = static_cast<int64_t>(container.stats.cpu->usage_core_nano_seconds.value_or(0));
    out["cpu"] = cpu_value(s.taken_at, used, rate_of(s, container.stats.id));
  }
  if (container.stats.memory) out["memory"] = memory_value(*container.stats.memory, s.taken_at);
  if (brief || !container.stats.writable_layer) return out;
  auto used = static_cast<int64_t>(container.stats.writable_layer->used_bytes.value_or(0));
  out["rootfs"] = disk_value(s.image_disk, used, s.taken_at);
  return out;
}

Value pod_value(const NodeSnapshot& s, const PodSnapshot& pod, bool brief) {
  Value out;
  out["podRef"]["name"] = Value(pod.pod->metadata.name);
  out["podRef"]["namespace"] = Value(pod.pod->metadata.namespace_);
  out["podRef"]["uid"] = Value(pod.pod->metadata.uid);
  if (pod.pod->status.startTime) out["startTime"] = Value(pod.pod->status.startTime->str());
  codec::ValueList containers;
  for (const ContainerSnapshot& container : pod.containers)
    containers.push_back(container_value(s, container, brief));
  out["containers"] = Value(std::move(containers));
  out["cpu"] = cpu_value(s.taken_at, pod.cpu_nanos(), rate_of(s, pod.sandbox_id));
  cri::MemoryUsage memory = pod.sandbox.memory.value_or(cri::MemoryUsage());
  if (!memory.working_set_bytes) memory.working_set_bytes = static_cast<uint64_t>(pod.working_set());
  out["memory"] = memory_value(memory, s.taken_at);
  if (brief) return out;
  if (pod.sandbox.network) out["network"] = network_value(*pod.sandbox.network, s.taken_at);
  if (pod.sandbox.process_count)
    out["process_stats"]["process_count"] = Value(static_cast<int64_t>(*pod.sandbox.process_count));
  return out;
}

}  // namespace

std::string summary_json(const NodeSnapshot& snapshot, bool only_cpu_and_memory) {
  Value out;
  out["node"] = node_value(snapshot, only_cpu_and_memory);
  codec::ValueList pods;
  for (const PodSnapshot& pod : snapshot.pods) pods.push_back(pod_value(snapshot, pod, only_cpu_and_memory));
  out["pods"] = Value(std::move(pods));
  return codec::to_json(out);
}

}  // namespace xebec::kubelet
