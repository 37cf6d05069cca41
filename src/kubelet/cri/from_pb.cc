#include "kubelet/cri/convert.h"

namespace xebec::cri {
namespace {

StringMap map(const google::protobuf::Map<std::string, std::string>& from) {
  return {from.begin(), from.end()};
}

template <class Field>
std::vector<std::string> strings(const Field& from) {
  return {from.begin(), from.end()};
}

PodSandboxMetadata metadata(const pb::PodSandboxMetadata& from) {
  return {.name = from.name(), .uid = from.uid(), .namespace_ = from.namespace_(), .attempt = from.attempt()};
}

ContainerMetadata metadata(const pb::ContainerMetadata& from) {
  return {.name = from.name(), .attempt = from.attempt()};
}

ImageSpec image_spec(const pb::ImageSpec& from) {
  return {.image = from.image(),
          .user_specified_image = from.user_specified_image(),
          .runtime_handler = from.runtime_handler(),
          .annotations = map(from.annotations())};
}

NamespaceOptions namespaces(const pb::NamespaceOption& from) {
  return {.network = static_cast<NamespaceMode>(from.network()),
          .pid = static_cast<NamespaceMode>(from.pid()),
          .ipc = static_cast<NamespaceMode>(from.ipc()),
          .target_id = from.target_id()};
}

LinuxResources resources(const pb::LinuxContainerResources& from) {
  LinuxResources to;
  to.cpu_period = from.cpu_period();
  to.cpu_quota = from.cpu_quota();
  to.cpu_shares = from.cpu_shares();
  to.memory_limit = from.memory_limit_in_bytes();
  to.memory_swap_limit = from.memory_swap_limit_in_bytes();
  to.oom_score_adj = from.oom_score_adj();
  to.cpuset_cpus = from.cpuset_cpus();
  to.cpuset_mems = from.cpuset_mems();
  for (const pb::HugepageLimit& limit : from.hugepage_limits()) {
    to.hugepage_limits.push_back({.page_size = limit.page_size(), .limit = limit.limit()});
  }
  to.unified = map(from.unified());
  return to;
}

Mount mount(const pb::Mount& from) {
  return {.container_path = from.container_path(),
          .host_path = from.host_path(),
          .readonly = from.readonly(),
          .recursive_read_only = from.recursive_read_only(),
          .selinux_relabel = from.selinux_relabel(),
          .propagation = static_cast<MountPropagation>(from.propagation())};
}

std::optional<uint64_t> value(bool has, const pb::UInt64Value& from) {
  return has ? std::optional<uint64_t>(from.value()) : std::nullopt;
}

CpuUsage usage(const pb::CpuUsage& from) {
  return {
      .timestamp = from.timestamp(),
      .usage_core_nano_seconds = value(from.has_usage_core_nano_seconds(), from.usage_core_nano_seconds()),
      .usage_nano_cores = value(from.has_usage_nano_cores(), from.usage_nano_cores())};
}

MemoryUsage usage(const pb::MemoryUsage& from) {
  return {.timestamp = from.timestamp(),
          .working_set_bytes = value(from.has_working_set_bytes(), from.working_set_bytes()),
          .available_bytes = value(from.has_available_bytes(), from.available_bytes()),
          .usage_bytes = value(from.has_usage_bytes(), from.usage_bytes()),
          .rss_bytes = value(from.has_rss_bytes(), from.rss_bytes()),
          .page_faults = value(from.has_page_faults(), from.page_faults()),
          .major_page_faults = value(from.has_major_page_faults(), from.major_page_faults())};
}

FilesystemUsage usage(const pb::FilesystemUsage& from) {
  return {.timestamp = from.timestamp(),
          .mountpoint = from.fs_id().mountpoint(),
          .used_bytes = value(from.has_used_bytes(), from.used_bytes()),
          .inodes_used = value(from.has_inodes_used(), from.inodes_used())};
}

NetworkInterfaceUsage usage(const pb::NetworkInterfaceUsage& from) {
  return {.name = from.name(),
          .rx_bytes = value(from.has_rx_bytes(), from.rx_bytes()),
          .rx_errors = value(from.has_rx_errors(), from.rx_errors()),
          .tx_bytes = value(from.has_tx_bytes(), from.tx_bytes()),
          .tx_errors = value(from.has_tx_errors(), from.tx_errors())};
}

NetworkUsage usage(const pb::NetworkUsage& from) {
  NetworkUsage to;
  to.timestamp = from.timestamp();
  if (from.has_default_interface()) to.default_interface = usage(from.default_interface());
  for (const pb::NetworkInterfaceUsage& interface : from.interfaces())
    to.interfaces.push_back(usage(interface));
  return to;
}

}  // namespace

PodSandbox from_pb(const pb::PodSandbox& from) {
  return {.id = from.id(),
          .metadata = metadata(from.metadata()),
          .state = static_cast<SandboxState>(from.state()),
          .created_at = from.created_at(),
          .labels = map(from.labels()),
          .annotations = map(from.annotations()),
          .runtime_handler = from.runtime_handler()};
}

PodSandboxStatus from_pb(const pb::PodSandboxStatus& from) {
  PodSandboxStatus to;
  to.id = from.id();
  to.metadata = metadata(from.metadata());
  to.state = static_cast<SandboxState>(from.state());
  to.created_at = from.created_at();
  if (!from.network().ip().empty()) to.ips.push_back(from.network().ip());
  for (const pb::PodIP& ip : from.network().additional_ips()) to.ips.push_back(ip.ip());
  to.namespaces = namespaces(from.linux().namespaces().options());
  to.labels = map(from.labels());
  to.annotations = map(from.annotations());
  to.runtime_handler = from.runtime_handler();
  return to;
}

Container from_pb(const pb::Container& from) {
  return {.id = from.id(),
          .sandbox_id = from.pod_sandbox_id(),
          .metadata = metadata(from.metadata()),
          .image = image_spec(from.image()),
          .image_ref = from.image_ref(),
          .image_id = from.image_id(),
          .state = static_cast<ContainerState>(from.state()),
          .created_at = from.created_at(),
          .labels = map(from.labels()),
          .annotations = map(from.annotations())};
}

ContainerStatus from_pb(const pb::ContainerStatus& from) {
  ContainerStatus to;
  to.id = from.id();
  to.metadata = metadata(from.metadata());
  to.state = static_cast<ContainerState>(from.state());
  to.created_at = from.created_at();
  to.started_at = from.started_at();
  to.finished_at = from.finished_at();
  to.exit_code = from.exit_code();
  to.image = image_spec(from.image());
  to.image_ref = from.image_ref();
  to.image_id = from.image_id();
  to.reason = from.reason();
  to.message = from.message();
  to.labels = map(from.labels());
  to.annotations = map(from.annotations());
  for (const pb::Mount& m : from.mounts()) to.mounts.push_back(mount(m));
  to.log_path = from.log_path();
  if (from.resources().has_linux()) to.resources = resources(from.resources().linux());
  if (from.user().has_linux()) {
    const pb::LinuxContainerUser& user = from.user().linux();
    to.user = ContainerUser{
        user.uid(), user.gid(), {user.supplemental_groups().begin(), user.supplemental_groups().end()}};
  }
  if (from.stop_signal() != pb::RUNTIME_DEFAULT) to.stop_signal = pb::Signal_Name(from.stop_signal());
  return to;
}

ContainerStats from_pb(const pb::ContainerStats& from) {
  ContainerStats to;
  to.id = from.attributes().id();
  to.metadata = metadata(from.attributes().metadata());
  to.labels = map(from.attributes().labels());
  to.annotations = map(from.attributes().annotations());
  if (from.has_cpu()) to.cpu = usage(from.cpu());
  if (from.has_memory()) to.memory = usage(from.memory());
  if (from.has_swap()) {
    const pb::SwapUsage& swap = from.swap();
    to.swap =
        SwapUsage{.timestamp = swap.timestamp(),
                  .available_bytes = value(swap.has_swap_available_bytes(), swap.swap_available_bytes()),
                  .usage_bytes = value(swap.has_swap_usage_bytes(), swap.swap_usage_bytes())};
  }
  if (from.has_writable_layer()) to.writable_layer = usage(from.writable_layer());
  return to;
}

PodSandboxStats from_pb(const pb::PodSandboxStats& from) {
  PodSandboxStats to;
  to.id = from.attributes().id();
  to.metadata = metadata(from.attributes().metadata());
  to.labels = map(from.attributes().labels());
  to.annotations = map(from.attributes().annotations());
  const pb::LinuxPodSandboxStats& stats = from.linux();
  if (stats.has_cpu()) to.cpu = usage(stats.cpu());
  if (stats.has_memory()) to.memory = usage(stats.memory());
  if (stats.has_network()) to.network = usage(stats.network());
  to.process_count = value(stats.process().has_process_count(), stats.process().process_count());
  for (const pb::ContainerStats& container : stats.containers()) to.containers.push_back(from_pb(container));
  return to;
}

Image from_pb(const pb::Image& from) {
  Image to;
  to.id = from.id();
  to.repo_tags = strings(from.repo_tags());
  to.repo_digests = strings(from.repo_digests());
  to.size = from.size();
  if (from.has_uid()) to.uid = from.uid().value();
  to.username = from.username();
  to.pinned = from.pinned();
  return to;
}

RuntimeStatus from_pb(const pb::StatusResponse& from) {
  RuntimeStatus to;
  for (const pb::RuntimeCondition& condition : from.status().conditions()) {
    to.conditions.push_back({.type = condition.type(),
                             .status = condition.status(),
                             .reason = condition.reason(),
                             .message = condition.message()});
  }
  for (const pb::RuntimeHandler& handler : from.runtime_handlers()) {
    to.handlers.push_back({.name = handler.name(),
                           .recursive_read_only_mounts = handler.features().recursive_read_only_mounts(),
                           .user_namespaces = handler.features().user_namespaces()});
  }
  to.supplemental_groups_policy = from.features().supplemental_groups_policy();
  return to;
}

ImageFsInfo from_pb(const pb::ImageFsInfoResponse& from) {
  ImageFsInfo to;
  for (const pb::FilesystemUsage& fs : from.image_filesystems()) to.image_filesystems.push_back(usage(fs));
  for (const pb::FilesystemUsage& fs : from.container_filesystems())
    to.container_filesystems.push_back(usage(fs));
  return to;
}

}  // namespace xebec::cri
