#include "kubelet/pods/container_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/pod_resources.h"
#include "kubelet/labels.h"
#include "kubelet/node/huge_pages.h"
#include "kubelet/pods/environment.h"
#include "kubelet/pods/sandbox_config.h"
#include "kubelet/problem.h"

namespace xebec::kubelet {
namespace {

constexpr int64_t kCpuPeriod = 100000;

const std::vector<std::string> kMaskedPaths = {
    "/proc/asound",      "/proc/acpi",          "/proc/interrupts", "/proc/kcore",
    "/proc/keys",        "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
    "/proc/sched_debug", "/proc/scsi",          "/sys/firmware",    "/sys/devices/virtual/powercap"};
const std::vector<std::string> kReadonlyPaths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                                 "/proc/sysrq-trigger"};

constexpr int64_t kGuaranteedScore = -997;
constexpr int64_t kBestEffortScore = 1000;

// The smaller the share of the node's memory that a container asks for, the sooner it is killed.
int64_t burstable_score(const corev1::Container& container, int64_t capacity) {
  const api::Quantity* request = container.resources.requests.get("memory");
  int64_t bytes = request == nullptr ? 0 : request->value();
  return 1000 - (1000 * bytes) / capacity;
}

int64_t oom_score(const corev1::Pod& pod, const corev1::Container& container, int64_t capacity) {
  if (pod.spec.priorityClassName == "system-node-critical") return kGuaranteedScore;
  std::string_view qos = api::pod_qos_class(pod);
  if (qos == "Guaranteed") return kGuaranteedScore;
  if (qos == "BestEffort" || capacity <= 0) return kBestEffortScore;
  int64_t score = burstable_score(container, capacity);
  // A sidecar does not go before those it serves.
  bool sidecar = std::any_of(
      pod.spec.initContainers.begin(), pod.spec.initContainers.end(),
      [&](const corev1::Container& c) { return c.name == container.name && c.restartPolicy == "Always"; });
  if (sidecar) {
    for (const corev1::Container& served : pod.spec.containers)
      score = std::min(score, burstable_score(served, capacity));
  }
  return std::clamp<int64_t>(score, 1000 + kGuaranteedScore, kBestEffortScore - 1);
}

std::optional<cri::SelinuxOptions> selinux_of(const corev1::PodSecurityContext* pod,
                                              const corev1::SecurityContext* own) {
  const corev1::SELinuxOptions* from = nullptr;
  if (pod != nullptr && pod->seLinuxOptions) from = pod->seLinuxOptions.get();
  if (own != nullptr && own->seLinuxOptions) from = own->seLinuxOptions.get();
  if (from == nullptr) return std::nullopt;
  return cri::SelinuxOptions{from->user, from->role, from->type, from->level};
}

std::optional<cri::SecurityProfile> apparmor_of(const corev1::PodSecurityContext* pod,
                                                const corev1::SecurityContext* own) {
  const corev1::AppArmorProfile* from = nullptr;
  if (pod != nullptr && pod->appArmorProfile) from = pod->appArmorProfile.get();
  if (own != nullptr && own->appArmorProfile) from = own->appArmorProfile.get();
  if (from == nullptr) return std::nullopt;
  cri::SecurityProfile out;
  out.type = from->type == "Localhost"        ? cri::SecurityProfile::Type::kLocalhost
             : from->type == "RuntimeDefault" ? cri::SecurityProfile::Type::kRuntimeDefault
                                              : cri::SecurityProfile::Type::kUnconfined;
  out.localhost_ref = from->localhostProfile.value_or("");
  return out;
}

// "2Mi" of the resource hugepages-2Mi is "2MB" to the runtime.
std::vector<cri::HugepageLimit> hugepage_limits(const corev1::Container& container) {
  std::vector<cri::HugepageLimit> out;
  for (const auto& [name, quantity] : container.resources.limits) {
    std::optional<int64_t> size = huge_page_size(name);
    if (!size) continue;
    out.push_back(cri::HugepageLimit{huge_page_cgroup_name(*size), static_cast<uint64_t>(quantity.value())});
  }
  return out;
}

Result<cri::ContainerSecurityContext> security_of(const ContainerInputs& in) {
  const corev1::PodSecurityContext* pod = in.pod->spec.securityContext.get();
  const corev1::SecurityContext* own = in.container->securityContext.get();
  cri::ContainerSecurityContext out;
  out.namespaces = namespaces_of(*in.pod);
  if (!in.target_id.empty() && out.namespaces.pid == cri::NamespaceMode::kContainer) {
    out.namespaces.pid = cri::NamespaceMode::kTarget;
    out.namespaces.target_id = in.target_id;
  }
  out.privileged = own != nullptr && own->privileged.value_or(false);
  out.selinux = selinux_of(pod, own);
  out.apparmor = apparmor_of(pod, own);
  std::optional<bool> non_root;
  if (pod != nullptr) {
    out.run_as_user = pod->runAsUser;
    out.run_as_group = pod->runAsGroup;
    non_root = pod->runAsNonRoot;
    out.supplemental_groups = pod->supplementalGroups;
    if (pod->fsGroup) out.supplemental_groups.push_back(*pod->fsGroup);
    if (pod->supplementalGroupsPolicy == "Strict")
      out.supplemental_groups_policy = cri::SupplementalGroupsPolicy::kStrict;
  }
  if (own != nullptr) {
    if (own->runAsUser) out.run_as_user = own->runAsUser;
    if (own->runAsGroup) out.run_as_group = own->runAsGroup;
    if (own->runAsNonRoot) non_root = own->runAsNonRoot;
    out.readonly_rootfs = own->readOnlyRootFilesystem.value_or(false);
    out.no_new_privs = !own->allowPrivilegeEscalation.value_or(true);
    if (own->capabilities) {
      cri::Capabilities capabilities;
      capabilities.add = own->capabilities->add;
      capabilities.drop = own->capabilities->drop;
      for (auto* list : {&capabilities.add, &capabilities.drop}) {
        for (std::string& name : *list) {
          if (name.starts_with("CAP_")) name.erase(0, 4);
        }
      }
      out.capabilities = std::move(capabilities);
    }
  }
  out.seccomp = seccomp_of(pod, own, in.options->root_dir + "/seccomp");
  if (out.privileged) out.seccomp->type = cri::SecurityProfile::Type::kUnconfined;
  bool unmasked = own != nullptr && own->procMount == "Unmasked";
  if (!out.privileged && !unmasked) {
    out.masked_paths = kMaskedPaths;
    out.readonly_paths = kReadonlyPaths;
  }
  std::string who = fmt::format("(pod: \"{}_{}({})\", container: {})", in.pod->metadata.name,
                                in.pod->metadata.namespace_, in.pod->metadata.uid, in.container->name);
  if (non_root.value_or(false)) {
    if (out.run_as_user) {
      if (*out.run_as_user == 0) return fail(problem("container's runAsUser breaks non-root policy " + who));
    } else if (in.image && in.image->uid) {
      if (*in.image->uid == 0) {
        return fail(problem("container has runAsNonRoot and image will run as root " + who));
      }
    } else if (in.image && !in.image->username.empty()) {
      return fail(
          problem(fmt::format("container has runAsNonRoot and image has non-numeric user ({}), cannot verify "
                              "user is non-root {}",
                              in.image->username, who)));
    } else if (in.image) {
      return fail(problem("container has runAsNonRoot and image will run as root " + who));
    }
  }
  if (!out.run_as_user && in.image) {
    if (in.image->uid) out.run_as_user = in.image->uid;
    if (!in.image->uid) out.run_as_username = in.image->username;
    // An image that names nobody is root's: a group alone would be refused by the runtime.
    if (!in.image->uid && in.image->username.empty()) out.run_as_user = 0;
  }
  return out;
}

}  // namespace

std::string container_hash(const corev1::Container& container) {
  // FNV-1a: the same in every run and on every machine.
  uint64_t hash = 14695981039346656037ULL;
  for (char c : container.name + "\n" + container.image) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return fmt::format("{:08x}", static_cast<uint32_t>(hash ^ (hash >> 32)));
}

corev1::Container as_container(const corev1::EphemeralContainer& e) {
  corev1::Container c;
  c.name = e.name;
  c.image = e.image;
  c.command = e.command;
  c.args = e.args;
  c.workingDir = e.workingDir;
  c.envFrom = e.envFrom;
  c.env = e.env;
  c.volumeMounts = e.volumeMounts;
  c.terminationMessagePath = e.terminationMessagePath;
  c.terminationMessagePolicy = e.terminationMessagePolicy;
  c.imagePullPolicy = e.imagePullPolicy;
  c.securityContext = e.securityContext;
  c.stdin = e.stdin;
  c.stdinOnce = e.stdinOnce;
  c.tty = e.tty;
  return c;
}

cri::LinuxResources linux_resources(const corev1::Pod& pod, const corev1::Container& container,
                                    int64_t memory_capacity, bool cgroup2) {
  cri::LinuxResources out;
  const auto& limits = container.resources.limits;
  const api::Quantity* request = container.resources.requests.get("cpu");
  const api::Quantity* limit = limits.get("cpu");
  int64_t milli = request != nullptr ? request->milli_value() : limit != nullptr ? limit->milli_value() : 0;
  out.cpu_shares = std::clamp<int64_t>(milli * 1024 / 1000, 2, 262144);
  if (limit != nullptr && !limit->is_zero()) {
    out.cpu_period = kCpuPeriod;
    out.cpu_quota = std::max<int64_t>(1000, limit->milli_value() * kCpuPeriod / 1000);
  }
  if (const api::Quantity* memory = limits.get("memory")) out.memory_limit = memory->value();
  out.oom_score_adj = oom_score(pod, container, memory_capacity);
  out.hugepage_limits = hugepage_limits(container);
  // A container that runs out of memory ends as a whole.
  if (cgroup2) out.unified["memory.oom.group"] = "1";
  return out;
}

Result<cri::ContainerConfig> make_container_config(const ContainerInputs& in) {
  const corev1::Container& container = *in.container;
  cri::ContainerConfig config;
  config.metadata = {container.name, static_cast<uint32_t>(in.restart_count)};
  config.image.image = in.image_ref;
  config.image.user_specified_image = container.image;
  std::map<std::string, std::string> values;
  for (const cri::EnvVar& variable : in.env) values[variable.name] = variable.value;
  for (const std::string& word : container.command) config.command.push_back(expand(word, values));
  for (const std::string& word : container.args) config.args.push_back(expand(word, values));
  config.working_dir = container.workingDir;
  config.envs = in.env;
  config.mounts = in.mounts;
  const corev1::Pod& pod = *in.pod;
  config.labels[kContainerName] = container.name;
  config.labels[kPodName] = pod.metadata.name;
  config.labels[kPodNamespace] = pod.metadata.namespace_;
  config.labels[kPodUid] = pod.metadata.uid;
  config.annotations[kContainerHash] = container_hash(container);
  config.annotations[kRestartCount] = std::to_string(in.restart_count);
  config.annotations[kTerminationPath] = container.terminationMessagePath;
  config.annotations[kTerminationPolicy] = container.terminationMessagePolicy;
  config.annotations[kPodGrace] = std::to_string(pod.spec.terminationGracePeriodSeconds.value_or(30));
  config.log_path = fmt::format("{}/{}.log", container.name, in.restart_count);
  config.stdin_ = container.stdin;
  config.stdin_once = container.stdinOnce;
  config.tty = container.tty;
  config.resources = linux_resources(pod, container, in.memory_capacity, in.cgroup2);
  if (container.lifecycle && container.lifecycle->stopSignal)
    config.stop_signal = *container.lifecycle->stopSignal;
  TRY(config.security, security_of(in));
  return config;
}

}  // namespace xebec::kubelet
