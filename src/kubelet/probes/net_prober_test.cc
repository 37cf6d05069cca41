// Looks at real sockets on this machine.
#include "kubelet/probes/net_prober.h"

#include <gtest/gtest.h>

#include "base/sync.h"
#include "http/server.h"

namespace xebec::kubelet {
namespace {

using namespace std::chrono_literals;

class Site final : public http::Handler {
 public:
  Task<http::Response> handle(Context, http::Request request) override {
    http::Response response;
    response.set_body("body of " + request.path);
    if (request.path == "/sick") response.status = 503;
    if (request.path == "/loop") redirect(response, "/loop");
    if (request.path == "/moved") redirect(response, "/ok");
    if (request.path == "/away") redirect(response, "http://elsewhere.example/");
    if (request.path == "/slow") co_await sleep_for(5s);
    if (request.path == "/agent") response.set_body(std::string(request.headers.get("user-agent")));
    if (request.path == "/header" && request.headers.get("x-custom") != "alive") response.status = 400;
    co_return response;
  }

 private:
  static void redirect(http::Response& response, std::string to) {
    response.status = 302;
    response.headers.add("Location", to);
  }
};

class NetProberTest : public ::testing::Test {
 protected:
  NetProberTest()
      : server_(*http::Server::listen(pool_, http::ServerOptions(), site_)), net_(make_net_prober(pool_)) {}

  ProbeAnswer get(std::string path) {
    HttpProbe probe;
    probe.host = "127.0.0.1";
    probe.port = server_->port();
    probe.path = std::move(path);
    probe.headers = headers_;
    return block_on(net_->http_get(std::move(probe)));
  }

  http::IoPool pool_{1};
  Site site_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<NetProber> net_;
  std::vector<std::pair<std::string, std::string>> headers_;
};

TEST_F(NetProberTest, TheStatusDecides) {
  EXPECT_EQ(get("/ok").outcome, ProbeOutcome::kSuccess);
  EXPECT_EQ(get("/ok").message, "body of /ok");
  ProbeAnswer sick = get("/sick");
  EXPECT_EQ(sick.outcome, ProbeOutcome::kFailure);
  EXPECT_EQ(sick.message, "HTTP probe failed with statuscode: 503");
  EXPECT_EQ(get("/agent").message, "kube-probe/1.36");
  EXPECT_EQ(get("/header").outcome, ProbeOutcome::kFailure);
  headers_ = {{"X-Custom", "alive"}};
  EXPECT_EQ(get("/header").outcome, ProbeOutcome::kSuccess);
}

TEST_F(NetProberTest, RedirectsAreFollowedOnTheSameHostOnly) {
  EXPECT_EQ(get("/moved").message, "body of /ok");
  ProbeAnswer away = get("/away");
  EXPECT_EQ(away.outcome, ProbeOutcome::kWarning);
  EXPECT_EQ(away.message, "Probe terminated redirects, Response body: body of /away");
  EXPECT_EQ(get("/loop").outcome, ProbeOutcome::kFailure);
}

TEST_F(NetProberTest, ASlowAnswerIsNone) {
  ProbeAnswer slow = get("/slow");
  EXPECT_EQ(slow.outcome, ProbeOutcome::kFailure);
  EXPECT_NE(slow.message.find("context deadline exceeded"), std::string::npos) << slow.message;
}

TEST_F(NetProberTest, AConnectionIsEnoughForTcp) {
  EXPECT_EQ(block_on(net_->tcp("127.0.0.1", server_->port(), 1s)).outcome, ProbeOutcome::kSuccess);
  ProbeAnswer refused = block_on(net_->tcp("127.0.0.1", 1, 1s));
  EXPECT_EQ(refused.outcome, ProbeOutcome::kFailure);
  EXPECT_EQ(refused.message, "dial tcp 127.0.0.1:1: connect: connection refused");
}

}  // namespace
}  // namespace xebec::kubelet
