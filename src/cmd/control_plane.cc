#include "cmd/control_plane.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <thread>

#include "apiserver/bootstrap/cluster.h"
#include "cmd/component.h"
#include "http/client.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace xebec::cmd {
namespace {

constexpr Duration kDrain = std::chrono::seconds(5);

// Clients of Pods and Services that requests are proxied to; whatever certificate they show, it is not known
// here.
std::function<Result<std::shared_ptr<http::Client>>(const std::string&)> target_clients(http::IoPool& pool) {
  return [&pool](const std::string& url) -> Result<std::shared_ptr<http::Client>> {
    http::ClientOptions options;
    options.url = url;
    options.insecure_skip_verify = true;
    TRY(std::unique_ptr<http::Client> client, http::make_client(pool, std::move(options)));
    return std::shared_ptr<http::Client>(std::move(client));
  };
}

Task<bool> stop_instance(apiserver::Instance& instance) {
  co_await instance.stop();
  co_return true;
}

bool is_ip(const std::string& text) {
  return text.find_first_not_of("0123456789.") == std::string::npos || text.find(':') != std::string::npos;
}

Result<pki::KeyPair> serving_certificate(const ClusterPki& pki, const ControlPlaneOptions& options,
                                         WallTime now) {
  std::vector<std::string> names = {"kubernetes", "kubernetes.default", "kubernetes.default.svc",
                                    "kubernetes.default.svc.cluster.local", "localhost"};
  std::vector<std::string> addresses = {"127.0.0.1", "::1"};
  char host[256] = {};
  if (gethostname(host, sizeof(host) - 1) == 0 && host[0] != '\0') names.emplace_back(host);
  TRY(std::string service, apiserver::first_service_address(options.service_cidr));
  addresses.push_back(service);
  std::vector<std::string> more = options.extra_sans;
  more.push_back(options.advertise_address);
  for (const std::string& one : more) {
    std::vector<std::string>& list = is_ip(one) ? addresses : names;
    if (std::ranges::find(list, one) == list.end()) list.push_back(one);
  }
  return pki.server_certificate("kube-apiserver", std::move(names), std::move(addresses), now);
}

// Clients of kubelets, with the API server's own certificate.
apiserver::KubeletProxy::ClientFactory kubelet_clients(http::IoPool& pool, const ClusterPki& pki,
                                                       const pki::KeyPair& keys) {
  return [&pool, ca = pki.ca_pem(), keys](const std::string& host,
                                          int port) -> Result<std::shared_ptr<http::Client>> {
    http::ClientOptions options;
    bool v6 = host.find(':') != std::string::npos;
    options.url = v6 ? fmt::format("https://[{}]:{}", host, port) : fmt::format("https://{}:{}", host, port);
    options.ca_pem = ca;
    options.certificate_pem = keys.certificate_pem;
    options.key_pem = keys.key_pem;
    options.user_agent = "xebec-apiserver";
    TRY(std::unique_ptr<http::Client> client, http::make_client(pool, std::move(options)));
    return std::shared_ptr<http::Client>(std::move(client));
  };
}

}  // namespace

void declare_control_plane(CLI::App& app, ControlPlaneOptions& options) {
  app.add_option("--data-dir", options.data_dir, "Where the store, the certificates and admin.conf are")
      ->capture_default_str();
  app.add_option("--bind-address", options.bind_address, "The IP address to listen on")
      ->capture_default_str();
  app.add_option("--advertise-address", options.advertise_address,
                 "The IP address other machines and Pods reach it at")
      ->capture_default_str();
  app.add_option("--secure-port", options.secure_port, "The port; 0 for any free one")->capture_default_str();
  app.add_option("--service-cluster-ip-range", options.service_cidr, "The IPv4 range of Services")
      ->capture_default_str();
  app.add_option("--tls-san", options.extra_sans, "More names or addresses for the serving certificate");
  app.add_option("--io-threads", options.io_threads, "Threads for connections; 0 for one a core")
      ->capture_default_str();
  app.add_flag("--verbose", options.verbose, "Log more");
}

Signals::Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

int Signals::wait() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  int received = 0;
  sigwait(&signals, &received);
  return received;
}

ControlPlane::ControlPlane(ClusterPki pki, size_t io_threads)
    : pki_(std::move(pki)),
      pool_(io_threads > 0 ? io_threads : std::max(1u, std::thread::hardware_concurrency())),
      background_("apiserver") {}

Result<std::unique_ptr<ControlPlane>> ControlPlane::start(const ControlPlaneOptions& options,
                                                          std::shared_ptr<const Clock> clock, Rng& rng,
                                                          Logger logger) {
  std::error_code error;
  std::filesystem::create_directories(options.data_dir, error);
  if (error)
    return fail(errors::internal(fmt::format("cannot make {}: {}", options.data_dir, error.message())));
  TRY(ClusterPki pki, ClusterPki::open(options.data_dir + "/pki", clock->now()));
  std::unique_ptr<ControlPlane> plane(new ControlPlane(std::move(pki), options.io_threads));
  TRY_VOID(plane->open(options, clock, rng, logger));
  TRY_VOID(plane->listen(options, clock, logger));
  return plane;
}

Result<void> ControlPlane::open(const ControlPlaneOptions& options, std::shared_ptr<const Clock> clock,
                                Rng& rng, const Logger& logger) {
  storage::RocksdbOptions store_options;
  store_options.dir = options.data_dir + "/store";
  store_options.clock = clock;
  store_options.logger = logger.named("store");
  const pid_t self = getpid();
  store_options.on_fatal = [self](const Status&) { kill(self, SIGTERM); };
  TRY(store_, storage::open_rocksdb(std::move(store_options)));

  TRY(pki::KeyPair kubelet_client,
      pki_.client_certificate("kube-apiserver-kubelet-client", {"system:masters"}, clock->now()));
  apiserver::InstanceEnv env;
  env.store = store_.get();
  env.clock = clock;
  env.rng = &rng;
  env.executor = &background_;
  env.metrics = &metrics_;
  env.logger = logger.named("apiserver");
  apiserver::InstanceOptions instance_options;
  instance_options.client_ca_pem = pki_.ca_pem();
  instance_options.service_account_key_pem = pki_.service_account_key_pem();
  instance_options.advertise_address = options.advertise_address;
  instance_options.secure_port = options.secure_port;
  instance_options.registries.service_cidr = options.service_cidr;
  instance_options.kubelet_clients = kubelet_clients(pool_, pki_, kubelet_client);
  instance_options.target_clients = target_clients(pool_);
  TRY(instance_, block_on(on_executor(
                     background_, apiserver::Instance::start(std::move(env), std::move(instance_options)))));
  return {};
}

Result<void> ControlPlane::listen(const ControlPlaneOptions& options, std::shared_ptr<const Clock> clock,
                                  const Logger& logger) {
  TRY(pki::KeyPair serving, serving_certificate(pki_, options, clock->now()));
  TRY(pki::KeyPair admin, pki_.client_certificate("kubernetes-admin", {"system:masters"}, clock->now()));
  http::ServerOptions server_options;
  server_options.address = options.bind_address;
  server_options.port = options.secure_port;
  http::ServerTls& tls = server_options.tls.emplace();
  tls.certificate_pem = serving.certificate_pem;
  tls.key_pem = serving.key_pem;
  tls.client_ca_pem = pki_.ca_pem();
  server_options.clock = clock;
  server_options.logger = logger.named("http");
  TRY(server_, http::Server::listen(pool_, std::move(server_options), instance_->handler()));
  TRY_VOID(write_kubeconfig(options.data_dir + "/admin.conf",
                            fmt::format("https://{}:{}", options.advertise_address, port()), pki_.ca_pem(),
                            "kubernetes-admin", admin));
  logger.info("Serving", {{"address", options.bind_address}, {"port", port()}});
  return {};
}

ControlPlane::~ControlPlane() {
  if (server_) block_on(server_->shutdown(kDrain));
  server_.reset();
  if (instance_) block_on(on_executor(background_, stop_instance(*instance_)));
}

}  // namespace xebec::cmd
