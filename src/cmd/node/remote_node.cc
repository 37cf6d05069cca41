#include "cmd/node/remote_node.h"

#include <fmt/format.h>

#include <filesystem>

#include "api/gen/corev1.h"
#include "base/sync.h"
#include "client/metered_client.h"
#include "cmd/cluster_pki.h"
#include "cmd/join/certificate_request.h"
#include "cmd/serving/self_signed.h"
#include "http/client.h"

namespace xebec::cmd {
namespace {

constexpr std::string_view kNodeUser = "system:node:";
constexpr Duration kRetry = std::chrono::seconds(2);
constexpr Duration kRenewalRetry = std::chrono::minutes(1);

// A node's credentials are good for that node only: everything else would just be refused, and tried again.
Result<void> check_identity(const client::ClientConfig& config, const std::string& node) {
  std::string user = user_of(config);
  if (!user.starts_with(kNodeUser) || user.substr(kNodeUser.size()) == node) return {};
  return fail(
      errors::bad_request(fmt::format("the credentials are those of {}, but this node is \"{}\": give "
                                      "--hostname-override={}",
                                      user, node, user.substr(kNodeUser.size()))));
}

}  // namespace

void declare_kubelet_server(Flags& flags, RemoteNodeOptions& o) {
  flags.group("The kubelet's server");
  flags.add("address", o.node.address, "The IP address it listens on; 0.0.0.0 for every one.", "ip");
  flags.add("port", o.node.port, "Its port.");
  flags.add(
      "tls-cert-file", o.tls_cert_file,
      "Its certificate. Without it, one of the cluster with --rotate-server-certificates, or else one that "
      "the kubelet signs itself: an API server that verifies kubelets refuses that.",
      "file");
  flags.add("tls-private-key-file", o.tls_private_key_file, "The private key of --tls-cert-file.", "file");
  flags.add("cert-dir", o.cert_dir, "Where certificates are kept; pki in the root directory without it.",
            "dir");
  flags.add("client-ca-file", o.client_ca_file, "CAs whose client certificates count.", "file");
  flags.add("rotate-certificates", o.rotate_client,
            "Ask the API server for a new client certificate before the old one expires.");
  flags.add("rotate-server-certificates", o.rotate_serving,
            "Serve with a certificate that the API server was asked for, and renew it.");
  flags.only("anonymous-auth", "false", "Whether requests without credentials are let through.");
  flags.only("authorization-mode", "Webhook", "Who decides about requests: the API server.");
}

namespace {

Result<std::shared_ptr<http::Client>> client_of(const client::ClientConfig& config, http::IoPool& pool,
                                                Metrics& metrics) {
  TRY(http::ClientOptions options, client::http_options(config));
  TRY(std::unique_ptr<http::Client> made, http::make_client(pool, std::move(options)));
  return client::make_metered_client(std::move(made), metrics, client::host_of_url(config.server));
}

client::Rest rest_over(std::shared_ptr<http::Client> transport, const api::Scheme& scheme) {
  client::Rest::Config config;
  config.user_agent = "kubelet";
  return client::Rest(std::move(transport), scheme, std::move(config));
}

}  // namespace

RemoteNode::RemoteNode(RemoteNodeOptions options, NodeLogin login, Process& process)
    : options_(std::move(options)),
      login_(std::move(login)),
      process_(process),
      logger_(process.logger().named("kubelet")),
      client_store_(cert_dir(), "kubelet-client"),
      server_store_(cert_dir(), "kubelet-server") {}

// First what asks for certificates, then what uses them.
RemoteNode::~RemoteNode() {
  identity_.reset();
  kubelet_.reset();
}

client::Rest RemoteNode::rest() const { return rest_over(client_, scheme_); }

std::string RemoteNode::cert_dir() const {
  return options_.cert_dir.empty() ? options_.node.root_dir + "/pki" : options_.cert_dir;
}

Result<void> RemoteNode::make_serving_keys() {
  if (options_.tls_cert_file.empty() != options_.tls_private_key_file.empty())
    return fail(errors::bad_request("--tls-cert-file and --tls-private-key-file must be given together"));
  const NodeOptions& node = options_.node;
  WallTime now = process_.clock()->now();
  pki::KeyPair keys;
  std::optional<pki::KeyPair> kept;
  if (options_.rotate_serving) kept = server_store_.load(now);
  if (!options_.tls_cert_file.empty()) {
    TRY(keys, read_key_pair(options_.tls_cert_file, options_.tls_private_key_file));
  } else if (kept) {
    keys = std::move(*kept);
  } else {
    // Until there is a better one.
    TRY(keys, kept_self_signed(cert_dir(), "kubelet", node.node_name, {node.node_name}, {node.node_ip}, now));
  }
  serving_ = std::make_shared<ServingKeys>(std::move(keys));
  return {};
}

// From now on requests are the config's user's.
Result<void> RemoteNode::use(client::ClientConfig config) {
  TRY(std::shared_ptr<http::Client> client, client_of(config, pool_, process_.metrics()));
  client_->set(std::move(client));
  return {};
}

Result<void> RemoteNode::run_kubelet(const std::string& cluster_ca_pem) {
  NodeEnv env;
  env.process = &process_;
  env.pool = &pool_;
  env.metrics = &process_.metrics();
  env.serving = serving_;
  if (options_.cluster_ca_counts) env.client_ca_pem = cluster_ca_pem;
  if (!options_.client_ca_file.empty()) {
    TRY(env.client_ca_pem, pki::read_file(options_.client_ca_file));
  }
  kubelet_ = start_node(std::move(env), rest(), options_.node);
  return {};
}

// The login of an earlier run, if it is still good.
std::optional<client::ClientConfig> RemoteNode::kept_login() const {
  if (!client_store_.load(process_.clock()->now())) return std::nullopt;
  Result<client::ClientConfig> config = load_client_config(login_.kubeconfig, "");
  if (!config || !check_identity(*config, options_.node.node_name)) return std::nullopt;
  return std::move(*config);
}

Result<void> RemoteNode::keep_login(const client::ClientConfig& config, const pki::KeyPair& keys) {
  TRY_VOID(client_store_.save(keys, process_.clock()->now()));
  client::KubeCluster cluster;
  cluster.name = "default-cluster";
  cluster.server = config.server;
  cluster.certificate_authority_data = config.ca_pem;
  client::KubeUser user;
  user.name = "default-auth";
  user.client_certificate = user.client_key = client_store_.current_path();
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(login_.kubeconfig).parent_path(), ignored);
  return client::Kubeconfig::simple(std::move(cluster), std::move(user), "default-context")
      .save(login_.kubeconfig);
}

Task<Result<client::ClientConfig>> RemoteNode::try_to_join(CancelToken token) {
  CO_TRY(client::ClientConfig config, co_await login_.bootstrap(pool_, scheme_, token));
  CO_TRY(std::shared_ptr<http::Client> transport, client_of(config, pool_, process_.metrics()));
  client::Rest rest = rest_over(std::move(transport), scheme_);
  CertificateWish wish = kubelet_client_wish(options_.node.node_name);
  wish.name_prefix = "node-csr-";
  CO_TRY(pki::KeyPair keys, co_await request_certificate(std::move(rest), std::move(wish), token));
  CO_TRY_VOID(keep_login(config, keys));
  config.token.clear();
  config.token_file.clear();
  config.client_certificate_pem = keys.certificate_pem;
  config.client_key_pem = keys.key_pem;
  logger_.info("This node has joined the cluster", {{"server", config.server}});
  co_return config;
}

// Tries until it is done: the server may not be there yet.
Task<Result<client::ClientConfig>> RemoteNode::join(CancelToken token) {
  std::string last;
  for (;;) {
    Result<client::ClientConfig> joined = co_await try_to_join(token);
    if (joined || token.cancelled()) co_return joined;
    if (joined.error().message != last)
      logger_.error("The node cannot join the cluster yet", {{"err", joined.error().message}});
    last = joined.error().message;
    co_await sleep_for(kRetry, token);
  }
}

Task<void> RemoteNode::renew_client(client::ClientConfig config, CancelToken token) {
  while (!token.cancelled()) {
    Result<pki::Certificate> certificate = pki::Certificate::parse_pem(config.client_certificate_pem);
    if (!certificate) co_return;
    WallTime due = renewal_time(*certificate, process_.rng().uniform());
    if (!co_await sleep_for(due - process_.clock()->now(), token)) co_return;
    client::Rest current = rest();
    CertificateWish wish = kubelet_client_wish(options_.node.node_name);
    Result<pki::KeyPair> keys = co_await request_certificate(std::move(current), std::move(wish), token);
    Result<void> kept = keys ? keep_login(config, *keys) : Result<void>(fail(keys.error()));
    if (!kept) {
      if (!token.cancelled())
        logger_.error("The client certificate cannot be renewed", {{"err", kept.error().message}});
      co_await sleep_for(kRenewalRetry, token);
      continue;
    }
    config.client_certificate_pem = keys->certificate_pem;
    config.client_key_pem = keys->key_pem;
    Result<void> used = use(config);
    if (used) logger_.info("The client certificate was renewed");
  }
}

// A certificate is for the addresses that the Node object has.
Task<bool> RemoteNode::wait_for_address(CancelToken token) {
  client::Rest own = rest();
  while (!token.cancelled()) {
    Context context;
    context.cancel = token;
    auto node = co_await own.get<corev1::Node>(std::move(context), std::string(), options_.node.node_name);
    if (node && !node->status.addresses.empty()) co_return true;
    co_await sleep_for(std::chrono::milliseconds(500), token);
  }
  co_return false;
}

Task<void> RemoteNode::renew_serving(CancelToken token) {
  bool fresh = !server_store_.load(process_.clock()->now());
  while (!token.cancelled()) {
    if (!fresh) {
      pki::KeyPair keys = serving_->current();
      Result<pki::Certificate> certificate = pki::Certificate::parse_pem(keys.certificate_pem);
      if (!certificate) co_return;
      WallTime due = renewal_time(*certificate, process_.rng().uniform());
      if (!co_await sleep_for(due - process_.clock()->now(), token)) co_return;
    }
    if (!co_await wait_for_address(token)) co_return;
    client::Rest current = rest();
    CertificateWish wish = kubelet_serving_wish(options_.node.node_name, options_.node.node_ip);
    Result<pki::KeyPair> keys = co_await request_certificate(std::move(current), std::move(wish), token);
    Result<void> kept =
        keys ? server_store_.save(*keys, process_.clock()->now()) : Result<void>(fail(keys.error()));
    if (!kept) {
      if (!token.cancelled())
        logger_.error("There is no serving certificate of the cluster", {{"err", kept.error().message}});
      Duration pause = fresh ? Duration(kRetry) : Duration(kRenewalRetry);
      co_await sleep_for(pause, token);
      continue;
    }
    serving_->set(std::move(*keys));
    fresh = false;
    logger_.info("Serving with a certificate of the cluster");
  }
}

// Joins if need be, and renews what has to be.
Task<Result<void>> RemoteNode::live(CancelToken token) {
  client::ClientConfig config;
  if (login_.config) {
    config = *login_.config;
  } else {
    std::optional<client::ClientConfig> kept = kept_login();
    if (kept) {
      config = std::move(*kept);
    } else {
      Result<client::ClientConfig> joined = co_await join(token);
      if (!joined) co_return Result<void>();  // stopped before it could
      config = std::move(*joined);
    }
    CO_TRY_VOID(use(config));
    CO_TRY_VOID(run_kubelet(config.ca_pem));
  }
  Scope scope(*Executor::current(), token);
  if (options_.rotate_client && !login_.config) scope.spawn(renew_client(config, scope.token()));
  if (options_.rotate_serving && options_.tls_cert_file.empty()) scope.spawn(renew_serving(scope.token()));
  co_await scope.join();
  co_return Result<void>();
}

Result<std::unique_ptr<RemoteNode>> RemoteNode::start(RemoteNodeOptions options, NodeLogin login,
                                                      Process& process) {
  TRY_VOID(options.node.complete());
  if (login.config) {
    TRY_VOID(check_identity(*login.config, options.node.node_name));
  }
  std::unique_ptr<RemoteNode> node(new RemoteNode(std::move(options), std::move(login), process));
  TRY_VOID(node->make_serving_keys());
  if (node->login_.config) {
    TRY_VOID(node->use(*node->login_.config));
    TRY_VOID(node->run_kubelet(node->login_.config->ca_pem));
  }
  node->identity_ = std::make_unique<Component>(
      "identity", process,
      [alive = node.get()](Executor&, CancelToken token) { return alive->live(std::move(token)); });
  return node;
}

}  // namespace xebec::cmd
