// RuntimePod: what the runtime has of one pod: its sandboxes and containers, with what the kubelet's labels
// say.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kubelet/cri/runtime.h"
#include "kubelet/host_files.h"

namespace xebec::kubelet {

struct RuntimeContainer {
  std::string name, sandbox_id, hash;
  int32_t restart_count = 0;
  cri::ContainerStatus status;
  std::string message;  // its termination message, once exited

  bool running() const { return status.state == cri::ContainerState::kRunning; }
  bool exited() const { return status.state == cri::ContainerState::kExited; }
};

struct RuntimePod {
  std::vector<cri::PodSandboxStatus> sandboxes;  // newest first; only the newest one's addresses are known
  std::vector<RuntimeContainer> containers;      // newest first

  // The newest container of that name, or nullptr.
  const RuntimeContainer* latest(std::string_view name) const;
  // The newest exited one that is older than latest().
  const RuntimeContainer* previous(std::string_view name) const;
  const cri::PodSandboxStatus* ready_sandbox() const;
  bool any_running() const;
  bool empty() const { return sandboxes.empty() && containers.empty(); }
};

// Reads pods from the runtime; remembers the exited containers of one pod, which do not change.
class RuntimePodReader {
 public:
  RuntimePodReader(cri::Runtime& runtime, HostFiles& files, std::string uid)
      : runtime_(runtime), files_(files), uid_(std::move(uid)) {}
  Task<Result<RuntimePod>> read();

 private:
  cri::Runtime& runtime_;
  HostFiles& files_;
  std::string uid_;
  std::map<std::string, RuntimeContainer> exited_;
};

// A container's termination message, by its policy: the file, or the log's end after a failure.
std::string termination_message(HostFiles& files, const cri::ContainerStatus& status);

}  // namespace xebec::kubelet
