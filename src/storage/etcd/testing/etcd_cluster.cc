#include "storage/etcd/testing/etcd_cluster.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

extern char** environ;

namespace xebec::storage::testing {
namespace {

// In memory: a disk's fsync makes these tests slower, and proves nothing of ours.
std::string make_dir(std::string parent) {
  if (parent.empty()) parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  std::string name = fmt::format("{}/xebec-etcd-XXXXXX", parent);
  if (mkdtemp(name.data()) == nullptr) abort();
  return name;
}

pid_t spawn(std::vector<std::string> arguments, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  posix_spawn_file_actions_adddup2(&actions, output, 2);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::string version = "ETCDCTL_API=3";
  std::vector<char*> environment = {version.data()};
  for (char** e = environ; *e != nullptr; ++e) environment.push_back(*e);
  environment.push_back(nullptr);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : 0;
}

std::string read_all(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Waits for a while only: a server that does not come up is a failure, with what it said.
template <class F>
void until(const std::string& what, const std::string& log, F done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) {
      fmt::print(stderr, "{}: not within 30 s\n{}\n", what, read_all(log));
      abort();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(any);
  if (bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof(any)) != 0) abort();
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&any), &size) != 0) abort();
  close(fd);
  return ntohs(any.sin_port);
}

std::string run_program(std::vector<std::string> arguments, bool* ok) {
  char name[] = "/tmp/xebec-output-XXXXXX";
  const int fd = mkostemp(name, O_CLOEXEC);
  if (fd < 0) abort();
  const pid_t pid = spawn(std::move(arguments), fd);
  int status = -1;
  if (pid != 0) waitpid(pid, &status, 0);
  if (ok != nullptr) *ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  std::string output = read_all(name);
  close(fd);
  unlink(name);
  return output;
}

bool etcd_installed() {
  for (const char* program : {"etcd", "etcdctl"}) {
    bool found = false;
    run_program({"sh", "-c", fmt::format("command -v {}", program)}, &found);
    if (!found) return false;
  }
  return true;
}

EtcdCluster::EtcdCluster(EtcdClusterOptions options)
    : options_(std::move(options)), dir_(make_dir(options_.parent)) {
  const bool tls = !options_.ca_file.empty();
  for (int i = 0; i < options_.members; ++i) {
    members_.push_back(
        Member{.name = fmt::format("m{}", i),
               .client_url = fmt::format("{}://127.0.0.1:{}", tls ? "https" : "http", free_port()),
               .peer_url = fmt::format("http://127.0.0.1:{}", free_port())});
  }
  for (const Member& member : members_) restore(member);
  for (int i = 0; i < options_.members; ++i) start(i);
  for (int i = 0; i < options_.members; ++i) await(i);
}

EtcdCluster::~EtcdCluster() {
  for (size_t i = 0; i < members_.size(); ++i) kill(static_cast<int>(i));
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

std::vector<std::string> EtcdCluster::urls() const {
  std::vector<std::string> out;
  for (const Member& member : members_) out.push_back(member.client_url);
  return out;
}

std::string EtcdCluster::initial_cluster() const {
  std::string all;
  for (const Member& m : members_) all += fmt::format("{}{}={}", all.empty() ? "" : ",", m.name, m.peer_url);
  return all;
}

void EtcdCluster::restore(const Member& member) const {
  if (options_.restore_from.empty()) return;
  bool ok = false;
  const std::string output = run_program(
      {"etcdctl", "snapshot", "restore", options_.restore_from, "--name=" + member.name,
       fmt::format("--data-dir={}/{}", dir_, member.name), "--initial-cluster=" + initial_cluster(),
       "--initial-advertise-peer-urls=" + member.peer_url},
      &ok);
  if (!ok) {
    fmt::print(stderr, "{}\n", output);
    abort();
  }
}

std::vector<std::string> EtcdCluster::arguments(const Member& member) const {
  // It ends with the test, even when that crashes.
  std::vector<std::string> out = {
      "setpriv", "--pdeathsig=KILL", "--", "etcd", "--name=" + member.name,
      fmt::format("--data-dir={}/{}", dir_, member.name), "--listen-client-urls=" + member.client_url,
      "--advertise-client-urls=" + member.client_url, "--listen-peer-urls=" + member.peer_url,
      "--initial-advertise-peer-urls=" + member.peer_url, "--initial-cluster=" + initial_cluster(),
      // One member has nobody to wait for.
      fmt::format("--heartbeat-interval={}", members_.size() > 1 ? 50 : 5),
      fmt::format("--election-timeout={}", members_.size() > 1 ? 500 : 50), "--max-txn-ops=4096",
      "--log-level=warn"};
  if (!options_.ca_file.empty()) {
    out.insert(out.end(), {"--client-cert-auth", "--trusted-ca-file=" + options_.ca_file,
                           "--cert-file=" + options_.cert_file, "--key-file=" + options_.key_file});
  }
  out.insert(out.end(), options_.flags.begin(), options_.flags.end());
  return out;
}

void EtcdCluster::start(int member) {
  Member& m = members_[static_cast<size_t>(member)];
  const std::string log = fmt::format("{}/{}.log", dir_, m.name);
  const int fd = open(log.c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
  m.pid = spawn(arguments(m), fd);
  close(fd);
}

bool EtcdCluster::serves(const Member& member) const {
  bool ok = false;
  std::vector<std::string> arguments = {"etcdctl", "--endpoints=" + member.client_url, "--command-timeout=2s",
                                        "--dial-timeout=2s"};
  if (!options_.ca_file.empty()) {
    arguments.insert(arguments.end(), {"--cacert=" + options_.ca_file, "--cert=" + options_.cert_file,
                                       "--key=" + options_.key_file});
  }
  arguments.insert(arguments.end(), {"get", "x"});
  run_program(std::move(arguments), &ok);
  return ok;
}

void EtcdCluster::await(int member) {
  const Member& m = members_[static_cast<size_t>(member)];
  until("etcd at " + m.client_url, fmt::format("{}/{}.log", dir_, m.name), [&] { return serves(m); });
}

void EtcdCluster::kill(int member) {
  Member& m = members_[static_cast<size_t>(member)];
  if (m.pid == 0) return;
  ::kill(m.pid, SIGKILL);
  waitpid(m.pid, nullptr, 0);
  m.pid = 0;
}

void EtcdCluster::suspend(int member) { ::kill(members_[static_cast<size_t>(member)].pid, SIGSTOP); }
void EtcdCluster::resume(int member) { ::kill(members_[static_cast<size_t>(member)].pid, SIGCONT); }

std::string EtcdCluster::ctl(std::vector<std::string> arguments, bool* ok) const {
  std::string endpoints;
  for (const Member& m : members_) {
    if (m.pid != 0) endpoints += (endpoints.empty() ? "" : ",") + m.client_url;
  }
  std::vector<std::string> all = {"etcdctl", "--endpoints=" + endpoints};
  if (!options_.ca_file.empty()) {
    all.insert(all.end(), {"--cacert=" + options_.ca_file, "--cert=" + options_.cert_file,
                           "--key=" + options_.key_file});
  }
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run_program(std::move(all), ok);
}

EtcdGateway::EtcdGateway(const EtcdCluster& cluster)
    : cluster_(cluster), address_(fmt::format("127.0.0.1:{}", free_port())), url_("http://" + address_) {
  mend();
}

void EtcdGateway::cut() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void EtcdGateway::mend() {
  std::string endpoints;
  for (const std::string& url : cluster_.urls()) {
    endpoints += (endpoints.empty() ? "" : ",") + url.substr(url.find("://") + 3);
  }
  const int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
  pid_ = spawn({"setpriv", "--pdeathsig=KILL", "--", "etcd", "gateway", "start", "--endpoints=" + endpoints,
                "--listen-addr=" + address_},
               fd);
  close(fd);
}

void make_certificates(const std::string& dir) {
  const std::string script = fmt::format(
      "set -e; cd {}; ec='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'\n"
      "openssl req -x509 $ec -keyout ca.key -out ca.crt -days 2 -subj /CN=ca\n"
      "openssl req $ec -keyout tls.key -out tls.csr -subj /CN=apiserver\n"
      "printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\\nextendedKeyUsage=serverAuth,clientAuth\\n' > ext\n"
      "openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out tls.crt -days 2 "
      "-extfile ext\n",
      dir);
  bool ok = false;
  const std::string output = run_program({"sh", "-c", script}, &ok);
  if (ok) return;
  fmt::print(stderr, "{}\n", output);
  abort();
}

int EtcdCluster::leader() const {
  for (size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].pid == 0) continue;
    // ENDPOINT, ID, VERSION, DB SIZE, IS LEADER, …
    const std::string line = run_program(
        {"etcdctl", "--endpoints=" + members_[i].client_url, "endpoint", "status", "--write-out=simple"});
    size_t at = 0;
    for (int commas = 0; commas < 4 && at != std::string::npos; ++commas) at = line.find(", ", at) + 2;
    if (line.compare(at, 4, "true") == 0) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace xebec::storage::testing
