// A look at a gRPC server's health service (grpc.health.v1), for probes.
#pragma once

#include <string>

#include "base/executor.h"
#include "base/task.h"

namespace xebec::cri {

struct HealthAnswer {
  bool serving = false;
  std::string message;  // in the kubelet's words
};

// `address` is host:port. The connection is the call's own and is gone with it.
Task<HealthAnswer> grpc_health(std::string address, std::string service, Duration timeout);

}  // namespace xebec::cri
