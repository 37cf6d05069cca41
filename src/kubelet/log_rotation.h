// Container logs are rotated at 10 MiB: N.log becomes N.log.TIMESTAMP, the runtime reopens N.log; 5 files
// stay. Source: k8s.io/kubernetes pkg/kubelet/logs/container_log_manager.go.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/task.h"
#include "kubelet/cri/runtime.h"
#include "kubelet/host_files.h"

namespace xebec::kubelet {

inline constexpr int64_t kMaxLogSize = 10 << 20;
inline constexpr size_t kMaxLogFiles = 5;

// Rotates the log of one running container when it is due.
Task<void> rotate_log(cri::Runtime& runtime, HostFiles& files, const Clock& clock, std::string container_id,
                      std::string path);

}  // namespace xebec::kubelet
