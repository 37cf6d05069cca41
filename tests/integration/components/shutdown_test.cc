// An API server that is told to end: it says so first, goes on for a while, ends watches in order, and
// finishes what it has begun.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "../tls/tls_peer.h"
#include "client/kubeconfig.h"
#include "codec/json.h"
#include "codec/value.h"
#include "http/client.h"
#include "processes.h"

namespace xebec::integration {
namespace {

using testing::HasSubstr;

Task<Result<http::Response>> send(http::Client* client, http::Request request) {
  Context context;
  co_return co_await client->send(context, std::move(request));
}

http::Request get(std::string path, std::string query = "") {
  http::Request request;
  request.method = "GET";
  request.path = std::move(path);
  request.query = std::move(query);
  return request;
}

class Shutdown : public testing::Test {
 protected:
  void SetUp() override {
    std::vector<std::string> flags = {"--shutdown-delay-duration=4s", "-v=4", "--logging-format=json"};
    for (std::string& flag : more_flags()) flags.push_back(std::move(flag));
    processes_.start_apiserver(flags);
  }
  virtual std::vector<std::string> more_flags() { return {}; }

  // A client of its own, so that others keep their connections.
  std::unique_ptr<http::Client> client(bool http1 = false) {
    auto options = client::http_options(processes_.admin_config());
    EXPECT_TRUE(options);
    options->http1_only = http1;
    auto made = http::make_client(pool_, std::move(*options));
    EXPECT_TRUE(made);
    return std::move(*made);
  }
  int status(http::Client& client, const std::string& path) {
    Result<http::Response> response = block_on(send(&client, get(path)));
    return response ? response->status : 0;
  }

  Processes processes_;
  http::IoPool pool_{1};
};

// The rest of a stream: true when it ended in order.
Task<bool> ends_in_order(http::BodyStream* stream) {
  for (;;) {
    Result<http::Buffer> piece = co_await stream->next();
    if (!piece) co_return false;
    if (!*piece) co_return true;
  }
}

TEST_F(Shutdown, ReadinessGoesFirstAndWatchesEndInOrder) {
  std::unique_ptr<http::Client> asking = client(), watching[] = {client(), client(true)};
  std::vector<http::Response> watches;
  for (auto& one : watching) {
    Result<http::Response> watch =
        block_on(send(one.get(), get("/api/v1/namespaces", "watch=1&timeoutSeconds=300")));
    ASSERT_TRUE(watch) << watch.error().message;
    ASSERT_EQ(watch->status, 200);
    watches.push_back(std::move(*watch));
  }
  EXPECT_EQ(status(*asking, "/readyz"), 200);
  processes_.apiserver().signal(SIGTERM);
  processes_.until("the news", [&] { return status(*asking, "/readyz") == 500; });
  // Whoever still comes is served; /livez knows nothing of it.
  EXPECT_EQ(status(*asking, "/api/v1/namespaces/default"), 200);
  EXPECT_EQ(status(*client(), "/api/v1/namespaces/default"), 200);
  EXPECT_EQ(status(*asking, "/livez"), 200);
  EXPECT_EQ(status(*asking, "/readyz/shutdown"), 500);
  for (http::Response& watch : watches) {
    auto& stream = std::get<std::unique_ptr<http::BodyStream>>(watch.body);
    EXPECT_TRUE(block_on(ends_in_order(stream.get())));
  }
  EXPECT_EQ(processes_.apiserver().wait(), 0);
  EXPECT_EQ(status(*asking, "/livez"), 0);
}

class ShutdownWithRetries : public Shutdown {
  std::vector<std::string> more_flags() override {
    return {"--shutdown-send-retry-after", "--shutdown-watch-termination-grace-period=5s"};
  }
};

// The server stays until watches have ended and requests are finished, no longer.
TEST_F(ShutdownWithRetries, WatchesEndInOrderBeforeTheServer) {
  std::unique_ptr<http::Client> asking = client(), watching = client();
  Result<http::Response> watch =
      block_on(send(watching.get(), get("/api/v1/namespaces", "watch=1&timeoutSeconds=300")));
  ASSERT_TRUE(watch) << watch.error().message;
  const auto start = std::chrono::steady_clock::now();
  processes_.apiserver().signal(SIGTERM);
  processes_.until("the news", [&] { return status(*asking, "/readyz") == 500; });
  auto& stream = std::get<std::unique_ptr<http::BodyStream>>(watch->body);
  EXPECT_TRUE(block_on(ends_in_order(stream.get())));
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
  EXPECT_EQ(processes_.apiserver().wait(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
  EXPECT_EQ(status(*asking, "/livez"), 0);
}

// A body that comes piece by piece, the last one after the server has stopped listening.
TEST_F(Shutdown, ARequestThatHasBegunIsFinished) {
  auto config = processes_.admin_config();
  const std::string body = R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"late"}})";
  TlsPeer peer(processes_.port(), "http/1.1", config.client_certificate_pem, config.client_key_pem);
  ASSERT_TRUE(
      peer.send("POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: a\r\nContent-Type: "
                "application/json\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body.substr(0, 20)));
  std::unique_ptr<http::Client> other = client();
  EXPECT_EQ(status(*other, "/livez"), 200);
  processes_.apiserver().signal(SIGTERM);
  processes_.until("an end of new connections", [&] { return status(*client(), "/livez") == 0; });
  ASSERT_TRUE(peer.send(body.substr(20)));
  const std::string answer = peer.read();
  EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 201 Created\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_EQ(processes_.apiserver().wait(), 0);
}

TEST_F(Shutdown, LogsAreObjectsWithTheTraceOfTheirRequest) {
  std::unique_ptr<http::Client> asking = client();
  http::Request request = get("/api/v1/namespaces/default");
  request.headers.add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  request.headers.add("Audit-ID", "an-audit-id");
  Result<http::Response> response = block_on(send(asking.get(), std::move(request)));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->headers.get("Audit-ID"), "an-audit-id");
  // Every line is an object; one of them is of this request.
  std::string found;
  std::ifstream log(processes_.log());
  for (std::string line; std::getline(log, line);) {
    Result<codec::Value> entry = codec::parse_json(line);
    ASSERT_TRUE(entry && entry->is_map()) << line;
    EXPECT_NE(entry->find("ts"), nullptr) << line;
    EXPECT_NE(entry->find("msg"), nullptr) << line;
    const codec::Value* audit = entry->find("audit-ID");
    if (audit && audit->string_or() == "an-audit-id") found = entry->find("traceID")->string_or();
  }
  EXPECT_EQ(found, "4bf92f3577b34da6a3ce929d0e0e4736");
}

}  // namespace
}  // namespace xebec::integration
