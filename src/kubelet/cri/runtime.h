// Runtime: a container runtime as the kubelet sees it (CRI v1). GrpcRuntime speaks with a real one,
// FakeRuntime is one in memory.
//
// Errors carry the text a user of Kubernetes knows ("rpc error: code = NotFound desc = ..."): reason NotFound
// for unknown ids, Timeout for a deadline, ServiceUnavailable when the runtime cannot be reached (retry),
// AlreadyExists, BadRequest, Cancelled after shutdown, and InternalError for the rest. A Runtime outlives
// every task it returned.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "kubelet/cri/types.h"

namespace xebec::cri {

class Runtime {
 public:
  virtual ~Runtime() = default;

  virtual Task<Result<VersionInfo>> version() = 0;
  virtual Task<Result<RuntimeStatus>> status() = 0;
  // The node's pod address range, for runtimes that configure the pod network themselves.
  virtual Task<Result<void>> update_runtime_config(std::string pod_cidr) = 0;

  // Returns the sandbox's id. A name that is still taken by an older attempt fails: raise metadata.attempt.
  virtual Task<Result<std::string>> run_pod_sandbox(PodSandboxConfig config, std::string runtime_handler) = 0;
  // Stops the containers too. Idempotent; an unknown sandbox counts as stopped.
  virtual Task<Result<void>> stop_pod_sandbox(std::string id) = 0;
  // Idempotent. Removes the containers too.
  virtual Task<Result<void>> remove_pod_sandbox(std::string id) = 0;
  virtual Task<Result<PodSandboxStatus>> pod_sandbox_status(std::string id) = 0;
  virtual Task<Result<std::vector<PodSandbox>>> list_pod_sandboxes(PodSandboxFilter filter) = 0;

  // Returns the container's id. `sandbox` is the config the sandbox was run with.
  virtual Task<Result<std::string>> create_container(std::string sandbox_id, ContainerConfig config,
                                                     PodSandboxConfig sandbox) = 0;
  virtual Task<Result<void>> start_container(std::string id) = 0;
  // Sends the stop signal, and kills after the grace period (0: at once). Idempotent.
  virtual Task<Result<void>> stop_container(std::string id, int64_t grace_seconds) = 0;
  // Idempotent; kills a running container.
  virtual Task<Result<void>> remove_container(std::string id) = 0;
  virtual Task<Result<ContainerStatus>> container_status(std::string id) = 0;
  virtual Task<Result<std::vector<Container>>> list_containers(ContainerFilter filter) = 0;
  virtual Task<Result<void>> update_container_resources(std::string id, LinuxResources resources) = 0;
  // After the log file was rotated away.
  virtual Task<Result<void>> reopen_container_log(std::string id) = 0;

  // A timeout of 0 is none.
  virtual Task<Result<ExecSyncResult>> exec_sync(std::string id, std::vector<std::string> command,
                                                 int64_t timeout_seconds) = 0;
  // These return the URL of the runtime's streaming server, good for one connection.
  virtual Task<Result<std::string>> exec(ExecRequest request) = 0;
  virtual Task<Result<std::string>> attach(AttachRequest request) = 0;
  virtual Task<Result<std::string>> port_forward(std::string sandbox_id, std::vector<int32_t> ports) = 0;

  virtual Task<Result<ContainerStats>> container_stats(std::string id) = 0;
  virtual Task<Result<std::vector<ContainerStats>>> list_container_stats(StatsFilter filter) = 0;
  virtual Task<Result<PodSandboxStats>> pod_sandbox_stats(std::string id) = 0;
  virtual Task<Result<std::vector<PodSandboxStats>>> list_pod_sandbox_stats(StatsFilter filter) = 0;

  virtual Task<Result<std::vector<Image>>> list_images() = 0;
  // Nothing when the image is not there.
  virtual Task<Result<std::optional<Image>>> image_status(ImageSpec image) = 0;
  // Returns the reference to create containers with. No time limit.
  virtual Task<Result<std::string>> pull_image(ImageSpec image, std::optional<AuthConfig> auth,
                                               PodSandboxConfig sandbox) = 0;
  // Idempotent.
  virtual Task<Result<void>> remove_image(ImageSpec image) = 0;
  virtual Task<Result<ImageFsInfo>> image_fs_info() = 0;

  // The next lifecycle event. The first one, and the first after an error, is kSubscribed. After an error
  // call it again: it connects anew, with a growing pause. One caller at a time.
  virtual Task<Result<Event>> next_event() = 0;

  // Thread-safe. Ends every call in flight and next_event() with Cancelled; later calls fail the same way.
  virtual void shutdown() = 0;
};

}  // namespace xebec::cri
