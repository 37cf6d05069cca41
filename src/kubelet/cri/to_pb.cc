#include "kubelet/cri/convert.h"

namespace xebec::cri {
namespace {

template <class T, class Field>
void copy(const std::vector<T>& from, Field* to) {
  to->Reserve(static_cast<int>(from.size()));
  for (const T& item : from) *to->Add() = item;
}

pb::NamespaceMode mode(NamespaceMode m) { return static_cast<pb::NamespaceMode>(m); }

void fill(const NamespaceOptions& from, pb::NamespaceOption* to) {
  to->set_network(mode(from.network));
  to->set_pid(mode(from.pid));
  to->set_ipc(mode(from.ipc));
  to->set_target_id(from.target_id);
}

void fill(const SecurityProfile& from, pb::SecurityProfile* to) {
  to->set_profile_type(static_cast<pb::SecurityProfile::ProfileType>(from.type));
  to->set_localhost_ref(from.localhost_ref);
}

void fill(const SelinuxOptions& from, pb::SELinuxOption* to) {
  to->set_user(from.user);
  to->set_role(from.role);
  to->set_type(from.type);
  to->set_level(from.level);
}

// What sandbox and container security contexts have in common.
template <class From, class To>
void fill_common(const From& from, To* to) {
  fill(from.namespaces, to->mutable_namespace_options());
  if (from.selinux) fill(*from.selinux, to->mutable_selinux_options());
  if (from.run_as_user) to->mutable_run_as_user()->set_value(*from.run_as_user);
  if (from.run_as_group) to->mutable_run_as_group()->set_value(*from.run_as_group);
  copy(from.supplemental_groups, to->mutable_supplemental_groups());
  to->set_supplemental_groups_policy(
      static_cast<pb::SupplementalGroupsPolicy>(from.supplemental_groups_policy));
  to->set_readonly_rootfs(from.readonly_rootfs);
  to->set_privileged(from.privileged);
  if (from.seccomp) fill(*from.seccomp, to->mutable_seccomp());
  if (from.apparmor) fill(*from.apparmor, to->mutable_apparmor());
}

void fill(const ContainerSecurityContext& from, pb::LinuxContainerSecurityContext* to) {
  fill_common(from, to);
  if (from.capabilities) {
    copy(from.capabilities->add, to->mutable_capabilities()->mutable_add_capabilities());
    copy(from.capabilities->drop, to->mutable_capabilities()->mutable_drop_capabilities());
    copy(from.capabilities->add_ambient, to->mutable_capabilities()->mutable_add_ambient_capabilities());
  }
  to->set_run_as_username(from.run_as_username);
  to->set_no_new_privs(from.no_new_privs);
  copy(from.masked_paths, to->mutable_masked_paths());
  copy(from.readonly_paths, to->mutable_readonly_paths());
}

void fill(const Mount& from, pb::Mount* to) {
  to->set_container_path(from.container_path);
  to->set_host_path(from.host_path);
  to->set_readonly(from.readonly);
  to->set_recursive_read_only(from.recursive_read_only);
  to->set_selinux_relabel(from.selinux_relabel);
  to->set_propagation(static_cast<pb::MountPropagation>(from.propagation));
}

pb::Signal signal(const std::string& name) {
  pb::Signal value = pb::RUNTIME_DEFAULT;
  pb::Signal_Parse(name, &value);
  return value;
}

}  // namespace

void to_pb(const StringMap& from, google::protobuf::Map<std::string, std::string>* to) {
  for (const auto& [key, value] : from) (*to)[key] = value;
}

void to_pb(const LinuxResources& from, pb::LinuxContainerResources* to) {
  to->set_cpu_period(from.cpu_period);
  to->set_cpu_quota(from.cpu_quota);
  to->set_cpu_shares(from.cpu_shares);
  to->set_memory_limit_in_bytes(from.memory_limit);
  to->set_memory_swap_limit_in_bytes(from.memory_swap_limit);
  to->set_oom_score_adj(from.oom_score_adj);
  to->set_cpuset_cpus(from.cpuset_cpus);
  to->set_cpuset_mems(from.cpuset_mems);
  for (const HugepageLimit& limit : from.hugepage_limits) {
    pb::HugepageLimit* out = to->add_hugepage_limits();
    out->set_page_size(limit.page_size);
    out->set_limit(limit.limit);
  }
  to_pb(from.unified, to->mutable_unified());
}

void to_pb(const PodSandboxConfig& from, pb::PodSandboxConfig* to) {
  pb::PodSandboxMetadata* metadata = to->mutable_metadata();
  metadata->set_name(from.metadata.name);
  metadata->set_uid(from.metadata.uid);
  metadata->set_namespace_(from.metadata.namespace_);
  metadata->set_attempt(from.metadata.attempt);
  to->set_hostname(from.hostname);
  to->set_log_directory(from.log_directory);
  if (from.dns) {
    copy(from.dns->servers, to->mutable_dns_config()->mutable_servers());
    copy(from.dns->searches, to->mutable_dns_config()->mutable_searches());
    copy(from.dns->options, to->mutable_dns_config()->mutable_options());
  }
  for (const PortMapping& port : from.port_mappings) {
    pb::PortMapping* out = to->add_port_mappings();
    out->set_protocol(static_cast<pb::Protocol>(port.protocol));
    out->set_container_port(port.container_port);
    out->set_host_port(port.host_port);
    out->set_host_ip(port.host_ip);
  }
  to_pb(from.labels, to->mutable_labels());
  to_pb(from.annotations, to->mutable_annotations());
  pb::LinuxPodSandboxConfig* linux_config = to->mutable_linux();
  linux_config->set_cgroup_parent(from.cgroup_parent);
  fill_common(from.security, linux_config->mutable_security_context());
  to_pb(from.sysctls, linux_config->mutable_sysctls());
  if (from.overhead) to_pb(*from.overhead, linux_config->mutable_overhead());
  if (from.resources) to_pb(*from.resources, linux_config->mutable_resources());
}

void to_pb(const PodSandboxFilter& from, pb::PodSandboxFilter* to) {
  to->set_id(from.id);
  if (from.state) to->mutable_state()->set_state(static_cast<pb::PodSandboxState>(*from.state));
  to_pb(from.labels, to->mutable_label_selector());
}

void to_pb(const ImageSpec& from, pb::ImageSpec* to) {
  to->set_image(from.image);
  to->set_user_specified_image(from.user_specified_image);
  to->set_runtime_handler(from.runtime_handler);
  to_pb(from.annotations, to->mutable_annotations());
}

void to_pb(const ContainerConfig& from, pb::ContainerConfig* to) {
  to->mutable_metadata()->set_name(from.metadata.name);
  to->mutable_metadata()->set_attempt(from.metadata.attempt);
  to_pb(from.image, to->mutable_image());
  copy(from.command, to->mutable_command());
  copy(from.args, to->mutable_args());
  to->set_working_dir(from.working_dir);
  for (const EnvVar& env : from.envs) {
    pb::KeyValue* out = to->add_envs();
    out->set_key(env.name);
    out->set_value(env.value);
  }
  for (const Mount& mount : from.mounts) fill(mount, to->add_mounts());
  for (const Device& device : from.devices) {
    pb::Device* out = to->add_devices();
    out->set_container_path(device.container_path);
    out->set_host_path(device.host_path);
    out->set_permissions(device.permissions);
  }
  for (const std::string& name : from.cdi_devices) to->add_cdi_devices()->set_name(name);
  to_pb(from.labels, to->mutable_labels());
  to_pb(from.annotations, to->mutable_annotations());
  to->set_log_path(from.log_path);
  to->set_stdin(from.stdin_);
  to->set_stdin_once(from.stdin_once);
  to->set_tty(from.tty);
  to_pb(from.resources, to->mutable_linux()->mutable_resources());
  fill(from.security, to->mutable_linux()->mutable_security_context());
  to->set_stop_signal(signal(from.stop_signal));
}

void to_pb(const ContainerFilter& from, pb::ContainerFilter* to) {
  to->set_id(from.id);
  if (from.state) to->mutable_state()->set_state(static_cast<pb::ContainerState>(*from.state));
  to->set_pod_sandbox_id(from.sandbox_id);
  to_pb(from.labels, to->mutable_label_selector());
}

void to_pb(const AuthConfig& from, pb::AuthConfig* to) {
  to->set_username(from.username);
  to->set_password(from.password);
  to->set_auth(from.auth);
  to->set_server_address(from.server_address);
  to->set_identity_token(from.identity_token);
  to->set_registry_token(from.registry_token);
}

}  // namespace xebec::cri
