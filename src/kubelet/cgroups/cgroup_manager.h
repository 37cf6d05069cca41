// CgroupManager: the control groups of pods: ROOT[/burstable|/besteffort]/pod<uid>, with the pod's limits.
// Source: k8s.io/kubernetes pkg/kubelet/cm.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/logger.h"
#include "base/result.h"

namespace xebec::corev1 {
struct Pod;
}

namespace xebec::kubelet {

class CgroupManager {
 public:
  virtual ~CgroupManager() = default;
  // Makes the pod's group, or sets its limits anew.
  virtual Result<void> ensure(const corev1::Pod& pod) = 0;
  // In every hierarchy and class; kills what is left in it. Idempotent.
  virtual Result<void> remove(const std::string& uid) = 0;
  // UIDs of the pods that have groups, in order.
  virtual std::vector<std::string> pods() = 0;
  // Version 2.
  virtual bool unified() const { return false; }
};

// ROOT/<class>/pod<uid>, as the runtime is told. Guaranteed pods have no class folder.
std::string pod_cgroup(const std::string& root, const corev1::Pod& pod);

struct CgroupOptions {
  std::string root;  // "/kubepods"
  std::string mount_point = "/sys/fs/cgroup";
  int64_t pids_limit = 0;  // for each pod; 0: none
  // What all pods together may use of the node; 0: not limited.
  int64_t memory = 0, milli_cpu = 0;
  // In bytes: a pod gets what it asks for of each, and nothing of the others.
  std::vector<int64_t> huge_page_sizes;
  // Taken from what is mounted when not set.
  std::optional<bool> version2;
};
// Detects version 1, 2 or the hybrid by what is mounted. The QoS tree is made here.
Result<std::unique_ptr<CgroupManager>> make_cgroup_manager(CgroupOptions options, Logger logger);
std::unique_ptr<CgroupManager> make_null_cgroups();

}  // namespace xebec::kubelet
