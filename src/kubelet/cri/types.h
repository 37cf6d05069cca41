// What the kubelet and a container runtime tell each other: the Container Runtime Interface (runtime.v1) as
// plain structs, without protobuf. Names follow k8s.io/cri-api. Times are nanoseconds since the Unix epoch, 0
// = not set.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace xebec::cri {

using StringMap = std::map<std::string, std::string>;

// kPod: shared by the pod's containers; kNode: the host's; kTarget: of the container `target_id`.
enum class NamespaceMode { kPod, kContainer, kNode, kTarget };

struct NamespaceOptions {
  NamespaceMode network = NamespaceMode::kPod;
  NamespaceMode pid = NamespaceMode::kPod;
  NamespaceMode ipc = NamespaceMode::kPod;
  std::string target_id;
  bool operator==(const NamespaceOptions&) const = default;
};

struct SecurityProfile {
  enum class Type { kRuntimeDefault, kUnconfined, kLocalhost };
  Type type = Type::kRuntimeDefault;
  std::string localhost_ref;
};

struct SelinuxOptions {
  std::string user, role, type, level;
};

enum class SupplementalGroupsPolicy { kMerge, kStrict };

struct SandboxSecurityContext {
  NamespaceOptions namespaces;
  std::optional<SelinuxOptions> selinux;
  std::optional<int64_t> run_as_user;
  std::optional<int64_t> run_as_group;
  std::vector<int64_t> supplemental_groups;
  SupplementalGroupsPolicy supplemental_groups_policy = SupplementalGroupsPolicy::kMerge;
  bool readonly_rootfs = false;
  bool privileged = false;
  std::optional<SecurityProfile> seccomp;  // absent means unconfined to containerd: always set it
  std::optional<SecurityProfile> apparmor;
};

struct Capabilities {
  std::vector<std::string> add;  // without CAP_; "ALL"
  std::vector<std::string> drop;
  std::vector<std::string> add_ambient;
};

struct ContainerSecurityContext {
  std::optional<Capabilities> capabilities;
  bool privileged = false;
  NamespaceOptions namespaces;
  std::optional<SelinuxOptions> selinux;
  std::optional<int64_t> run_as_user;
  std::optional<int64_t> run_as_group;
  std::string run_as_username;  // the image's user, when it is a name and run_as_user is not set
  std::vector<int64_t> supplemental_groups;
  SupplementalGroupsPolicy supplemental_groups_policy = SupplementalGroupsPolicy::kMerge;
  bool readonly_rootfs = false;
  bool no_new_privs = false;
  std::vector<std::string> masked_paths;
  std::vector<std::string> readonly_paths;
  std::optional<SecurityProfile> seccomp;
  std::optional<SecurityProfile> apparmor;
};

struct HugepageLimit {
  std::string page_size;  // "2MB"
  uint64_t limit = 0;     // bytes
};

// Zero leaves a limit alone (in an update) or off (in a create).
struct LinuxResources {
  int64_t cpu_period = 0;  // microseconds
  int64_t cpu_quota = 0;   // microseconds a period
  int64_t cpu_shares = 0;
  int64_t memory_limit = 0;       // bytes
  int64_t memory_swap_limit = 0;  // bytes, memory and swap together
  int64_t oom_score_adj = 0;
  std::string cpuset_cpus;
  std::string cpuset_mems;
  std::vector<HugepageLimit> hugepage_limits;
  StringMap unified;  // cgroup v2 files
};

struct DnsConfig {
  std::vector<std::string> servers, searches, options;
};

enum class Protocol { kTcp, kUdp, kSctp };

struct PortMapping {
  Protocol protocol = Protocol::kTcp;
  int32_t container_port = 0;
  int32_t host_port = 0;
  std::string host_ip;
};

struct PodSandboxMetadata {
  std::string name, uid, namespace_;
  uint32_t attempt = 0;
  bool operator==(const PodSandboxMetadata&) const = default;
};

struct PodSandboxConfig {
  PodSandboxMetadata metadata;
  std::string hostname;  // empty with the host's network namespace
  std::string log_directory;
  std::optional<DnsConfig> dns;  // absent: the runtime copies the host's resolv.conf
  std::vector<PortMapping> port_mappings;
  StringMap labels, annotations;
  std::string cgroup_parent;
  SandboxSecurityContext security;
  StringMap sysctls;
  std::optional<LinuxResources> overhead;
  std::optional<LinuxResources> resources;
};

enum class SandboxState { kReady, kNotReady };

struct PodSandbox {
  std::string id;
  PodSandboxMetadata metadata;
  SandboxState state = SandboxState::kNotReady;
  int64_t created_at = 0;
  StringMap labels, annotations;
  std::string runtime_handler;
};

struct PodSandboxStatus {
  std::string id;
  PodSandboxMetadata metadata;
  SandboxState state = SandboxState::kNotReady;
  int64_t created_at = 0;
  std::vector<std::string> ips;  // primary first; empty with the host's network
  NamespaceOptions namespaces;
  StringMap labels, annotations;
  std::string runtime_handler;
};

// Empty members do not filter.
struct PodSandboxFilter {
  std::string id;
  std::optional<SandboxState> state;
  StringMap labels;
};

struct ImageSpec {
  std::string image;                 // a name, or the id the runtime gave
  std::string user_specified_image;  // as in the pod spec
  std::string runtime_handler;
  StringMap annotations;
};

enum class MountPropagation { kPrivate, kHostToContainer, kBidirectional };

struct Mount {
  std::string container_path;
  std::string host_path;
  bool readonly = false;
  bool recursive_read_only = false;
  bool selinux_relabel = false;
  MountPropagation propagation = MountPropagation::kPrivate;
};

struct Device {
  std::string container_path, host_path;
  std::string permissions;  // of "rwm"
};

struct ContainerMetadata {
  std::string name;
  uint32_t attempt = 0;
  bool operator==(const ContainerMetadata&) const = default;
};

struct EnvVar {
  std::string name, value;
};

struct ContainerConfig {
  ContainerMetadata metadata;
  ImageSpec image;
  std::vector<std::string> command, args;
  std::string working_dir;
  std::vector<EnvVar> envs;
  std::vector<Mount> mounts;
  std::vector<Device> devices;
  std::vector<std::string> cdi_devices;  // fully qualified names
  StringMap labels, annotations;
  std::string log_path;  // below the sandbox's log_directory
  bool stdin_ = false;
  bool stdin_once = false;
  bool tty = false;
  LinuxResources resources;
  ContainerSecurityContext security;
  std::string stop_signal;  // "SIGUSR1"; empty: the image's
};

enum class ContainerState { kCreated, kRunning, kExited, kUnknown };

struct Container {
  std::string id, sandbox_id;
  ContainerMetadata metadata;
  ImageSpec image;
  std::string image_ref;
  std::string image_id;
  ContainerState state = ContainerState::kUnknown;
  int64_t created_at = 0;
  StringMap labels, annotations;
};

struct ContainerUser {
  int64_t uid = 0, gid = 0;
  std::vector<int64_t> supplemental_groups;
};

struct ContainerStatus {
  std::string id;
  ContainerMetadata metadata;
  ContainerState state = ContainerState::kUnknown;
  int64_t created_at = 0, started_at = 0, finished_at = 0;
  int32_t exit_code = 0;
  ImageSpec image;
  std::string image_ref;  // digested name, or the id of an image without one
  std::string image_id;
  std::string reason, message;  // "OOMKilled", "Completed", "Error", ...
  StringMap labels, annotations;
  std::vector<Mount> mounts;
  std::string log_path;
  std::optional<LinuxResources> resources;
  std::optional<ContainerUser> user;
  std::string stop_signal;
};

struct ContainerFilter {
  std::string id;
  std::optional<ContainerState> state;
  std::string sandbox_id;
  StringMap labels;
};

struct ExecSyncResult {
  std::string out, err;
  int32_t exit_code = 0;
};

struct ExecRequest {
  std::string container_id;
  std::vector<std::string> command;
  bool tty = false;
  bool stdin_ = false, stdout_ = false, stderr_ = false;
};

struct AttachRequest {
  std::string container_id;
  bool tty = false;
  bool stdin_ = false, stdout_ = false, stderr_ = false;
};

struct CpuUsage {
  int64_t timestamp = 0;
  std::optional<uint64_t> usage_core_nano_seconds;
  std::optional<uint64_t> usage_nano_cores;  // containerd leaves it out: compute the rate
};

struct MemoryUsage {
  int64_t timestamp = 0;
  std::optional<uint64_t> working_set_bytes, available_bytes, usage_bytes, rss_bytes;
  std::optional<uint64_t> page_faults, major_page_faults;
};

struct SwapUsage {
  int64_t timestamp = 0;
  std::optional<uint64_t> available_bytes, usage_bytes;
};

struct FilesystemUsage {
  int64_t timestamp = 0;
  std::string mountpoint;
  std::optional<uint64_t> used_bytes, inodes_used;
};

struct ContainerStats {
  std::string id;
  ContainerMetadata metadata;
  StringMap labels, annotations;
  std::optional<CpuUsage> cpu;
  std::optional<MemoryUsage> memory;
  std::optional<SwapUsage> swap;
  std::optional<FilesystemUsage> writable_layer;
};

struct NetworkInterfaceUsage {
  std::string name;
  std::optional<uint64_t> rx_bytes, rx_errors, tx_bytes, tx_errors;
};

struct NetworkUsage {
  int64_t timestamp = 0;
  std::optional<NetworkInterfaceUsage> default_interface;
  std::vector<NetworkInterfaceUsage> interfaces;
};

struct PodSandboxStats {
  std::string id;
  PodSandboxMetadata metadata;
  StringMap labels, annotations;
  std::optional<CpuUsage> cpu;
  std::optional<MemoryUsage> memory;
  std::optional<NetworkUsage> network;
  std::optional<uint64_t> process_count;
  std::vector<ContainerStats> containers;
};

// For container and sandbox stats; empty members do not filter.
struct StatsFilter {
  std::string id;
  std::string sandbox_id;  // containers only
  StringMap labels;
};

struct Image {
  std::string id;
  std::vector<std::string> repo_tags, repo_digests;
  uint64_t size = 0;           // bytes
  std::optional<int64_t> uid;  // the user the image runs as ...
  std::string username;        // ... or its name
  bool pinned = false;
};

struct AuthConfig {
  std::string username, password;
  std::string auth;            // base64 of username:password
  std::string server_address;  // empty unless it has a scheme
  std::string identity_token, registry_token;
};

struct ImageFsInfo {
  std::vector<FilesystemUsage> image_filesystems, container_filesystems;
};

struct VersionInfo {
  std::string runtime_name, runtime_version, runtime_api_version;
};

struct RuntimeCondition {
  std::string type;  // "RuntimeReady", "NetworkReady"
  bool status = false;
  std::string reason, message;
};

struct RuntimeHandler {
  std::string name;
  bool recursive_read_only_mounts = false;
  bool user_namespaces = false;
};

struct RuntimeStatus {
  std::vector<RuntimeCondition> conditions;
  std::vector<RuntimeHandler> handlers;
  bool supplemental_groups_policy = false;
};

// A change in the life of a container's or a sandbox's process: `container_id` may be a sandbox's id.
// kSubscribed says that the stream has (re)started: what happened before was not reported, so list now.
struct Event {
  enum class Type { kSubscribed, kStarted, kExited, kOom, kDeleted };
  Type type = Type::kSubscribed;
  std::string container_id;
  uint32_t pid = 0;
  uint32_t exit_code = 0;
  int64_t at = 0;
};

}  // namespace xebec::cri
