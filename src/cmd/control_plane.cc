#include "cmd/control_plane.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "apiserver/bootstrap/cluster.h"
#include "cmd/component.h"
#include "cmd/host_address.h"
#include "http/client.h"
#include "storage/etcd/etcd_store.h"
#include "storage/migrate.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace xebec::cmd {
namespace {

constexpr Duration kGraceAfterFailure = std::chrono::seconds(5);
// When requests have been finished before the listener closes.
constexpr Duration kGraceAfterRefusals = std::chrono::seconds(2);
// The API server towards kubelets, as kubeadm names it.
constexpr std::string_view kKubeletClient = "kube-apiserver-kubelet-client";

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

std::string url_of(const std::string& host, int port) {
  bool v6 = host.find(':') != std::string::npos;
  return v6 ? fmt::format("https://[{}]:{}", host, port) : fmt::format("https://{}:{}", host, port);
}

Result<pki::KeyPair> issue_serving(const ClusterPki& pki, const ControlPlaneOptions& options, WallTime now) {
  std::vector<std::string> names = {"kubernetes", "kubernetes.default", "kubernetes.default.svc",
                                    "kubernetes.default.svc.cluster.local", "localhost"};
  std::vector<std::string> addresses = {"127.0.0.1", "::1"};
  char host[256] = {};
  if (gethostname(host, sizeof(host) - 1) == 0 && host[0] != '\0') names.emplace_back(host);
  TRY(std::string service, apiserver::first_service_address(options.api.registries.service_cidr));
  addresses.push_back(service);
  std::vector<std::string> more = options.extra_sans;
  more.push_back(options.advertise_address);
  if (!is_unspecified(options.bind_address)) more.push_back(options.bind_address);
  for (const std::string& one : more) {
    std::vector<std::string>& list = is_ip(one) ? addresses : names;
    if (std::ranges::find(list, one) == list.end()) list.push_back(one);
  }
  return pki.server_certificate("kube-apiserver", std::move(names), std::move(addresses), now);
}

Result<pki::KeyPair> serving_certificate(const ClusterPki& pki, const ControlPlaneOptions& options,
                                         WallTime now) {
  if (options.tls_cert_file.empty()) return issue_serving(pki, options, now);
  return read_key_pair(options.tls_cert_file, options.tls_private_key_file);
}

// Clients of kubelets, with the API server's own certificate.
apiserver::KubeletProxy::ClientFactory kubelet_clients(http::IoPool& pool, std::string ca_pem,
                                                       pki::KeyPair keys) {
  return [&pool, ca_pem, keys](const std::string& host, int port) -> Result<std::shared_ptr<http::Client>> {
    http::ClientOptions options;
    options.url = url_of(host, port);
    options.ca_pem = ca_pem;
    options.insecure_skip_verify = ca_pem.empty();
    options.certificate_pem = keys.certificate_pem;
    options.key_pem = keys.key_pem;
    options.user_agent = "xebec-apiserver";
    TRY(std::unique_ptr<http::Client> client, http::make_client(pool, std::move(options)));
    return std::shared_ptr<http::Client>(std::move(client));
  };
}

}  // namespace

ControlPlane::ControlPlane(ControlPlaneOptions options, ClusterPki pki, Process& process)
    : options_(std::move(options)),
      process_(process),
      pki_(std::move(pki)),
      pool_(options_.io_threads > 0 ? options_.io_threads
                                    : std::max(1u, std::thread::hardware_concurrency())),
      background_("apiserver"),
      // By then they have ended by themselves.
      grace_(options_.api.limits.request_timeout) {}

Result<std::unique_ptr<ControlPlane>> ControlPlane::start(ControlPlaneOptions options, Process& process) {
  TRY_VOID(options.complete());
  std::error_code error;
  std::filesystem::create_directories(options.data_dir, error);
  if (error)
    return fail(errors::internal(fmt::format("cannot make {}: {}", options.data_dir, error.message())));
  TRY(ClusterPki pki, ClusterPki::open(options.data_dir + "/pki", process.clock()->now()));
  std::unique_ptr<ControlPlane> plane(new ControlPlane(std::move(options), std::move(pki), process));
  TRY_VOID(plane->open());
  TRY_VOID(plane->listen());
  TRY_VOID(plane->write_kubeconfigs());
  return plane;
}

Result<void> ControlPlane::set_kubelet_clients(apiserver::InstanceOptions& into) {
  pki::KeyPair keys;
  if (options_.kubelet_client_certificate.empty()) {
    TRY(keys, pki_.client_certificate(kKubeletClient, {}, process_.clock()->now()));
    into.kubelet_client_user = kKubeletClient;
  } else {
    TRY(keys, read_key_pair(options_.kubelet_client_certificate, options_.kubelet_client_key));
  }
  std::string ca_pem = pki_.ca_pem();
  if (options_.kubelet_certificate_authority) {
    ca_pem.clear();
    const std::string& file = *options_.kubelet_certificate_authority;
    if (!file.empty()) {
      TRY(ca_pem, pki::read_file(file));
    }
  }
  into.kubelet_clients = kubelet_clients(pool_, std::move(ca_pem), std::move(keys));
  return {};
}

Result<apiserver::InstanceOptions> ControlPlane::instance_options() {
  apiserver::InstanceOptions out = options_.api;
  client_ca_pem_ = pki_.ca_pem();
  if (!options_.client_ca_file.empty()) {
    // The cluster's own CA counts as well: it signs the administrator's certificate.
    TRY(std::string more, pki::read_file(options_.client_ca_file));
    client_ca_pem_ += more;
  }
  out.client_ca_pem = client_ca_pem_;
  service_account_key_pem_ = pki_.service_account_key_pem();
  if (const std::string& file = options_.service_account_signing_key_file; !file.empty()) {
    TRY(service_account_key_pem_, pki::read_file(file));
  }
  out.service_account_key_pem = service_account_key_pem_;
  for (const std::string& file : options_.service_account_key_files) {
    TRY(std::string pem, pki::read_file(file));
    out.service_account_public_keys_pem.push_back(std::move(pem));
  }
  out.advertise_address = options_.advertise_address;
  out.join_url = url_of(options_.advertise_address, options_.secure_port);
  out.join_ca_pem = pki_.ca_pem();
  out.secure_port = options_.secure_port;
  TRY_VOID(set_kubelet_clients(out));
  out.target_clients = target_clients(pool_);
  const bool here = options_.whole;
  out.components = {{"controller-manager", here ? "" : "https://127.0.0.1:10257"},
                    {"scheduler", here ? "" : "https://127.0.0.1:10259"}};
  return out;
}

Result<void> ControlPlane::open_store() {
  if (!options_.etcd.servers.empty()) {
    storage::EtcdOptions etcd = options_.etcd;
    etcd.logger = process_.logger().named("store");
    TRY(store_, block_on(storage::open_etcd(std::move(etcd))));
    return block_on(storage::check_not_migrating(*store_));
  }
  storage::RocksdbOptions rocksdb;
  rocksdb.dir = options_.data_dir + "/store";
  rocksdb.clock = process_.clock();
  rocksdb.logger = process_.logger().named("store");
  rocksdb.on_fatal = [process = &process_](const Status& why) { process->fail(why); };
  TRY(store_, storage::open_rocksdb(std::move(rocksdb)));
  return block_on(storage::check_not_migrating(*store_));
}

Result<void> ControlPlane::open() {
  TRY_VOID(open_store());

  apiserver::InstanceEnv env;
  env.store = store_.get();
  env.clock = process_.clock();
  env.rng = &process_.rng();
  env.executor = &background_;
  env.metrics = &process_.metrics();
  env.logger = process_.logger().named("apiserver");
  TRY(apiserver::InstanceOptions options, instance_options());
  TRY(instance_,
      block_on(on_executor(background_, apiserver::Instance::start(std::move(env), std::move(options)))));
  return {};
}

Result<void> ControlPlane::listen() {
  TRY(pki::KeyPair serving, serving_certificate(pki_, options_, process_.clock()->now()));
  http::ServerOptions server_options;
  server_options.address = options_.bind_address;
  server_options.port = options_.secure_port;
  http::ServerTls& tls = server_options.tls.emplace();
  tls.certificate_pem = serving.certificate_pem;
  tls.key_pem = serving.key_pem;
  tls.client_ca_pem = client_ca_pem_;
  server_options.clock = process_.clock();
  server_options.logger = process_.logger().named("http");
  TRY(server_, http::Server::listen(pool_, std::move(server_options), instance_->handler()));
  process_.logger().info("Serving", {{"address", options_.bind_address}, {"port", port()}});
  return {};
}

Result<void> ControlPlane::write_kubeconfigs() const {
  // A server that listens on one address only is reached there; others by what they are told.
  const std::string& host =
      is_unspecified(options_.bind_address) ? options_.advertise_address : options_.bind_address;
  const std::string url = url_of(host, port());
  struct User {
    std::string file, name;
    std::vector<std::string> groups;
  };
  std::vector<User> users = {{"admin.conf", "kubernetes-admin", {"system:masters"}}};
  if (options_.component_kubeconfigs) {
    users.push_back({"controller-manager.conf", "system:kube-controller-manager", {}});
    users.push_back({"scheduler.conf", "system:kube-scheduler", {}});
  }
  for (const User& user : users) {
    TRY(pki::KeyPair keys, pki_.client_certificate(user.name, user.groups, process_.clock()->now()));
    TRY_VOID(write_kubeconfig(fmt::format("{}/{}", options_.data_dir, user.file), url, pki_.ca_pem(),
                              user.name, keys));
  }
  return {};
}

Result<void> ControlPlane::wait() {
  Result<void> ended = process_.wait();
  apiserver::Lifecycle& lifecycle = instance_->handler().lifecycle();
  lifecycle.begin_shutdown();
  failed_ = !ended;
  if (failed_) grace_ = kGraceAfterFailure;
  if (ended && options_.shutdown_delay > Duration::zero()) process_.linger(options_.shutdown_delay);
  return ended;
}

// As options say: new requests are told to come back until those that are worked on are finished; watches end
// little by little.
Task<void> ControlPlane::finish(apiserver::Lifecycle& lifecycle) {
  Scope scope(*Executor::current());
  if (options_.shutdown_send_retry_after && !failed_) {
    lifecycle.refuse_requests();
    scope.spawn(lifecycle.finish_requests(grace_));
    grace_ = kGraceAfterRefusals;
  }
  if (options_.shutdown_watch_grace > Duration::zero() && !failed_)
    scope.spawn(lifecycle.end_watches(options_.shutdown_watch_grace));
  co_await scope.join();
  lifecycle.end_long_running();
}

// Without them no connection is taken while that goes on.
Task<bool> ControlPlane::end(apiserver::Lifecycle& lifecycle) {
  Scope scope(*Executor::current());
  if (options_.shutdown_send_retry_after && !failed_) {
    co_await finish(lifecycle);
  } else {
    scope.spawn(finish(lifecycle));
  }
  const Duration watches = failed_ ? Duration::zero() : options_.shutdown_watch_grace;
  if (server_) co_await server_->shutdown(grace_ + watches);
  co_await scope.join();
  co_return true;
}

ControlPlane::~ControlPlane() {
  if (instance_) block_on(on_executor(background_, end(instance_->handler().lifecycle())));
  server_.reset();
  if (instance_) block_on(on_executor(background_, stop_instance(*instance_)));
}

}  // namespace xebec::cmd
