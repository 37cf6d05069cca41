#include "cmd/apiserver_command.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <thread>

#include "apiserver/bootstrap/cluster.h"
#include "apiserver/instance.h"
#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/scope.h"
#include "cmd/cluster_pki.h"
#include "http/client.h"
#include "http/server.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace xebec::cmd {
namespace {

struct Options {
  std::string data_dir = "/var/lib/xebec";
  std::string bind_address = "0.0.0.0";
  std::string advertise_address;  // empty: the first address of the machine that is not loopback
  uint16_t secure_port = 6443;
  std::string service_cidr = "10.96.0.0/12";
  std::vector<std::string> extra_sans;
  size_t io_threads = 0;  // 0: as many as there are cores
  bool verbose = false;
};

// Runs a task on another executor, and comes back.
template <class T>
Task<T> on_executor(Executor& there, Task<T> task) {
  Executor& home = *Executor::current();
  co_await there.schedule();
  T out = co_await std::move(task);
  co_await home.schedule();
  co_return out;
}

Task<bool> stop_instance(apiserver::Instance& instance) {
  co_await instance.stop();
  co_return true;
}

std::string own_address() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return "127.0.0.1";
  std::string found = "127.0.0.1";
  for (const ifaddrs* one = list; one; one = one->ifa_next) {
    if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET || (one->ifa_flags & IFF_LOOPBACK) || !(one->ifa_flags & IFF_UP)) continue;
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr, text, sizeof(text));
    found = text;
    break;
  }
  freeifaddrs(list);
  return found;
}

bool is_ip(const std::string& text) { return text.find_first_not_of("0123456789.") == std::string::npos || text.find(':') != std::string::npos; }

Result<pki::KeyPair> serving_certificate(const ClusterPki& pki, const Options& options, WallTime now) {
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
apiserver::KubeletProxy::ClientFactory kubelet_clients(http::IoPool& pool, const ClusterPki& pki, const pki::KeyPair& keys) {
  return [&pool, ca = pki.ca_pem(), keys](const std::string& host, int port) -> Result<std::shared_ptr<http::Client>> {
    http::ClientOptions options;
    options.url = host.find(':') == std::string::npos ? fmt::format("https://{}:{}", host, port) : fmt::format("https://[{}]:{}", host, port);
    options.ca_pem = ca;
    options.certificate_pem = keys.certificate_pem;
    options.key_pem = keys.key_pem;
    options.user_agent = "xebec-apiserver";
    TRY(std::unique_ptr<http::Client> client, http::make_client(pool, std::move(options)));
    return std::shared_ptr<http::Client>(std::move(client));
  };
}

// Where admin.conf finds the server: on this machine.
std::string local_address(const Options& options) {
  bool all = options.bind_address == "0.0.0.0" || options.bind_address == "::";
  return all ? "127.0.0.1" : options.bind_address;
}

// Everything of the process, in the order it is taken down again (last first).
Result<void> run(const Options& options) {
  auto clock = std::make_shared<const SystemClock>();
  Logger logger(make_fd_sink(STDERR_FILENO), clock, options.verbose ? LogLevel::kDebug : LogLevel::kInfo);
  std::unique_ptr<Rng> rng = make_system_rng();
  Metrics metrics;

  // Signals are waited for below; threads made from here on inherit the mask.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  std::error_code error;
  std::filesystem::create_directories(options.data_dir, error);
  if (error) return fail(errors::internal(fmt::format("cannot make {}: {}", options.data_dir, error.message())));
  TRY(ClusterPki pki, ClusterPki::open(options.data_dir + "/pki", clock->now()));
  TRY(pki::KeyPair serving, serving_certificate(pki, options, clock->now()));
  TRY(pki::KeyPair admin, pki.client_certificate("kubernetes-admin", {"system:masters"}, clock->now()));
  TRY(pki::KeyPair kubelet_client, pki.client_certificate("kube-apiserver-kubelet-client", {"system:masters"}, clock->now()));

  storage::RocksdbOptions store_options;
  store_options.dir = options.data_dir + "/store";
  store_options.clock = clock;
  store_options.logger = logger.named("store");
  const pid_t self = getpid();
  store_options.on_fatal = [self](const Status&) { kill(self, SIGTERM); };
  TRY(std::unique_ptr<storage::Store> store, storage::open_rocksdb(std::move(store_options)));

  http::IoPool pool(options.io_threads > 0 ? options.io_threads : std::max(1u, std::thread::hardware_concurrency()));
  ThreadExecutor background("apiserver");

  apiserver::InstanceEnv env;
  env.store = store.get();
  env.clock = clock;
  env.rng = rng.get();
  env.executor = &background;
  env.metrics = &metrics;
  env.logger = logger.named("apiserver");
  apiserver::InstanceOptions instance_options;
  instance_options.client_ca_pem = pki.ca_pem();
  instance_options.service_account_key_pem = pki.service_account_key_pem();
  instance_options.advertise_address = options.advertise_address;
  instance_options.secure_port = options.secure_port;
  instance_options.registries.service_cidr = options.service_cidr;
  instance_options.kubelet_clients = kubelet_clients(pool, pki, kubelet_client);
  TRY(std::unique_ptr<apiserver::Instance> instance,
      block_on(on_executor(background, apiserver::Instance::start(std::move(env), std::move(instance_options)))));

  http::ServerOptions server_options;
  server_options.address = options.bind_address;
  server_options.port = options.secure_port;
  http::ServerTls& tls = server_options.tls.emplace();
  tls.certificate_pem = serving.certificate_pem;
  tls.key_pem = serving.key_pem;
  tls.client_ca_pem = pki.ca_pem();
  server_options.clock = clock;
  server_options.logger = logger.named("http");
  Result<std::unique_ptr<http::Server>> server = http::Server::listen(pool, std::move(server_options), instance->handler());
  if (!server) {
    block_on(on_executor(background, stop_instance(*instance)));
    return fail(server.error());
  }
  Result<void> written = write_kubeconfig(options.data_dir + "/admin.conf",
                                          fmt::format("https://{}:{}", local_address(options), (*server)->port()),
                                          pki.ca_pem(), "kubernetes-admin", admin);
  if (!written) logger.error("cannot write admin.conf", {{"err", written.error().message}});
  logger.info("serving", {{"address", options.bind_address}, {"port", (*server)->port()}});

  int received = 0;
  sigwait(&signals, &received);
  logger.info("stopping", {{"signal", received}});
  block_on((*server)->shutdown(std::chrono::seconds(5)));
  server->reset();
  block_on(on_executor(background, stop_instance(*instance)));
  return {};
}

}  // namespace

std::function<int()> declare_apiserver(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--data-dir", options->data_dir, "Where the store, the certificates and admin.conf are")->capture_default_str();
  app.add_option("--bind-address", options->bind_address, "The IP address to listen on")->capture_default_str();
  app.add_option("--advertise-address", options->advertise_address, "The IP address other machines and Pods reach it at");
  app.add_option("--secure-port", options->secure_port, "The port; 0 for any free one")->capture_default_str();
  app.add_option("--service-cluster-ip-range", options->service_cidr, "The IPv4 range of Services")->capture_default_str();
  app.add_option("--tls-san", options->extra_sans, "More names or addresses for the serving certificate");
  app.add_option("--io-threads", options->io_threads, "Threads for connections; 0 for one a core")->capture_default_str();
  app.add_flag("--verbose", options->verbose, "Log more");
  return [options] {
    if (options->advertise_address.empty()) {
      bool all = options->bind_address == "0.0.0.0" || options->bind_address == "::";
      options->advertise_address = all ? own_address() : options->bind_address;
    }
    Result<void> done = run(*options);
    if (done) return 0;
    fmt::print(stderr, "xebec: {}\n", done.error().message);
    return 1;
  };
}

}  // namespace xebec::cmd
