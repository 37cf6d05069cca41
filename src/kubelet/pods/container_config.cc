#include "kubelet/pods/container_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/pod_resources.h"
#include "kubelet/labels.h"
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

int64_t oom_score(const corev1::Pod& pod, const corev1::Container& container, int64_t capacity) {
  std::string_view qos = api::pod_qos_class(pod);
  if (qos == "Guaranteed") return -997;
  if (qos == "BestEffort" || capacity <= 0) return 1000;
  const api::Quantity* request = container.resources.requests.get("memory");
  int64_t bytes = request == nullptr ? 0 : request->value();
  int64_t score = 1000 - (1000 * bytes) / capacity;
  return std::clamp<int64_t>(score, 3, 999);
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
                                    int64_t memory_capacity) {
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
  config.resources = linux_resources(pod, container, in.memory_capacity);
  if (container.lifecycle && container.lifecycle->stopSignal)
    config.stop_signal = *container.lifecycle->stopSignal;
  TRY(config.security, security_of(in));
  return config;
}

}  // namespace xebec::kubelet
