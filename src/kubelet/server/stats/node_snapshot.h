// NodeSnapshot: what the node and its containers use, at one moment. StatsReader takes it from the kubelet
// and the runtime.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/gen/corev1.h"
#include "base/clock.h"
#include "kubelet/cri/runtime.h"
#include "kubelet/pod_access.h"

namespace xebec::kubelet {

struct ContainerSnapshot {
  cri::ContainerStats stats;
  std::string image;
  int64_t started_at = 0;  // nanoseconds
};

struct PodSnapshot {
  std::shared_ptr<const corev1::Pod> pod;
  std::string sandbox_id;
  cri::PodSandboxStats sandbox;               // empty when the runtime does not tell
  std::vector<ContainerSnapshot> containers;  // running ones, in the order of the runtime

  int64_t cpu_nanos() const;
  int64_t working_set() const;
};

struct NodeSnapshot {
  int64_t taken_at = 0;  // nanoseconds
  NodeFigures node;
  DiskSpace image_disk;
  int64_t image_bytes = 0;
  std::vector<PodSnapshot> pods;
  // CPU in use, by container id, sandbox id, or "" of the node: nanocores, from this and an earlier snapshot.
  std::map<std::string, int64_t> nano_cores;
  bool failed = false;  // the runtime did not answer
};

// Used on the kubelet's executor only; keeps what rates are computed from.
class StatsReader {
 public:
  StatsReader(const PodAccess& pods, cri::Runtime& runtime, const Clock& clock)
      : pods_(pods), runtime_(runtime), clock_(clock) {}
  Task<NodeSnapshot> read();

 private:
  struct Sample {
    int64_t at = 0, cpu_nanos = 0;
    int64_t rate = 0;
  };
  void note(NodeSnapshot& into, const std::string& key, int64_t cpu_nanos);

  const PodAccess& pods_;
  cri::Runtime& runtime_;
  const Clock& clock_;
  std::map<std::string, Sample> samples_;
};

}  // namespace xebec::kubelet
