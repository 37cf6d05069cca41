#include "cluster.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "client/kubeconfig.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace xebec::integration {
namespace {

constexpr Duration kDay = std::chrono::hours(24);

template <class T>
T must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    std::abort();
  }
  return std::move(*result);
}

template <class T>
Task<T> on_executor(Executor& there, Task<T> task) {
  Executor& home = *Executor::current();
  co_await there.schedule();
  T out = co_await std::move(task);
  co_await home.schedule();
  co_return out;
}

Task<bool> stopped(apiserver::Instance& instance) {
  co_await instance.stop();
  co_return true;
}

}  // namespace

Cluster::Cluster(http::ServerLimits limits) : limits_(limits) {
  std::string pattern = std::filesystem::temp_directory_path() / "xebec-integration-XXXXXX";
  dir_ = mkdtemp(pattern.data());
  const WallTime now = clock_->now();
  ca_ = std::make_unique<pki::CertificateAuthority>(
      must(pki::CertificateAuthority::create("kubernetes", kDay, now)));
  service_account_key_ = must(pki::PrivateKey::generate_rsa()).pem();
  pki::IssueSpec admin;
  admin.subject.common_name = "kubernetes-admin";
  admin.subject.organizations = {"system:masters"};
  admin.usages = {pki::Usage::kClient};
  admin_ = must(ca_->issue(admin, now));
  start();
}

Cluster::~Cluster() {
  stop();
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

void Cluster::start() {
  storage::RocksdbOptions store;
  store.dir = dir_ + "/store";
  store.clock = clock_;
  store_ = must(storage::open_rocksdb(std::move(store)));
  metrics_ = std::make_unique<Metrics>();

  apiserver::InstanceEnv env;
  env.store = store_.get();
  env.clock = clock_;
  env.rng = rng_.get();
  env.executor = &background_;
  env.metrics = metrics_.get();
  apiserver::InstanceOptions options;
  options.client_ca_pem = ca_->certificate().pem();
  options.service_account_key_pem = service_account_key_;
  options.advertise_address = "192.0.2.1";
  options.kubelet_clients = [this](const std::string& host,
                                   int port) -> Result<std::shared_ptr<http::Client>> {
    http::ClientOptions client;
    client.url = fmt::format("https://{}:{}", host, port);
    client.ca_pem = ca_->certificate().pem();
    TRY(std::unique_ptr<http::Client> made, http::make_client(pool_, std::move(client)));
    return std::shared_ptr<http::Client>(std::move(made));
  };
  options.target_clients = [this](const std::string& url) -> Result<std::shared_ptr<http::Client>> {
    http::ClientOptions client;
    client.url = url;
    // Pods may not have addresses of this machine's own, and here they have no others.
    if (const size_t at = client.url.find(kPodAddress); at != std::string::npos)
      client.url.replace(at, std::string_view(kPodAddress).size(), "127.0.0.1");
    client.insecure_skip_verify = true;
    TRY(std::unique_ptr<http::Client> made, http::make_client(pool_, std::move(client)));
    return std::shared_ptr<http::Client>(std::move(made));
  };
  instance_ = must(
      block_on(on_executor(background_, apiserver::Instance::start(std::move(env), std::move(options)))));
  EXPECT_TRUE(block_on(on_executor(background_, instance_->wait_ready())));

  pki::IssueSpec serving;
  serving.subject.common_name = "kube-apiserver";
  serving.ip_addresses = {"127.0.0.1"};
  serving.usages = {pki::Usage::kServer};
  pki::KeyPair keys = must(ca_->issue(serving, clock_->now()));
  http::ServerOptions server;
  server.tls.emplace();
  server.tls->certificate_pem = keys.certificate_pem;
  server.tls->key_pem = keys.key_pem;
  server.tls->client_ca_pem = ca_->certificate().pem();
  server.clock = clock_;
  server.limits = limits_;
  server_ = must(http::Server::listen(pool_, std::move(server), instance_->handler()));

  client::KubeCluster cluster;
  cluster.name = "kubernetes";
  cluster.server = fmt::format("https://127.0.0.1:{}", server_->port());
  cluster.certificate_authority_data = ca_->certificate().pem();
  client::KubeUser user;
  user.name = "admin";
  user.client_certificate_data = admin_.certificate_pem;
  user.client_key_data = admin_.key_pem;
  EXPECT_TRUE(
      client::Kubeconfig::simple(std::move(cluster), std::move(user), "admin").save(dir_ + "/admin.conf"));
}

void Cluster::stop() {
  block_on(server_->shutdown(std::chrono::seconds(0)));
  server_.reset();
  block_on(on_executor(background_, stopped(*instance_)));
  instance_.reset();
  store_.reset();
}

void Cluster::restart() {
  stop();
  start();
}

std::string Cluster::kubectl_command(const std::string& arguments) const {
  // Its own home: caches of another cluster on the same port must not be believed.
  return fmt::format("HOME={0} KUBECONFIG={0}/admin.conf timeout 30 kubectl {1} 2>&1", dir_, arguments);
}

Output Cluster::kubectl(const std::string& arguments, const std::string& input) {
  std::string command = kubectl_command(arguments);
  const std::string input_path = dir_ + "/input";
  EXPECT_TRUE(pki::write_file_atomic(input_path, input));
  command += " <" + input_path;
  Output out;
  FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) out.text.append(buffer, n);
  int status = pclose(pipe);
  out.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

std::string Cluster::ok(const std::string& arguments, const std::string& input) {
  Output out = kubectl(arguments, input);
  EXPECT_EQ(out.status, 0) << "kubectl " << arguments << "\n" << out.text;
  return out.text;
}

std::unique_ptr<http::Client> Cluster::client(bool http1_only) {
  http::ClientOptions options;
  options.url = fmt::format("https://127.0.0.1:{}", port());
  options.ca_pem = ca_->certificate().pem();
  options.certificate_pem = admin_.certificate_pem;
  options.key_pem = admin_.key_pem;
  options.http1_only = http1_only;
  return must(http::make_client(pool_, std::move(options)));
}

http::ServerOptions Cluster::server_options(const std::string& common_name) const {
  pki::IssueSpec spec;
  spec.subject.common_name = common_name;
  spec.ip_addresses = {"127.0.0.1"};
  spec.usages = {pki::Usage::kServer};
  Result<pki::KeyPair> keys = ca_->issue(spec, clock_->now());
  EXPECT_TRUE(keys);
  http::ServerOptions options;
  options.tls.emplace();
  if (!keys) return options;
  options.tls->certificate_pem = keys->certificate_pem;
  options.tls->key_pem = keys->key_pem;
  return options;
}

void Cluster::make_default_service_account() { ok("create serviceaccount default"); }

Background::Background(const std::string& command) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::string line = "exec env " + command;
  char shell[] = "/bin/sh", flag[] = "-c";
  char* arguments[] = {shell, flag, line.data(), nullptr};
  EXPECT_EQ(posix_spawn(&pid_, shell, &actions, nullptr, arguments, environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  fd_ = ends[0];
}

Background::~Background() {
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
  close(fd_);
}

const std::string& Background::read_until(std::string_view wanted) {
  char buffer[1024];
  while (text_.find(wanted) == std::string::npos) {
    ssize_t n = read(fd_, buffer, sizeof(buffer));
    if (n <= 0) break;
    text_.append(buffer, static_cast<size_t>(n));
  }
  return text_;
}

bool have_kubectl() { return std::system("kubectl version --client >/dev/null 2>&1") == 0; }

}  // namespace xebec::integration
