#include "cmd/remote/remote_api.h"

#include "client/metered_client.h"
#include "cmd/remote/account_client.h"
#include "http/client.h"
#include "security/pki/pki.h"

namespace xebec::cmd {
namespace {

client::Rest rest_over(std::shared_ptr<http::Client> transport, const api::Scheme& scheme,
                       std::string user_agent) {
  client::Rest::Config config;
  config.user_agent = std::move(user_agent);
  return client::Rest(std::move(transport), scheme, std::move(config));
}

}  // namespace

Result<client::ClientConfig> load_client_config(const std::string& kubeconfig, const std::string& master) {
  if (kubeconfig.empty()) return fail(errors::bad_request("--kubeconfig is needed: who the API server is"));
  TRY(client::Kubeconfig loaded, client::Kubeconfig::load(kubeconfig));
  TRY(client::ClientConfig config, loaded.client_config());
  if (!master.empty()) config.server = master;
  return config;
}

Result<std::unique_ptr<RemoteApi>> RemoteApi::make(client::ClientConfig config, http::IoPool& pool,
                                                   const api::Scheme& scheme, const Clock& clock,
                                                   Metrics* metrics) {
  std::unique_ptr<RemoteApi> api(new RemoteApi(std::move(config), scheme, clock));
  TRY(http::ClientOptions own, client::http_options(api->config_));
  TRY(api->own_, http::make_client(pool, own));
  client::ClientConfig nobody;
  nobody.server = api->config_.server;
  nobody.tls_server_name = api->config_.tls_server_name;
  nobody.insecure_skip_tls_verify = api->config_.insecure_skip_tls_verify;
  nobody.ca_pem = api->config_.ca_pem;
  TRY(http::ClientOptions anonymous, client::http_options(nobody));
  TRY(api->anonymous_, http::make_client(pool, std::move(anonymous)));
  if (metrics != nullptr) {
    const std::string host = client::host_of_url(api->config_.server);
    api->own_ = client::make_metered_client(std::move(api->own_), *metrics, host);
    api->anonymous_ = client::make_metered_client(std::move(api->anonymous_), *metrics, host);
  }
  return api;
}

client::Rest RemoteApi::rest(std::string user_agent) const {
  return rest_over(own_, scheme_, std::move(user_agent));
}

client::Rest RemoteApi::rest_of_account(std::string_view account, std::string user_agent) const {
  auto tokens = std::make_shared<AccountTokens>(rest(user_agent), std::string(account), clock_);
  return rest_over(std::make_shared<AccountClient>(anonymous_, std::move(tokens)), scheme_,
                   std::move(user_agent));
}

std::string user_of(const client::ClientConfig& config) {
  Result<pki::Certificate> certificate = pki::Certificate::parse_pem(config.client_certificate_pem);
  return certificate ? certificate->subject().common_name : std::string();
}

}  // namespace xebec::cmd
