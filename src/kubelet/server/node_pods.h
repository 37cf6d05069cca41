// The pods of the node and the runtime's streaming urls, for tasks of the server, which run on io threads:
// each call goes to the kubelet's executor and comes back to the caller's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/task.h"
#include "kubelet/cri/runtime.h"
#include "kubelet/pod_access.h"
#include "kubelet/server/stats/node_snapshot.h"

namespace xebec::kubelet {

struct FoundPod {
  std::shared_ptr<const corev1::Pod> pod;  // null: not on this node
  bool has_container = false;              // in its spec
  bool container_tty = false;
  bool waits = false;  // its status says Waiting, be it to be started again
  std::optional<ContainerView> container;
  std::string sandbox_id;
};

// Thread-safe. Everything referred to outlives it and the calls.
class NodePods {
 public:
  NodePods(const PodAccess& pods, cri::Runtime& runtime, Executor& kubelet, const Clock& clock)
      : pods_(pods), runtime_(runtime), kubelet_(kubelet), stats_(pods, runtime, clock) {}

  Task<std::vector<std::shared_ptr<const corev1::Pod>>> all() const;
  // An empty container is not looked for.
  Task<FoundPod> find(std::string ns, std::string name, std::string container) const;
  // Whether this instance of the container is the present one, and runs.
  Task<bool> running(std::string uid, std::string container, std::string id) const;

  // Runs the command to its end.
  Task<Result<cri::ExecSyncResult>> run_command(std::string container_id,
                                                std::vector<std::string> command) const;
  Task<NodeSnapshot> snapshot();
  Task<std::string> probe_metrics() const;
  Task<std::string> configuration() const;

  Task<Result<std::string>> exec_url(cri::ExecRequest request) const;
  Task<Result<std::string>> attach_url(cri::AttachRequest request) const;
  Task<Result<std::string>> port_forward_url(std::string sandbox_id, std::vector<int32_t> ports) const;

 private:
  const PodAccess& pods_;
  cri::Runtime& runtime_;
  Executor& kubelet_;
  StatsReader stats_;
};

}  // namespace xebec::kubelet
