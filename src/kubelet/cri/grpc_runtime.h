// The Runtime behind a unix socket, over gRPC. Connects on first use; gRPC's own threads only hand results
// over to the executor of the waiting coroutine.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/executor.h"
#include "kubelet/cri/runtime.h"

namespace xebec::cri {

struct GrpcOptions {
  std::string endpoint;        // unix:///run/containerd/containerd.sock
  std::string image_endpoint;  // empty: the same
  // Longest time for a call; calls that take a time of their own (stop, exec) get it on top, pulls have none.
  Duration request_timeout = std::chrono::minutes(2);
  std::string events_namespace = "k8s.io";  // of containerd's event service
  // Asked before a registry is: the reference of an image that came with the program, by its full name, or
  // nothing.
  std::function<Task<Result<std::optional<std::string>>>(std::string)> local_images;
};

std::unique_ptr<Runtime> make_grpc_runtime(GrpcOptions options);

}  // namespace xebec::cri
