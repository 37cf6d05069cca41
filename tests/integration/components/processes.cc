#include "processes.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "http/client.h"

namespace xebec::integration {
namespace {

// The end of a file.
std::string tail(const std::string& path) {
  std::ifstream in(path, std::ios::ate);
  std::streamoff size = in.tellg();
  in.seekg(std::max<std::streamoff>(0, size - 6000));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

Child::Child(std::vector<std::string> arguments, std::string log) : log_(std::move(log)) {
  std::string program = XEBEC_BINARY;
  std::vector<char*> words = {program.data()};
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log_.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                   0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  EXPECT_EQ(posix_spawn(&pid_, XEBEC_BINARY, &actions, nullptr, words.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
}

int Child::stop() {
  if (pid_ == 0) return 0;
  ::kill(pid_, SIGTERM);
  int status = 0;
  for (int i = 0; i < 1000; ++i) {
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = 0;
      return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ADD_FAILURE() << "process " << pid_ << " did not end:\n" << tail(log_);
  ::kill(pid_, SIGKILL);
  waitpid(pid_, &status, 0);
  pid_ = 0;
  return -1;
}

void Child::signal(int number) const { ::kill(pid_, number); }

void Child::kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

int Child::wait() {
  int status = 0;
  if (pid_ != 0) waitpid(pid_, &status, 0);
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Processes::Processes() : port_(free_port()) {
  char name[] = "/tmp/xeXXXXXX";  // short: the path of a socket has a limit
  dir_ = mkdtemp(name);
}

Processes::~Processes() {
  apiserver_.reset();
  if (testing::Test::HasFailure()) GTEST_LOG_(INFO) << tail(log());
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

std::unique_ptr<Child> Processes::start(std::vector<std::string> arguments) {
  return std::make_unique<Child>(std::move(arguments), log());
}

void Processes::start_apiserver(const std::vector<std::string>& flags) {
  std::vector<std::string> all = {"apiserver",
                                  "--data-dir=" + dir_,
                                  "--secure-port=" + std::to_string(port_),
                                  "--bind-address=127.0.0.1",
                                  "--advertise-address=192.0.2.1",
                                  "--service-cluster-ip-range=10.97.0.0/16",
                                  "--enable-bootstrap-token-auth"};
  all.insert(all.end(), flags.begin(), flags.end());
  apiserver_ = start(std::move(all));
  until("admin.conf", [&] { return std::filesystem::exists(dir_ + "/admin.conf"); });
  auto config = cmd::load_client_config(dir_ + "/admin.conf", "");
  ASSERT_TRUE(config) << config.error().message;
  auto api = cmd::RemoteApi::make(std::move(*config), pool_, scheme_, clock_);
  ASSERT_TRUE(api) << api.error().message;
  admin_ = std::move(*api);
  rest_ = std::make_unique<client::Rest>(admin_->rest("test"));
  until("the API server's readiness", [&] { return read("/readyz") == "ok"; });
}

namespace {

// Who may see what is the API server's to say.
std::vector<std::string> serving(const std::string& kubeconfig, uint16_t port) {
  return {"--bind-address=127.0.0.1", "--secure-port=" + std::to_string(port == 0 ? free_port() : port),
          "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig};
}

}  // namespace

std::unique_ptr<Child> Processes::start_controller_manager(uint16_t port) {
  std::string kubeconfig = dir_ + "/controller-manager.conf";
  std::vector<std::string> all = {
      "controller-manager", "--kubeconfig=" + kubeconfig, "--use-service-account-credentials",
      "--root-ca-file=" + dir_ + "/pki/ca.crt", "--service-account-private-key-file=" + dir_ + "/pki/sa.key",
      "--allocate-node-cidrs", "--cluster-cidr=198.18.0.0/16",
      // Certificates that are to be renewed soon.
      "--controllers=*,kubeletservingapproving", "--cluster-signing-duration=1m",
      "--cluster-signing-cert-file=" + dir_ + "/pki/ca.crt",
      "--cluster-signing-key-file=" + dir_ + "/pki/ca.key"};
  for (std::string& flag : serving(kubeconfig, port)) all.push_back(std::move(flag));
  return start(std::move(all));
}

std::unique_ptr<Child> Processes::start_scheduler(uint16_t port) {
  std::string kubeconfig = dir_ + "/scheduler.conf";
  std::vector<std::string> all = {"scheduler", "--kubeconfig=" + kubeconfig};
  for (std::string& flag : serving(kubeconfig, port)) all.push_back(std::move(flag));
  return start(std::move(all));
}

std::string Processes::read(const std::string& path, const std::string& query) const {
  http::Request request;
  request.method = "GET";
  request.path = path;
  request.query = query;
  Result<http::Response> response = block_on(rest_->raw(Context(), std::move(request)));
  if (!response) return response.error().message;
  Result<std::string> body = block_on(response->read_body());
  return body ? *body : body.error().message;
}

std::vector<corev1::Pod> Processes::pods(const std::string& app) const {
  client::ListOptions options;
  options.label_selector = "app=" + app;
  auto list = block_on(rest_->list<corev1::Pod>(Context(), "default", std::move(options)));
  return list ? std::move(list->items) : std::vector<corev1::Pod>();
}

void Processes::until(const std::string& what, const std::function<bool()>& done, int seconds) const {
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!done()) {
    ASSERT_LT(std::chrono::steady_clock::now(), end) << what << ": not within " << seconds << " s\n"
                                                     << tail(log());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

void Processes::issue_node(const std::string& name) const {
  auto pki = cmd::ClusterPki::open(dir_ + "/pki", clock_.now());
  ASSERT_TRUE(pki);
  auto client = pki->client_certificate("system:node:" + name, {"system:nodes"}, clock_.now());
  auto serving = pki->server_certificate("system:node:" + name, {name}, {"127.0.0.1"}, clock_.now());
  ASSERT_TRUE(client && serving);
  const std::string base = dir_ + "/" + name;
  ASSERT_TRUE(cmd::write_kubeconfig(base + ".conf", url(), pki->ca_pem(), "system:node:" + name, *client));
  ASSERT_TRUE(pki::write_file_atomic(base + ".crt", serving->certificate_pem));
  ASSERT_TRUE(pki::write_file_atomic(base + ".key", serving->key_pem));
}

std::string Processes::read_component(uint16_t port, const std::string& path, const std::string& user,
                                      std::vector<std::string> groups) {
  http::ClientOptions options;
  options.url = "https://127.0.0.1:" + std::to_string(port);
  options.insecure_skip_verify = true;  // it signs its certificate itself
  if (!user.empty()) {
    auto pki = cmd::ClusterPki::open(dir_ + "/pki", clock_.now());
    auto keys = pki->client_certificate(user, std::move(groups), clock_.now());
    options.certificate_pem = keys->certificate_pem;
    options.key_pem = keys->key_pem;
  }
  auto client = http::make_client(pool_, std::move(options));
  if (!client) return client.error().message;
  http::Request request;
  request.method = "GET";
  request.path = path;
  Result<http::Response> response = block_on((*client)->send(Context(), std::move(request)));
  if (!response) return response.error().message;
  std::string status = std::to_string(response->status);
  Result<std::string> body = block_on(response->read_body());
  return status + " " + (body ? *body : body.error().message);
}

uint16_t free_port() {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(any);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof(any)), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&any), &size), 0);
  close(fd);
  return ntohs(any.sin_port);
}

}  // namespace xebec::integration
