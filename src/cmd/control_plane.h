// The control plane's API server as a process runs it: keys, store, server, socket. Used by every sub-command
// that has an API server in it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apiserver/instance.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/scope.h"
#include "cmd/cluster_pki.h"
#include "http/asio_executor.h"
#include "http/server.h"
#include "storage/store.h"

namespace CLI {
class App;
}

namespace xebec::cmd {

struct ControlPlaneOptions {
  std::string data_dir = "/var/lib/xebec";
  std::string bind_address = "0.0.0.0";
  std::string advertise_address = "127.0.0.1";
  uint16_t secure_port = 6443;
  std::string service_cidr = "10.96.0.0/12";
  std::vector<std::string> extra_sans;
  size_t io_threads = 0;  // 0: as many as there are cores
  bool verbose = false;
};

void declare_control_plane(CLI::App& app, ControlPlaneOptions& options);

// SIGINT and SIGTERM are waited for, not handled: call before any thread is made.
class Signals {
 public:
  Signals();
  int wait();  // returns the one that came
};

class ControlPlane {
 public:
  // Returns when requests are served; objects that every cluster has may still be on their way (see /readyz).
  static Result<std::unique_ptr<ControlPlane>> start(const ControlPlaneOptions& options,
                                                     std::shared_ptr<const Clock> clock, Rng& rng,
                                                     Logger logger);
  // Drains connections, then stops everything in order.
  ~ControlPlane();

  apiserver::Instance& instance() { return *instance_; }
  Executor& executor() { return background_; }
  http::IoPool& pool() { return pool_; }
  Metrics& metrics() { return metrics_; }
  const ClusterPki& pki() const { return pki_; }
  uint16_t port() const { return server_->port(); }

 private:
  ControlPlane(ClusterPki pki, size_t io_threads);
  Result<void> open(const ControlPlaneOptions& options, std::shared_ptr<const Clock> clock, Rng& rng,
                    const Logger& logger);
  Result<void> listen(const ControlPlaneOptions& options, std::shared_ptr<const Clock> clock,
                      const Logger& logger);

  ClusterPki pki_;
  Metrics metrics_;
  std::unique_ptr<storage::Store> store_;
  http::IoPool pool_;
  ThreadExecutor background_;
  std::unique_ptr<apiserver::Instance> instance_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace xebec::cmd
