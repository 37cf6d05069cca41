// What a server that ends answers, and how its watches end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apiserver/http/long_running_stage.h"
#include "apiserver/http/respond.h"
#include "apiserver/http/retry_after_stage.h"
#include "apiserver/test_instance.h"
#include "base/scope.h"
#include "base/sim_executor.h"
#include "base/sync.h"

namespace xebec::apiserver {
namespace {

using namespace std::chrono_literals;

// Watches go on until they are cancelled; other requests until release().
class Working final : public Stage {
 public:
  class Open final : public http::BodyStream {
   public:
    explicit Open(CancelToken cancel) : cancel_(std::move(cancel)) {}
    Task<Result<http::Buffer>> next() override {
      co_await sleep_for(24h, cancel_);
      co_return http::Buffer();
    }

   private:
    const CancelToken cancel_;
  };

  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override {
    http::Response response;
    if (exchange->info.verb == "watch") {
      std::unique_ptr<http::BodyStream> stream = std::make_unique<Open>(context.cancel);
      response.body = std::move(stream);
      co_return response;
    }
    co_await released->wait(context.cancel);
    co_return response;
  }
  std::shared_ptr<Signal> released = std::make_shared<Signal>();
};

class Shutdown : public ::testing::Test {
 protected:
  Shutdown() {
    auto working = std::make_unique<Working>();
    released_ = working->released;
    chain_ = std::make_unique<LongRunningStage>(lifecycle_, std::move(working));
    chain_ = std::make_unique<RetryAfterStage>(lifecycle_, std::move(chain_));
  }
  ~Shutdown() override {
    lifecycle_.end_long_running();
    released_->notify_all();
    executor_.run_for(1s);
    scope_.cancel();
    bool joined = false;
    auto join = [](Scope& scope, bool& done) -> Task<void> {
      co_await scope.join();
      done = true;
    };
    Scope last(executor_);
    last.spawn(join(scope_, joined));
    executor_.run_while_not([&] { return joined; }, 1h);
    executor_.run_for(0s);
  }

  struct Asked {
    std::optional<http::Response> response;
    bool ended = false;
    MonotonicTime end;
  };
  // Reads the answer to its end, too.
  std::shared_ptr<Asked> ask(const std::string& path, const std::string& agent = "") {
    auto exchange = std::make_shared<Exchange>();
    exchange->request.method = "GET";
    exchange->request.path = path.substr(0, path.find('?'));
    if (path.find('?') != std::string::npos) exchange->request.query = path.substr(path.find('?') + 1);
    if (!agent.empty()) exchange->request.headers.add("User-Agent", agent);
    exchange->info = parse_request_info(exchange->request);
    auto asked = std::make_shared<Asked>();
    auto run = [](Stage& stage, std::shared_ptr<Exchange> exchange,
                  std::shared_ptr<Asked> asked) -> Task<void> {
      asked->response.emplace(co_await stage.handle(Context(), std::move(exchange)));
      if (auto* stream = std::get_if<std::unique_ptr<http::BodyStream>>(&asked->response->body)) {
        Result<http::Buffer> end = co_await (*stream)->next();
        EXPECT_TRUE(end && *end == nullptr);
        asked->response->body = std::vector<http::Buffer>();
      }
      asked->ended = true;
      asked->end = Executor::current()->now();
    };
    scope_.spawn(run(*chain_, std::move(exchange), asked));
    executor_.run_for(0s);
    return asked;
  }
  void start(Task<void> task, bool& done) {
    auto run = [](Task<void> task, bool& done) -> Task<void> {
      co_await std::move(task);
      done = true;
    };
    scope_.spawn(run(std::move(task), done));
    executor_.run_for(0s);
  }

  SimExecutor executor_;
  Lifecycle lifecycle_;
  std::shared_ptr<Signal> released_;
  std::unique_ptr<Stage> chain_;
  Scope scope_{executor_};
};

TEST_F(Shutdown, NewRequestsAreToldToComeBackAndOldOnesFinished) {
  auto old = ask("/api/v1/pods");
  lifecycle_.refuse_requests();
  bool drained = false;
  start(lifecycle_.finish_requests(60s), drained);
  for (const char* path : {"/api/v1/pods", "/api/v1/pods?watch=1", "/version"}) {
    auto refused = ask(path);
    ASSERT_TRUE(refused->response) << path;
    EXPECT_EQ(refused->response->status, 429);
    EXPECT_EQ(refused->response->headers.get("Retry-After"), "5");
    EXPECT_EQ(refused->response->headers.get("Connection"), "close");
    EXPECT_EQ(std::get<std::vector<http::Buffer>>(refused->response->body).at(0)->substr(),
              "The apiserver is shutting down, please try again later.\n");
  }
  // Health, metrics and the server's own requests are served.
  for (const char* path : {"/readyz", "/livez/ping", "/healthz", "/metrics"})
    EXPECT_FALSE(ask(path)->ended) << path;
  EXPECT_FALSE(ask("/api/v1/pods", "kube-apiserver/v1.36.0")->ended);
  executor_.run_for(1s);
  EXPECT_FALSE(old->ended);
  EXPECT_FALSE(drained);
  released_->notify_all();
  executor_.run_for(1s);
  EXPECT_EQ(old->response->status, 200);
  EXPECT_TRUE(drained);
}

TEST_F(Shutdown, RequestsAreNotWaitedForForever) {
  auto old = ask("/api/v1/pods");
  bool drained = false;
  start(lifecycle_.finish_requests(2s), drained);
  executor_.run_for(1900ms);
  EXPECT_FALSE(drained);
  executor_.run_for(200ms);
  EXPECT_TRUE(drained);
}

TEST_F(Shutdown, WatchesEndOneAfterTheOther) {
  std::vector<std::shared_ptr<Asked>> watches(1000);
  for (auto& watch : watches) watch = ask("/api/v1/pods?watch=1");
  auto log = ask("/api/v1/namespaces/default/pods/p/log");
  const MonotonicTime start_time = executor_.now();
  bool done = false;
  start(lifecycle_.end_watches(10s), done);
  // 200 a second, as that is faster than the 100 that would do.
  executor_.run_for(2500ms);
  const auto ended = std::ranges::count_if(watches, [](const auto& one) { return one->ended; });
  EXPECT_NEAR(static_cast<double>(ended), 500, 10);
  EXPECT_FALSE(done);
  executor_.run_for(2600ms);
  EXPECT_TRUE(done);
  for (const auto& one : watches) {
    ASSERT_TRUE(one->ended);
    EXPECT_EQ(one->response->status, 200);
    EXPECT_LE(one->end - start_time, 5100ms);
  }
  EXPECT_FALSE(log->ended);
  // One that comes now is sent elsewhere.
  auto late = ask("/api/v1/pods?watch=1");
  EXPECT_EQ(late->response->status, 503);
  EXPECT_EQ(late->response->headers.get("Retry-After"), "1");
}

TEST_F(Shutdown, ManyWatchesEndWithinTheGracePeriod) {
  std::vector<std::shared_ptr<Asked>> watches(1000);
  for (auto& watch : watches) watch = ask("/api/v1/pods?watch=1");
  bool done = false;
  start(lifecycle_.end_watches(1s), done);
  executor_.run_for(500ms);
  EXPECT_FALSE(done);
  executor_.run_for(600ms);
  EXPECT_TRUE(done);
  for (const auto& one : watches) EXPECT_TRUE(one->ended);
}

TEST(ShutdownOfAServer, ReachesAllItsRequests) {
  testing::TestInstance api;
  EXPECT_EQ(api.send({"GET", "/api/v1/nodes"}).status, 200);
  api.instance->handler().lifecycle().refuse_requests();
  http::Response refused = api.send({"GET", "/api/v1/nodes"});
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.get("Connection"), "close");
  EXPECT_EQ(refused.headers.get("Audit-Id").size(), 36u);
  EXPECT_EQ(api.send({"GET", "/livez"}).status, 200);
}

}  // namespace
}  // namespace xebec::apiserver
