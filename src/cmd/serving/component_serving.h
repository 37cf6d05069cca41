// The secure port of the controller manager and the scheduler: flags, certificate, and whom the API server is
// asked about (k8s.io/apiserver/pkg/server/options: secure serving, delegated authentication and
// authorization).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/scheme.h"
#include "cmd/component.h"
#include "cmd/flags/flags.h"
#include "cmd/process.h"
#include "cmd/remote/remote_api.h"
#include "cmd/serving/component_handler.h"
#include "http/server.h"

namespace xebec::cmd {

struct ServingOptions {
  std::string bind_address = "0.0.0.0";
  uint16_t secure_port = 0;  // 0: nothing is served
  std::string cert_dir, tls_cert_file, tls_private_key_file;
  std::string authentication_kubeconfig, authorization_kubeconfig;
  bool skip_lookup = false;
  std::string client_ca_file;
  std::vector<std::string> always_allow_paths = {"/healthz", "/readyz", "/livez"};
};

void declare_serving(Flags& flags, ServingOptions& options);

class ComponentServing {
 public:
  // `name` is the component's, upstream's ("kube-scheduler"). Null when nothing is to be served. All outlive
  // it.
  static Result<std::unique_ptr<ComponentServing>> start(const ServingOptions& options,
                                                         const std::string& name,
                                                         std::vector<http::HealthCheck> checks,
                                                         Process& process, http::IoPool& pool,
                                                         const api::Scheme& scheme);
  ~ComponentServing();
  uint16_t port() const { return server_->port(); }

 private:
  explicit ComponentServing(Process& process) : process_(process) {}
  Result<std::shared_ptr<delegation::Authenticator>> authenticator(const std::string& ca_pem) const;

  Process& process_;
  std::unique_ptr<RemoteApi> authentication_, authorization_;
  std::unique_ptr<ComponentHandler> handler_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<Component> lookup_;
};

}  // namespace xebec::cmd
