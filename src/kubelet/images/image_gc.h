// ImageGc: deletes images nobody uses when the disk they are on gets full: from 85 % on, the longest unused
// first, until 80 % are used. Source: k8s.io/kubernetes pkg/kubelet/images/image_gc_manager.go.
#pragma once

#include <map>
#include <string>

#include "base/cancel.h"
#include "base/result.h"
#include "base/sync.h"
#include "base/task.h"
#include "client/env.h"
#include "kubelet/cri/runtime.h"
#include "kubelet/node/machine.h"

namespace xebec::kubelet {

struct ImageGcOptions {
  int high_percent = 85, low_percent = 80;
  Duration min_age = std::chrono::minutes(2);
  Duration period = std::chrono::minutes(5);
  // Kept though no container uses it: what every sandbox is made of. Runtimes of today pin it themselves.
  std::string sandbox_image;
};

class ImageGc {
 public:
  ImageGc(client::Env env, cri::Runtime& runtime, MachineReader& machine, ImageGcOptions options = {})
      : env_(std::move(env)), runtime_(runtime), machine_(machine), options_(options) {}

  // Collects every now and then until cancelled; `failed` is told when that did not free enough.
  Task<void> run(CancelToken token, std::function<void(std::string reason, std::string message)> failed);
  // One look; an error when too little could be freed.
  Task<Result<void>> collect();
  // Every unused image, whatever its age. Returns what that freed.
  Task<Result<int64_t>> delete_unused();
  // The file system the images are on.
  Task<Result<DiskSpace>> space();

 private:
  struct Known {
    int64_t detected = 0, last_used = 0;  // nanoseconds
    int64_t size = 0;
    bool in_use = false, pinned = false;
  };
  Task<Result<void>> detect(int64_t now);
  Task<int64_t> free_space(int64_t wanted, int64_t now, Duration min_age);

  client::Env env_;
  cri::Runtime& runtime_;
  MachineReader& machine_;
  ImageGcOptions options_;
  std::map<std::string, Known> images_;  // by id
};

}  // namespace xebec::kubelet
