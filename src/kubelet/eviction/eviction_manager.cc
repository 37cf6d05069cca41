#include "kubelet/eviction/eviction_manager.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/pod_resources.h"

namespace xebec::kubelet {
namespace {

constexpr int64_t kGrace = 1;
constexpr int32_t kCritical = 2'000'000'000;

std::string_view resource_of(const std::string& signal) {
  return signal == "memory" ? "memory" : "ephemeral-storage";
}

int64_t usage_of(const PodUsage& usage, const std::string& signal) {
  return signal == "memory" ? usage.memory() : usage.local_storage();
}

int64_t value_in(const api::ResourceList& list, std::string_view name) {
  const api::Quantity* quantity = list.get(name);
  return quantity == nullptr ? 0 : quantity->value();
}

std::string bytes(int64_t value) {
  return std::string(api::Quantity(value, api::Quantity::Format::BinarySI).str());
}

// In Ki, as upstream words what it observed.
std::string kibibytes(int64_t value) { return fmt::format("{}Ki", value / 1024); }

bool critical(const corev1::Pod& pod) { return pod.spec.priority.value_or(0) >= kCritical; }

bool limits_storage(const corev1::Pod& pod) {
  bool volumes =
      std::any_of(pod.spec.volumes.begin(), pod.spec.volumes.end(), [](const corev1::Volume& volume) {
        return volume.emptyDir && volume.emptyDir->sizeLimit && volume.emptyDir->medium != "Memory";
      });
  return volumes || api::pod_limits(pod).contains("ephemeral-storage");
}

}  // namespace

int64_t PodUsage::memory() const {
  int64_t sum = 0;
  for (const auto& [name, container] : containers) sum += container.memory;
  return sum;
}

int64_t PodUsage::local_storage() const {
  int64_t sum = 0;
  for (const auto& [name, container] : containers) sum += container.local_storage;
  for (const auto& [name, size] : empty_dirs) sum += size;
  return sum;
}

Task<std::vector<EvictionManager::Shortage>> EvictionManager::shortages() {
  std::vector<Shortage> out;
  MachineLoad load = machine_.load();
  auto check = [&](std::string signal, std::string condition, int64_t available, int64_t threshold) {
    if (available >= threshold) return;
    out.push_back(Shortage{std::move(signal), std::move(condition), available, threshold});
  };
  auto check_disk = [&](const DiskSpace& disk, double share) {
    if (disk.bytes == 0) return;
    auto part = [](int64_t whole, double of) {
      return static_cast<int64_t>(static_cast<double>(whole) * of);
    };
    check("ephemeral-storage", "DiskPressure", disk.available_bytes, part(disk.bytes, share));
    if (disk.inodes > 0)
      check("inodes", "DiskPressure", disk.free_inodes, part(disk.inodes, thresholds_.inodes));
  };
  check("memory", "MemoryPressure", load.memory_available_bytes, thresholds_.memory_available);
  check_disk(load.disk, thresholds_.nodefs);
  std::optional<DiskSpace> images = co_await actions_.image_disk();
  // One disk for both has one threshold, the lower one.
  bool own_disk = images && (images->bytes != load.disk.bytes || images->inodes != load.disk.inodes);
  if (own_disk) check_disk(*images, thresholds_.imagefs);
  co_return out;
}

void EvictionManager::report(const std::vector<Shortage>& found) {
  MonotonicTime now = env_.executor->now();
  for (const Shortage& shortage : found) last_seen_[shortage.condition] = now;
  std::erase_if(last_seen_, [&](const auto& item) { return now - item.second >= thresholds_.transition; });
  std::vector<std::string> conditions;
  for (const auto& [condition, seen] : last_seen_) conditions.push_back(condition);
  std::sort(conditions.begin(), conditions.end(), std::greater<>());
  actions_.set_pressures(std::move(conditions));
}

// Measuring costs: without a shortage only pods with limits of their own are looked at.
Task<std::vector<EvictionManager::Candidate>> EvictionManager::candidates(bool everybody) {
  std::vector<Candidate> out;
  for (const PodPtr& pod : actions_.running_pods()) {
    if (critical(*pod) || (!everybody && !limits_storage(*pod))) continue;
    std::optional<PodUsage> usage = co_await actions_.usage(pod);
    if (!usage) continue;
    Candidate candidate;
    candidate.pod = pod;
    candidate.usage = std::move(*usage);
    out.push_back(std::move(candidate));
  }
  co_return out;
}

// Pods that use more local storage than they may. True when there was one.
bool EvictionManager::enforce_limits(const std::vector<Candidate>& all) {
  bool any = false;
  for (const Candidate& candidate : all) {
    const corev1::Pod& pod = *candidate.pod;
    std::string message;
    for (const corev1::Volume& volume : pod.spec.volumes) {
      if (!volume.emptyDir || !volume.emptyDir->sizeLimit || volume.emptyDir->medium == "Memory") continue;
      const api::Quantity& limit = *volume.emptyDir->sizeLimit;
      auto used = candidate.usage.empty_dirs.find(volume.name);
      if (limit.is_zero() || used == candidate.usage.empty_dirs.end() || used->second <= limit.value())
        continue;
      message =
          fmt::format("Usage of EmptyDir volume \"{}\" exceeds the limit \"{}\". ", volume.name, limit.str());
    }
    api::ResourceList limits = api::pod_limits(pod);
    const api::Quantity* whole = limits.get("ephemeral-storage");
    if (message.empty() && whole != nullptr && candidate.usage.local_storage() > whole->value()) {
      message = fmt::format("Pod ephemeral local storage usage exceeds the total limit of containers {}. ",
                            whole->str());
    }
    for (const corev1::Container& container : pod.spec.containers) {
      const api::Quantity* limit = container.resources.limits.get("ephemeral-storage");
      auto used = candidate.usage.containers.find(container.name);
      if (!message.empty() || limit == nullptr || used == candidate.usage.containers.end()) continue;
      if (used->second.local_storage <= limit->value()) continue;
      message = fmt::format("Container {} exceeded its local ephemeral storage limit \"{}\". ",
                            container.name, limit->str());
    }
    if (message.empty()) continue;
    actions_.evict(candidate.pod, std::move(message), kGrace);
    any = true;
  }
  return any;
}

// First those that use more than they asked for, then the less important, then by how much they exceed it.
void EvictionManager::evict_one(std::vector<Candidate> all, const Shortage& shortage) {
  if (all.empty()) return;
  std::string_view resource = resource_of(shortage.signal);
  auto excess = [&](const Candidate& c) {
    return usage_of(c.usage, shortage.signal) - value_in(api::pod_requests(*c.pod), resource);
  };
  std::stable_sort(all.begin(), all.end(), [&](const Candidate& a, const Candidate& b) {
    int64_t ea = excess(a), eb = excess(b);
    if ((ea > 0) != (eb > 0)) return ea > 0;
    int32_t pa = a.pod->spec.priority.value_or(0), pb = b.pod->spec.priority.value_or(0);
    if (pa != pb) return pa < pb;
    return ea > eb;
  });
  const Candidate& victim = all.front();
  std::string message = fmt::format("The node was low on resource: {}. ", shortage.signal);
  if (shortage.signal == "inodes") {
    message += fmt::format("Threshold quantity: {}, available: {}. ", shortage.threshold, shortage.available);
  } else {
    message += fmt::format("Threshold quantity: {}, available: {}. ", bytes(shortage.threshold),
                           kibibytes(shortage.available));
  }
  for (const corev1::Container& container : victim.pod->spec.containers) {
    auto used = victim.usage.containers.find(container.name);
    if (used == victim.usage.containers.end()) continue;
    int64_t amount = shortage.signal == "memory" ? used->second.memory : used->second.local_storage;
    int64_t request = value_in(container.resources.requests, resource);
    if (amount <= request) continue;
    message += fmt::format("Container {} was using {}, request is {}, has larger consumption of {}. ",
                           container.name, kibibytes(amount), request == 0 ? "0" : bytes(request), resource);
  }
  actions_.evict(victim.pod, std::move(message), kGrace);
}

Task<void> EvictionManager::look() {
  std::vector<Shortage> found = co_await shortages();
  report(found);
  std::vector<Candidate> all = co_await candidates(!found.empty());
  if (enforce_limits(all) || found.empty()) co_return;
  const Shortage shortage = found.front();
  actions_.node_event("EvictionThresholdMet", fmt::format("Attempting to reclaim {}", shortage.signal));
  if (shortage.signal != "memory") {
    co_await actions_.free_images();
    std::vector<Shortage> still = co_await shortages();
    bool helped = std::none_of(still.begin(), still.end(),
                               [&](const Shortage& s) { return s.signal == shortage.signal; });
    if (helped) co_return;
  }
  evict_one(std::move(all), shortage);
}

Task<void> EvictionManager::run(CancelToken token) {
  while (!token.cancelled()) {
    bool more = co_await sleep_for(thresholds_.period, token);
    if (!more) co_return;
    co_await look();
  }
}

}  // namespace xebec::kubelet
