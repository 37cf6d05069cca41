// Kubelet: the node agent. Registers the node, runs the pods that are bound to it, reports what became of
// them.
//
// Everything runs on env.executor, which is also the only place to call it. Parts come from outside, so that
// the same kubelet runs over a real runtime, or hollow over FakeRuntime in virtual time. They outlive the
// kubelet. When run() ends, containers stay as they are: the next run takes them over. Source:
// k8s.io/kubernetes pkg/kubelet.
#pragma once

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

struct KubeletParts {
  cri::Runtime& runtime;
  VolumeMounter& volumes;
  CgroupManager& cgroups;
  HostFiles& files;
  NetProber& net;
  MachineReader& machine;
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
  NodeFigures node_figures() const override;
  DiskSpace disk(const std::string& path) const override;
  std::string probe_metrics() const override;
  std::string configuration() const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xebec::kubelet
