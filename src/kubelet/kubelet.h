// Kubelet: the node agent. Registers the node, runs the pods that are bound to it, reports what became of
// them.
//
// Everything runs on env.executor, which is also the only place to call it. Parts come from outside, so that
// the same kubelet runs over a real runtime, or hollow over FakeRuntime in virtual time. They outlive the
// kubelet. When run() ends, containers stay as they are: the next run takes them over. Source:
// k8s.io/kubernetes pkg/kubelet.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/cancel.h"
#include "base/task.h"
#include "client/env.h"
#include "client/rest.h"
#include "kubelet/cri/runtime.h"
#include "kubelet/options.h"
#include "kubelet/pod_access.h"

namespace xebec::kubelet {

class VolumeMounter;
class CgroupManager;
class HostFiles;
class NetProber;
class MachineReader;

// A port of the node that leads to a pod.
struct HostPortMapping {
  cri::Protocol protocol = cri::Protocol::kTcp;
  std::string host_ip;  // empty: every address of the node
  int32_t host_port = 0;
  std::string pod_ip;
  int32_t container_port = 0;
  bool operator==(const HostPortMapping&) const = default;
};
using SetHostPorts = std::function<Task<Result<void>>(std::vector<HostPortMapping>)>;

struct KubeletParts {
  cri::Runtime& runtime;
  VolumeMounter& volumes;
  CgroupManager& cgroups;
  HostFiles& files;
  NetProber& net;
  MachineReader& machine;
  // Called with all of them whenever they change; none where the runtime's network maps ports itself.
  SetHostPorts set_host_ports = {};
};

class Kubelet final : public PodAccess {
 public:
  Kubelet(KubeletOptions options, client::Env env, client::Rest rest, KubeletParts parts);
  ~Kubelet() override;

  // Until cancelled, and until calls to the runtime in flight have ended (Runtime::shutdown() ends them); at
  // most once.
  Task<void> run(CancelToken token);
  Executor& executor() const;
  // The Node object exists.
  bool registered() const;

  std::vector<std::shared_ptr<const corev1::Pod>> pods() const override;
  std::shared_ptr<const corev1::Pod> pod(std::string_view ns, std::string_view name) const override;
  std::shared_ptr<const corev1::Pod> pod_by_uid(std::string_view uid) const override;
  std::optional<ContainerView> container(std::string_view uid, std::string_view name) const override;
  std::string sandbox_id(std::string_view uid) const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xebec::kubelet
