// The kubelet's server over a real socket, in front of a real containerd: every way a client can reach a
// container.
#include <unistd.h>

#include <filesystem>

#include "base/scope.h"
#include "base/sync.h"
#include "http/client.h"
#include "http/server.h"
#include "http/spdy.h"
#include "http/websocket.h"
#include "kubelet/runtime/program.h"
#include "kubelet/runtime/supervisor.h"
#include "kubelet/server/test_support.h"

namespace xebec::kubelet::testing {
namespace {

namespace fs = std::filesystem;
namespace websocket = http::websocket;
namespace spdy = http::spdy;
using ::testing::HasSubstr;

std::string why_not() {
  if (geteuid() != 0) return "needs root";
  for (const char* program : {"containerd", "ctr", "runc", "nft", "python3", "cc"}) {
    if (containerd::find_program(program).empty()) return std::string("needs ") + program;
  }
  return access("/bin/busybox", X_OK) != 0 ? "needs busybox-static" : "";
}

// What a remote command left behind.
struct Outcome {
  std::string out, err, status;
  std::string greeting;
  uint16_t close_code = 0;
};

class KubeletServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string reason = why_not();
    if (!reason.empty()) GTEST_SKIP() << reason;
    char name[] = "/tmp/xebec-ks-XXXXXX";
    base_ = mkdtemp(name);
    options_.data_dir = base_ + "/c";
    options_.pod_cidr = "198.18.78.0/24";
    options_.cluster_cidr = "198.18.0.0/16";
    options_.cgroup_root = "/xebec-ks-test-" + std::to_string(getpid());
    containerd_ = std::make_unique<containerd::Containerd>(options_, Logger());
    Result<void> ready = block_on(start());
    ASSERT_TRUE(ready) << ready.error().message;
    KubeletServerParts parts{pods_, containerd_->runtime(), kubelet_, pool_, clock_, *rng_, metrics_};
    KubeletServerOptions options;
    options.node_name = "n1";
    handler_ =
        *KubeletServer::make(options, parts, reviews_client(std::make_shared<Reviews>(), kubelet_), Logger());
    server_ = *http::Server::listen(pool_, http::ServerOptions(), *handler_);
    http::ClientOptions client;
    client.url = "http://127.0.0.1:" + std::to_string(server_->port());
    client_ = *http::make_client(pool_, client);
  }

  void TearDown() override {
    client_.reset();
    server_.reset();
    if (!containerd_) return;
    Result<void> purged = block_on(containerd_->purge());
    EXPECT_TRUE(purged) << purged.error().message;
    fs::remove_all(base_);
  }

  Task<Result<void>> start() {
    std::string images = (fs::temp_directory_path() / "xebec-test-images").string();
    std::vector<std::string> build = {XEBEC_SOURCE_DIR "/tools/images/build.sh", images};
    CO_TRY_VOID(co_await containerd::check_program(std::move(build), std::chrono::seconds(120)));
    containerd_->use_images(images);
    CO_TRY_VOID(co_await containerd_->start());
    CO_TRY_VOID(co_await containerd_->ensure_sandbox_image());
    co_return co_await start_pod();
  }

  Task<Result<void>> start_pod() {
    cri::Runtime& runtime = containerd_->runtime();
    cri::PodSandboxConfig pod;
    pod.metadata.name = "web";
    pod.metadata.namespace_ = "default";
    pod.metadata.uid = "web-uid";
    pod.hostname = "web";
    pod.log_directory = base_ + "/logs/web";
    pod.cgroup_parent = options_.cgroup_root + "/web";
    pod.security.seccomp.emplace();
    fs::create_directories(pod.log_directory);
    pods_.add("web", "main");
    CO_TRY(pods_.sandbox, co_await runtime.run_pod_sandbox(pod, ""));
    cri::ContainerConfig config;
    config.metadata.name = "main";
    config.image.image = "busybox";
    config.command = {"sh", "-c",
                      "busybox httpd -p 127.0.0.1:8080 -h /etc; echo ready; while read l; do echo got:$l; "
                      "done; sleep 3600"};
    config.log_path = "main.log";
    config.stdin_ = true;
    config.security.seccomp.emplace();
    CO_TRY_VOID(co_await runtime.pull_image(config.image, std::nullopt, pod));
    CO_TRY(pods_.view.id, co_await runtime.create_container(pods_.sandbox, config, pod));
    CO_TRY_VOID(co_await runtime.start_container(pods_.view.id));
    pods_.view.phase = ContainerPhase::kRunning;
    pods_.view.log_path = pod.log_directory + "/main.log";
    co_return Result<void>();
  }

  std::string base_;
  containerd::Options options_;
  std::unique_ptr<containerd::Containerd> containerd_;
  FakePods pods_;
  SystemClock clock_;
  std::unique_ptr<Rng> rng_ = make_system_rng();
  Metrics metrics_;
  ThreadExecutor kubelet_{"kubelet"};
  http::IoPool pool_{2};
  std::unique_ptr<KubeletServer> handler_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::Client> client_;
};

std::string query_of(const std::vector<std::string>& command, std::string flags) {
  for (const std::string& word : command) flags += "&command=" + http::percent_encode(word);
  return flags;
}

// --- WebSocket ---

Task<Result<std::unique_ptr<websocket::Socket>>> dial(http::Client& client, Rng& rng, std::string path,
                                                      std::string query, std::string protocol) {
  http::Request ask = request("GET", path, query);
  std::vector<std::string_view> protocols = {protocol};
  std::string key = websocket::prepare(ask, protocols, rng);
  http::Headers answered;
  Context context;
  CO_TRY(auto stream, co_await client.upgrade(context, std::move(ask), answered));
  CO_TRY(std::string chosen, websocket::check(answered, key));
  EXPECT_EQ(chosen, protocol);
  co_return std::make_unique<websocket::Socket>(std::move(stream), websocket::Role::kClient, rng);
}

Task<void> send_input(websocket::Socket& socket, std::string input) {
  for (size_t at = 0; at < input.size(); at += 30000) {
    std::string data = std::string(1, '\0') + input.substr(at, 30000);
    Result<void> sent = co_await socket.send(websocket::Kind::kBinary, std::move(data));
    EXPECT_TRUE(sent);
  }
  std::string end("\xff\0", 2);
  (void)co_await socket.send(websocket::Kind::kBinary, std::move(end));
}

Task<Result<Outcome>> run_v5(http::Client& client, Rng& rng, std::string query,
                             std::optional<std::string> input) {
  CO_TRY(auto socket, co_await dial(client, rng, "/exec/default/web/main", query, "v5.channel.k8s.io"));
  Scope scope(*Executor::current());
  if (input) scope.spawn(send_input(*socket, *input));
  Outcome outcome;
  for (;;) {
    auto message = co_await socket->receive();
    if (!message || !*message) break;
    const std::string& data = (*message)->data;
    if (data[0] == 1) outcome.out += data.substr(1);
    if (data[0] == 2) outcome.err += data.substr(1);
    if (data[0] == 3) outcome.status += data.substr(1);
  }
  outcome.close_code = socket->close_code();
  co_await scope.join();
  co_return outcome;
}

TEST_F(KubeletServerTest, CommandsRunOverWebSockets) {
  auto run = [&](const std::vector<std::string>& command, std::string flags,
                 std::optional<std::string> input) {
    Result<Outcome> outcome = block_on(run_v5(*client_, *rng_, query_of(command, flags), input));
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome ? *outcome : Outcome();
  };
  Outcome outcome = run({"sh", "-c", "echo out; echo err >&2; exit 7"}, "output=1&error=1", std::nullopt);
  EXPECT_EQ(outcome.out, "out\n");
  EXPECT_EQ(outcome.err, "err\n");
  EXPECT_THAT(outcome.status, HasSubstr("NonZeroExitCode"));
  EXPECT_THAT(outcome.status, HasSubstr("\"7\""));
  EXPECT_EQ(outcome.close_code, websocket::kNormalClosure);

  outcome = run({"sh", "-c", "wc -c; echo done"}, "input=1&output=1&error=1", std::string(3000000, 'x'));
  EXPECT_EQ(outcome.out, "3000000\ndone\n");
  EXPECT_THAT(outcome.status, HasSubstr("\"Success\""));

  outcome = run({"cat"}, "input=1&output=1", std::string(2000000, 'y'));
  EXPECT_EQ(outcome.out.size(), 2000000u);

  outcome = run({"sh", "-c", "tty; stty size"}, "input=1&output=1&tty=1", std::nullopt);
  EXPECT_THAT(outcome.out, HasSubstr("/dev/pts/"));
}

Task<Result<std::string>> attach_and_type(http::Client& client, Rng& rng) {
  std::string query = "input=1&output=1&error=1";
  CO_TRY(auto socket, co_await dial(client, rng, "/attach/default/web/main", query, "v4.channel.k8s.io"));
  std::string line("\0hello\n", 7);
  CO_TRY_VOID(co_await socket->send(websocket::Kind::kBinary, std::move(line)));
  std::string out;
  while (out.find("got:hello\n") == std::string::npos) {
    CO_TRY(auto message, co_await socket->receive());
    if (!message) break;
    out += message->data.substr(1);
  }
  socket->abort();
  co_return out;
}

TEST_F(KubeletServerTest, AttachReachesTheProcess) {
  Result<std::string> out = block_on(attach_and_type(*client_, *rng_));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_THAT(*out, HasSubstr("got:hello\n"));
}

// --- SPDY ---

Task<void> run_session(spdy::Session& session) { (void)co_await session.run(); }

Task<Result<std::shared_ptr<spdy::Stream>>> open(spdy::Session& session, std::string type,
                                                 std::string port = "") {
  http::Headers headers;
  headers.add("streamtype", type);
  if (!port.empty()) headers.add("port", port);
  if (!port.empty()) headers.add("requestid", "0");
  co_return co_await session.open(std::move(headers));
}

Task<std::string> read_all(std::shared_ptr<spdy::Stream> stream) {
  std::string all, buffer(20000, '\0');
  for (;;) {
    Result<size_t> count = co_await stream->read(buffer);
    if (!count || *count == 0) co_return all;
    all.append(buffer, 0, *count);
  }
}

Task<void> write_all(std::shared_ptr<spdy::Stream> stream, std::string input) {
  (void)co_await stream->write(input);
  (void)co_await stream->shutdown_write();
}

Task<Result<std::unique_ptr<http::ByteStream>>> dial_spdy(http::Client& client, std::string path,
                                                          std::string query, std::string protocol) {
  http::Request ask = request("POST", path, query);
  ask.headers.add("Connection", "Upgrade");
  ask.headers.add("Upgrade", "SPDY/3.1");
  ask.headers.add("X-Stream-Protocol-Version", protocol);
  ask.headers.add("X-Stream-Protocol-Version", "v1.channel.k8s.io");
  http::Headers answered;
  Context context;
  CO_TRY(auto stream, co_await client.upgrade(context, std::move(ask), answered));
  EXPECT_EQ(answered.get("x-stream-protocol-version"), protocol);
  co_return std::move(stream);
}

Task<Result<Outcome>> spdy_streams(spdy::Session& session, std::string input, Scope& scope) {
  Outcome outcome;
  CO_TRY(auto error, co_await open(session, "error"));
  CO_TRY(auto in, co_await open(session, "stdin"));
  CO_TRY(auto out, co_await open(session, "stdout"));
  CO_TRY(auto err, co_await open(session, "stderr"));
  scope.spawn(write_all(in, std::move(input)));
  outcome.out = co_await read_all(out);
  outcome.err = co_await read_all(err);
  outcome.status = co_await read_all(error);
  co_return outcome;
}

Task<Result<Outcome>> run_spdy(http::Client& client, std::string query, std::string input) {
  CO_TRY(auto stream, co_await dial_spdy(client, "/exec/default/web/main", query, "v4.channel.k8s.io"));
  spdy::Session session(std::move(stream), spdy::Role::kClient);
  Scope scope(*Executor::current());
  scope.spawn(run_session(session));
  Result<Outcome> outcome = co_await spdy_streams(session, std::move(input), scope);
  session.close();
  co_await scope.join();
  co_return outcome;
}

TEST_F(KubeletServerTest, CommandsRunOverSpdy) {
  std::string query = query_of({"sh", "-c", "wc -c; echo oops >&2; exit 3"}, "input=1&output=1&error=1");
  Result<Outcome> outcome = block_on(run_spdy(*client_, query, std::string(1000000, 'z')));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->out, "1000000\n");
  EXPECT_EQ(outcome->err, "oops\n");
  EXPECT_THAT(outcome->status, HasSubstr("\"3\""));
}

// --- port forwarding ---

Task<Result<std::string>> fetch_over(std::unique_ptr<http::ByteStream> stream) {
  spdy::Session session(std::move(stream), spdy::Role::kClient);
  Scope scope(*Executor::current());
  scope.spawn(run_session(session));
  auto error = co_await open(session, "error", "8080");
  auto data = co_await open(session, "data", "8080");
  std::string page;
  if (error && data) {
    std::string ask = "GET /group HTTP/1.0\r\n\r\n";
    (void)co_await (*error)->shutdown_write();
    (void)co_await (*data)->write(ask);
    page = co_await read_all(*data);
  }
  session.close();
  co_await scope.join();
  co_return page;
}

Task<Result<std::string>> forward_spdy(http::Client& client) {
  CO_TRY(auto stream,
         co_await dial_spdy(client, "/portForward/default/web", "port=8080", "portforward.k8s.io"));
  co_return co_await fetch_over(std::move(stream));
}

// A client's side of the tunnel.
class Tunnel final : public http::ByteStream {
 public:
  explicit Tunnel(std::unique_ptr<websocket::Socket> socket) : socket_(std::move(socket)) {}
  Task<Result<size_t>> read(std::span<char> into) override {
    while (unread_.empty()) {
      CO_TRY(auto message, co_await socket_->receive());
      if (!message) co_return size_t{0};
      unread_ = std::move(message->data);
    }
    size_t count = std::min(into.size(), unread_.size());
    std::copy_n(unread_.data(), count, into.data());
    unread_.erase(0, count);
    co_return count;
  }
  Task<Result<void>> write(std::string_view bytes) override {
    std::string data(bytes);
    co_return co_await socket_->send(websocket::Kind::kBinary, std::move(data));
  }
  Task<Result<void>> shutdown_write() override { co_return Result<void>(); }
  void close() override { socket_->abort(); }

 private:
  std::unique_ptr<websocket::Socket> socket_;
  std::string unread_;
};

Task<Result<std::string>> forward_tunnel(http::Client& client, Rng& rng) {
  CO_TRY(auto socket,
         co_await dial(client, rng, "/portForward/default/web", "", "SPDY/3.1+portforward.k8s.io"));
  std::unique_ptr<http::ByteStream> tunnel = std::make_unique<Tunnel>(std::move(socket));
  co_return co_await fetch_over(std::move(tunnel));
}

TEST_F(KubeletServerTest, PortsAreForwardedOverSpdyAndItsTunnel) {
  Result<std::string> page = block_on(forward_spdy(*client_));
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_THAT(*page, HasSubstr("HTTP/1."));
  page = block_on(forward_tunnel(*client_, *rng_));
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_THAT(*page, HasSubstr("HTTP/1."));
}

// --- logs ---

Task<Result<std::string>> logs(http::Client& client, std::string query) {
  http::Request ask = request("GET", "/containerLogs/default/web/main", query);
  Context context;
  CO_TRY(http::Response response, co_await client.send(context, std::move(ask)));
  EXPECT_EQ(response.status, 200);
  co_return co_await response.read_body();
}

TEST_F(KubeletServerTest, LogsOfARunningContainerAreRead) {
  Result<std::string> text;
  do {
    text = block_on(logs(*client_, ""));
    ASSERT_TRUE(text) << text.error().message;
  } while (text->empty());
  EXPECT_EQ(*text, "ready\n");
}

}  // namespace
}  // namespace xebec::kubelet::testing
