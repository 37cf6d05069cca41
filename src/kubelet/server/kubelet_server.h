// KubeletServer: what the kubelet serves on port 10250, as an http::Handler (TLS and client certificates are
// the http::Server's). Every request is authenticated and authorized (k8s.io/kubernetes/pkg/kubelet/server).
//
//   /healthz  /pods  /runningpods/  /containerLogs/NS/POD/CONTAINER  /logs/PATH  /configz
//   /metrics  /metrics/cadvisor  /metrics/resource  /metrics/probes  /stats/summary
//   /exec/NS/POD[/UID]/CONTAINER  /attach/NS/POD[/UID]/CONTAINER  /portForward/NS/POD[/UID]
//   /run/NS/POD[/UID]/CONTAINER
//
// What upstream serves besides, and is not built here, says so.
// Its http::Server must be gone before the kubelet's executor and the runtime are.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "client/rest.h"
#include "http/asio_executor.h"
#include "http/message.h"
#include "kubelet/cri/runtime.h"
#include "kubelet/pod_access.h"

namespace xebec::kubelet {

struct KubeletServerOptions {
  std::string node_name;
  std::string client_ca_pem;             // whose client certificates count; empty: none do
  std::string system_logs = "/var/log";  // what /logs/ shows
};

// All outlive the server. `kubelet` is the executor of `pods` and `runtime`; `pool` is the http::Server's.
struct KubeletServerParts {
  const PodAccess& pods;
  cri::Runtime& runtime;
  Executor& kubelet;
  http::IoPool& pool;
  const Clock& clock;
  Rng& rng;
  Metrics& metrics;
};

class KubeletServer final : public http::Handler {
 public:
  // `rest` is allowed to create TokenReviews and SubjectAccessReviews. An error for a bad CA.
  static Result<std::unique_ptr<KubeletServer>> make(KubeletServerOptions options, KubeletServerParts parts,
                                                     client::Rest rest, Logger logger);
  ~KubeletServer() override;

  Task<http::Response> handle(Context context, http::Request request) override;

 private:
  struct Core;
  explicit KubeletServer(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace xebec::kubelet
