#include "cmd/serving/component_serving.h"

#include <fmt/format.h>
#include <unistd.h>

#include "api/gen/corev1.h"
#include "base/sync.h"
#include "cmd/cluster_pki.h"
#include "cmd/serving/self_signed.h"

namespace xebec::cmd {
namespace {

constexpr Duration kDrain = std::chrono::seconds(1);
// How often the CAs of client certificates are looked up: soon until they are known, then for changes.
constexpr Duration kRetry = std::chrono::seconds(1);
constexpr Duration kRefresh = std::chrono::minutes(1);

Result<pki::KeyPair> serving_certificate(const ServingOptions& options, const std::string& name,
                                         WallTime now) {
  if (options.tls_cert_file.empty() != options.tls_private_key_file.empty())
    return fail(errors::bad_request("--tls-cert-file and --tls-private-key-file must be given together"));
  if (!options.tls_cert_file.empty())
    return read_key_pair(options.tls_cert_file, options.tls_private_key_file);
  std::vector<std::string> names = {"localhost"}, addresses = {"127.0.0.1"};
  char host[256] = {};
  if (gethostname(host, sizeof(host) - 1) == 0 && host[0] != '\0') names.emplace_back(host);
  if (options.cert_dir.empty()) return self_signed(name, std::move(names), std::move(addresses), now);
  return kept_self_signed(options.cert_dir, name, name, std::move(names), std::move(addresses), now);
}

Result<std::unique_ptr<RemoteApi>> remote(const std::string& kubeconfig, http::IoPool& pool,
                                          const api::Scheme& scheme, Process& process) {
  if (kubeconfig.empty()) return std::unique_ptr<RemoteApi>();
  TRY(client::ClientConfig config, load_client_config(kubeconfig, ""));
  return RemoteApi::make(std::move(config), pool, scheme, *process.clock());
}

// The CAs are the cluster's to say: `changed` is told of them.
Task<Result<void>> look_up_client_ca(client::Rest rest, std::function<void(const std::string& pem)> changed,
                                     CancelToken token) {
  std::string known;
  while (!token.cancelled()) {
    Context context;
    context.cancel = token;
    auto map = co_await rest.get<corev1::ConfigMap>(std::move(context), "kube-system",
                                                    "extension-apiserver-authentication");
    const std::string* pem = map ? map->data.get("client-ca-file") : nullptr;
    if (pem != nullptr && *pem != known) {
      known = *pem;
      changed(known);
    }
    Duration pause = known.empty() ? Duration(kRetry) : Duration(kRefresh);
    co_await sleep_for(pause, token);
  }
  co_return Result<void>();
}

}  // namespace

void declare_serving(Flags& flags, ServingOptions& o) {
  flags.group("Serving");
  flags.add("secure-port", o.secure_port, "The port for HTTPS; 0 serves nothing.");
  flags.add("bind-address", o.bind_address, "The IP address that is listened on; 0.0.0.0 for every one.",
            "ip");
  flags.add("tls-cert-file", o.tls_cert_file,
            "The serving certificate, then intermediates. Without it, one that the component signs itself.",
            "file");
  flags.add("tls-private-key-file", o.tls_private_key_file, "The private key of --tls-cert-file.", "file");
  flags.add("cert-dir", o.cert_dir, "Where the self-signed certificate is kept; nowhere without it.", "dir");
  flags.add("authentication-kubeconfig", o.authentication_kubeconfig,
            "The API server that is asked who sends a token, and whose CAs of client certificates count. "
            "Without it "
            "everybody is anonymous.",
            "file");
  flags.add("authentication-skip-lookup", o.skip_lookup,
            "Do not take the CAs of client certificates from the cluster.");
  flags.add("client-ca-file", o.client_ca_file,
            "CAs whose client certificates count, instead of the cluster's.", "file");
  flags.add("authorization-kubeconfig", o.authorization_kubeconfig,
            "The API server that is asked who may do what. Without it only system:masters may.", "file");
  flags.add("authorization-always-allow-paths", o.always_allow_paths,
            "Paths that everybody may see; PATH/* for all below.");
}

Result<std::shared_ptr<delegation::Authenticator>> ComponentServing::authenticator(
    const std::string& ca_pem) const {
  std::optional<pki::CertPool> roots;
  if (!ca_pem.empty()) {
    TRY(roots, pki::CertPool::parse_pem(ca_pem));
  }
  std::optional<client::Rest> rest;
  if (authentication_) rest = authentication_->rest("authentication");
  return std::make_shared<delegation::Authenticator>(std::move(roots), std::move(rest), *process_.clock());
}

Result<std::unique_ptr<ComponentServing>> ComponentServing::start(const ServingOptions& options,
                                                                  const std::string& name,
                                                                  std::vector<http::HealthCheck> checks,
                                                                  Process& process, http::IoPool& pool,
                                                                  const api::Scheme& scheme) {
  if (options.secure_port == 0) return std::unique_ptr<ComponentServing>();
  std::unique_ptr<ComponentServing> out(new ComponentServing(process));
  TRY(out->authentication_, remote(options.authentication_kubeconfig, pool, scheme, process));
  TRY(out->authorization_, remote(options.authorization_kubeconfig, pool, scheme, process));
  std::string ca_pem;
  if (!options.client_ca_file.empty()) {
    TRY(ca_pem, pki::read_file(options.client_ca_file));
  }
  TRY(std::shared_ptr<delegation::Authenticator> who, out->authenticator(ca_pem));
  std::unique_ptr<delegation::Authorizer> may;
  if (out->authorization_) {
    may = std::make_unique<delegation::Authorizer>(out->authorization_->rest("authorization"),
                                                   *process.clock());
  }
  ComponentHandlerOptions handler;
  handler.always_allow_paths = options.always_allow_paths;
  handler.checks = std::move(checks);
  Logger logger = process.logger().named("serving");
  out->handler_ = std::make_unique<ComponentHandler>(std::move(handler), std::move(who), std::move(may),
                                                     process.metrics(), logger);
  http::ServerOptions server;
  server.address = options.bind_address;
  server.port = options.secure_port;
  TRY(pki::KeyPair keys, serving_certificate(options, name, process.clock()->now()));
  http::ServerTls& tls = server.tls.emplace();
  tls.certificate_pem = keys.certificate_pem;
  tls.key_pem = keys.key_pem;
  server.clock = process.clock();
  server.logger = logger;
  TRY(out->server_, http::Server::listen(pool, std::move(server), *out->handler_));
  logger.info("Serving securely", {{"address", options.bind_address}, {"port", out->server_->port()}});
  if (!out->authentication_ || options.skip_lookup || !ca_pem.empty()) return out;
  auto changed = [serving = out.get(), logger](const std::string& pem) {
    Result<std::shared_ptr<delegation::Authenticator>> next = serving->authenticator(pem);
    if (next) {
      serving->handler_->set_authenticator(std::move(*next));
    } else {
      logger.error("The CAs of client certificates cannot be read", {{"err", next.error().message}});
    }
  };
  client::Rest rest = out->authentication_->rest("authentication");
  out->lookup_ =
      std::make_unique<Component>("client-ca", process, [rest, changed](Executor&, CancelToken token) {
        return look_up_client_ca(rest, changed, std::move(token));
      });
  return out;
}

ComponentServing::~ComponentServing() {
  lookup_.reset();
  if (server_) block_on(server_->shutdown(kDrain));
}

}  // namespace xebec::cmd
