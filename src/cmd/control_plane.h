// The control plane's API server as a process runs it: keys, store, server, socket. Used by every sub-command
// that has an API server in it.
#pragma once

#include <memory>
#include <string>

#include "apiserver/instance.h"
#include "base/scope.h"
#include "cmd/apiserver_options.h"
#include "cmd/cluster_pki.h"
#include "cmd/process.h"
#include "http/asio_executor.h"
#include "http/server.h"
#include "storage/store.h"

namespace xebec::cmd {

class ControlPlane {
 public:
  // Returns when requests are served; objects that every cluster has may still be on their way (see /readyz).
  // `process` outlives it, and is told of what ends it.
  static Result<std::unique_ptr<ControlPlane>> start(ControlPlaneOptions options, Process& process);
  // Ends watches and the like, finishes the other requests, then stops everything in order.
  ~ControlPlane();

  // Waits for the signal to end. From then on /readyz fails, and what is asked for is still answered for the
  // shutdown delay.
  Result<void> wait();

  apiserver::Instance& instance() { return *instance_; }
  Executor& executor() { return background_; }
  http::IoPool& pool() { return pool_; }
  Metrics& metrics() { return process_.metrics(); }
  const ClusterPki& pki() const { return pki_; }
  const std::string& service_account_key_pem() const { return service_account_key_pem_; }
  // Where others reach it.
  const std::string& address() const { return options_.advertise_address; }
  uint16_t port() const { return server_->port(); }

 private:
  ControlPlane(ControlPlaneOptions options, ClusterPki pki, Process& process);
  Result<void> open_store();
  Result<void> open();
  Result<void> listen();
  Result<void> write_kubeconfigs() const;
  Result<apiserver::InstanceOptions> instance_options();
  Result<void> set_kubelet_clients(apiserver::InstanceOptions& into);
  Task<void> finish(apiserver::Lifecycle& lifecycle);
  Task<bool> end(apiserver::Lifecycle& lifecycle);

  const ControlPlaneOptions options_;
  Process& process_;
  ClusterPki pki_;
  std::string client_ca_pem_, service_account_key_pem_;
  std::unique_ptr<storage::Store> store_;
  http::IoPool pool_;
  ThreadExecutor background_;
  std::unique_ptr<apiserver::Instance> instance_;
  std::unique_ptr<http::Server> server_;
  bool failed_ = false;
  Duration grace_;  // how long requests in progress are waited for at the end
};

}  // namespace xebec::cmd
