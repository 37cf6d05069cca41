// An API server in another process, as a kubeconfig names it, and clients of it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/scheme.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "client/kubeconfig.h"
#include "client/rest.h"
#include "http/asio_executor.h"

namespace xebec::cmd {

// What a kubeconfig's current context says; `master`, unless empty, is the server instead.
Result<client::ClientConfig> load_client_config(const std::string& kubeconfig, const std::string& master);

class RemoteApi {
 public:
  // Nothing is connected yet. All outlive the clients, which count what they send in `metrics`, if anywhere.
  static Result<std::unique_ptr<RemoteApi>> make(client::ClientConfig config, http::IoPool& pool,
                                                 const api::Scheme& scheme, const Clock& clock,
                                                 Metrics* metrics = nullptr);

  // With the identity of the kubeconfig.
  client::Rest rest(std::string user_agent) const;
  // With that of a service account in kube-system.
  client::Rest rest_of_account(std::string_view account, std::string user_agent) const;
  const client::ClientConfig& config() const { return config_; }

 private:
  RemoteApi(client::ClientConfig config, const api::Scheme& scheme, const Clock& clock)
      : config_(std::move(config)), scheme_(scheme), clock_(clock) {}

  client::ClientConfig config_;
  const api::Scheme& scheme_;
  const Clock& clock_;
  std::shared_ptr<http::Client> own_, anonymous_;
};

// The user that the certificate or token of a config speaks for; empty when it cannot be told without the
// server.
std::string user_of(const client::ClientConfig& config);

}  // namespace xebec::cmd
