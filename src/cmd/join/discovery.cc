#include "cmd/join/discovery.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "api/gen/corev1.h"
#include "cmd/remote/remote_api.h"
#include "security/bootstrap_token.h"
#include "security/pki/digest.h"
#include "security/pki/pki.h"

namespace xebec::cmd {
namespace {

std::string hash_of(const pki::Certificate& certificate) {
  return "sha256:" + pki::hex(pki::sha256(certificate.public_key().der()));
}

// As people write it: hexadecimal digits of either case.
std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

Result<void> check_pins(const std::string& ca_pem, const std::vector<std::string>& pins) {
  TRY(std::vector<pki::Certificate> certificates, pki::Certificate::parse_all_pem(ca_pem));
  std::vector<std::string> found;
  for (const pki::Certificate& certificate : certificates)
    found.push_back("\"" + hash_of(certificate) + "\"");
  bool known = std::ranges::any_of(certificates, [&](const pki::Certificate& certificate) {
    return std::ranges::any_of(pins,
                               [&](const std::string& pin) { return lower(pin) == hash_of(certificate); });
  });
  if (known) return {};
  return fail(errors::bad_request(fmt::format(
      "cluster CA found in cluster-info ConfigMap is invalid: none of the public keys {} are pinned",
      fmt::join(found, ":"))));
}

}  // namespace

std::string public_key_hash(const std::string& certificate_pem) {
  Result<pki::Certificate> certificate = pki::Certificate::parse_pem(certificate_pem);
  return certificate ? hash_of(*certificate) : std::string();
}

Result<void> check_join(const JoinOptions& options) {
  if (options.server.empty()) return fail(errors::bad_request("--token needs --server"));
  if (!bootstrap_token::parse(options.token)) {
    return fail(errors::bad_request(
        "the bootstrap token is invalid: it is not of the form \"[a-z0-9]{6}.[a-z0-9]{16}\""));
  }
  if (options.ca_hashes.empty() && !options.unsafe_skip_ca) {
    return fail(errors::bad_request(
        "--discovery-token-ca-cert-hash is needed, or --discovery-token-unsafe-skip-ca-verification"));
  }
  for (const std::string& hash : options.ca_hashes) {
    if (hash.size() == 7 + 64 && lower(hash).starts_with("sha256:")) continue;
    return fail(errors::bad_request(fmt::format(
        "invalid hash \"{}\", expected \"format:hex-value\": only sha256 of a public key is supported",
        hash)));
  }
  return {};
}

Result<std::string> trusted_ca(const api::FlatMap<std::string>& data, const JoinOptions& options) {
  std::optional<bootstrap_token::Token> token = bootstrap_token::parse(options.token);
  const std::string* content = data.get("kubeconfig");
  if (content == nullptr || content->empty())
    return fail(errors::bad_request("there is no kubeconfig key in the cluster-info ConfigMap"));
  const std::string* signature =
      token ? data.get(std::string(bootstrap_token::kSignaturePrefix) + token->id) : nullptr;
  if (signature == nullptr || signature->empty()) {
    return fail(errors::bad_request(
        fmt::format("could not find a JWS signature in the cluster-info ConfigMap for token ID \"{}\"",
                    token ? token->id : "")));
  }
  if (!bootstrap_token::verify(*signature, *content, *token)) {
    return fail(errors::bad_request(
        "failed to verify JWS signature of received cluster info object, can't trust this API Server"));
  }
  TRY(client::Kubeconfig config, client::Kubeconfig::parse(*content));
  if (config.clusters.size() != 1) {
    return fail(errors::bad_request(fmt::format(
        "expected the kubeconfig in the cluster-info ConfigMap to have a single cluster, but it had {}",
        config.clusters.size())));
  }
  std::string ca_pem = config.clusters[0].certificate_authority_data;
  if (ca_pem.empty())
    return fail(errors::bad_request("no CA certificates found in the cluster-info ConfigMap"));
  if (!options.ca_hashes.empty()) {
    TRY_VOID(check_pins(ca_pem, options.ca_hashes));
  }
  return ca_pem;
}

Task<Result<client::ClientConfig>> discover_by_token(JoinOptions options, http::IoPool& pool,
                                                     const api::Scheme& scheme, const Clock& clock,
                                                     CancelToken cancel) {
  // Whoever answers is not known yet, and is told nothing.
  client::ClientConfig stranger;
  stranger.server = options.server;
  stranger.insecure_skip_tls_verify = true;
  CO_TRY(std::unique_ptr<RemoteApi> api, RemoteApi::make(std::move(stranger), pool, scheme, clock));
  Context context;
  context.cancel = cancel;
  client::Rest rest = api->rest("xebec-agent");
  CO_TRY(corev1::ConfigMap info,
         co_await rest.get<corev1::ConfigMap>(context, "kube-public", "cluster-info"));
  client::ClientConfig config;
  CO_TRY(config.ca_pem, trusted_ca(info.data, options));
  config.server = options.server;
  config.token = options.token;
  co_return config;
}

}  // namespace xebec::cmd
