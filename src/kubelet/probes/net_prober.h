// NetProber: HTTP, TCP and gRPC looks at containers, for probes and lifecycle hooks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/task.h"

namespace xebec::http {
class IoPool;
}

namespace xebec::kubelet {

// A warning is a success that is talked about.
enum class ProbeOutcome { kSuccess, kWarning, kFailure, kError };

struct ProbeAnswer {
  ProbeOutcome outcome = ProbeOutcome::kSuccess;
  std::string message;  // in upstream's words; of a success what the server said
};

struct HttpProbe {
  std::string scheme = "http", host, path;
  int32_t port = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  Duration timeout = std::chrono::seconds(1);
};

class NetProber {
 public:
  virtual ~NetProber() = default;
  virtual Task<ProbeAnswer> http_get(HttpProbe probe) = 0;
  virtual Task<ProbeAnswer> tcp(std::string host, int32_t port, Duration timeout) = 0;
  virtual Task<ProbeAnswer> grpc(std::string host, int32_t port, std::string service, Duration timeout) = 0;
};

// Over real sockets. `pool` outlives it. Certificates are not verified, as upstream.
std::unique_ptr<NetProber> make_net_prober(http::IoPool& pool);
// Everything answers: for hollow nodes.
std::unique_ptr<NetProber> make_always_healthy_prober();

}  // namespace xebec::kubelet
