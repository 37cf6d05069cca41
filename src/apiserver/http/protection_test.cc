// The stages that protect a server and say what it does, each in front of a handler that waits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apiserver/http/deadline_stage.h"
#include "apiserver/http/in_flight_stage.h"
#include "apiserver/http/long_running_stage.h"
#include "apiserver/http/metrics_stage.h"
#include "apiserver/http/respond.h"
#include "base/scope.h"
#include "base/sim_executor.h"
#include "base/sync.h"

namespace xebec::apiserver {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// Pieces until its context is cancelled.
class Endless final : public http::BodyStream {
 public:
  explicit Endless(CancelToken cancel) : cancel_(std::move(cancel)) {}
  Task<Result<http::Buffer>> next() override {
    if (++pieces_ <= 2) co_return http::make_buffer("event");
    co_await sleep_for(24h, cancel_);
    co_return http::Buffer();
  }

 private:
  const CancelToken cancel_;
  int pieces_ = 0;
};

// Works on a request until release() or its cancellation; a watch is answered by a stream at once.
class Busy final : public Stage {
 public:
  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override {
    ++started;
    http::Response response;
    if (exchange->info.verb == "watch") {
      std::unique_ptr<http::BodyStream> stream = std::make_unique<Endless>(context.cancel);
      response.body = std::move(stream);
      co_return response;
    }
    bool released = co_await signal->wait(context.cancel);
    if (!released) co_return error_response(exchange->request, errors::cancelled());
    response.set_body("done");
    co_return response;
  }

  int started = 0;
  std::shared_ptr<Signal> signal = std::make_shared<Signal>();
};

struct Sink final : LogSink {
  void write(LogLevel, std::string_view line) override { text += line; }
  std::string text;
};

class Protection : public testing::Test {
 protected:
  Protection() {
    auto busy = std::make_unique<Busy>();
    busy_ = busy.get();
    end_ = std::move(busy);
  }
  ~Protection() override {
    busy_->signal->notify_all();
    answers_.clear();
    settle();
    bool joined = false;
    scope_.cancel();
    auto join = [](Scope& scope, bool& done) -> Task<void> {
      co_await scope.join();
      done = true;
    };
    Scope last(executor_);
    last.spawn(join(scope_, joined));
    executor_.run_while_not([&] { return joined; }, 1h);
    settle();
  }

  static std::shared_ptr<Exchange> request(std::string method, std::string path, std::string query = "") {
    auto exchange = std::make_shared<Exchange>();
    exchange->request.method = std::move(method);
    exchange->request.path = std::move(path);
    exchange->request.query = std::move(query);
    exchange->info = parse_request_info(exchange->request);
    exchange->known_resource = true;
    exchange->kind = "Pod";
    exchange->audit_id = "the-audit-id";
    return exchange;
  }
  static std::shared_ptr<Exchange> get(std::string query = "") {
    return request("GET", "/api/v1/namespaces/default/pods/a", std::move(query));
  }
  static std::shared_ptr<Exchange> post() { return request("POST", "/api/v1/namespaces/default/pods"); }
  static std::shared_ptr<Exchange> watch() { return request("GET", "/api/v1/pods", "watch=1"); }

  // Starts a request; its answer is there when it is.
  struct Asked {
    std::optional<http::Response> response;
  };
  std::shared_ptr<Asked> ask(Stage& stage, std::shared_ptr<Exchange> exchange, Context context = {}) {
    auto asked = std::make_shared<Asked>();
    auto run = [](Stage& stage, Context context, std::shared_ptr<Exchange> exchange,
                  std::shared_ptr<Asked> asked) -> Task<void> {
      http::Response response = co_await stage.handle(std::move(context), std::move(exchange));
      asked->response.emplace(std::move(response));
    };
    scope_.spawn(run(stage, std::move(context), std::move(exchange), asked));
    settle();
    answers_.push_back(asked);
    return asked;
  }
  std::string body(Asked& asked) { return read(*asked.response); }
  std::string read(http::Response& response) {
    std::optional<std::string> out;
    auto run = [](http::Response& response, std::optional<std::string>& out) -> Task<void> {
      Result<std::string> text = co_await response.read_body();
      out.emplace(text.value_or("(broken)"));
    };
    scope_.spawn(run(response, out));
    EXPECT_TRUE(executor_.run_while_not([&] { return out.has_value(); }, 1h));
    return out.value_or("(nothing)");
  }
  // Outlives the requests.
  template <class T, class... Args>
  Stage& use(Args&&... args) {
    stage_ = std::make_unique<T>(std::forward<Args>(args)...);
    return *stage_;
  }
  void settle() { executor_.run_for(0s); }

  SimExecutor executor_;
  Scope scope_{executor_};
  Metrics metrics_;
  RequestMetrics request_metrics_{metrics_};
  Busy* busy_ = nullptr;
  std::unique_ptr<Stage> end_, stage_;
  std::vector<std::shared_ptr<Asked>> answers_;
};

TEST_F(Protection, MoreRequestsThanAllowedAreToldToTryAgain) {
  RequestLimits limits;
  limits.max_in_flight = 1;
  limits.max_mutating_in_flight = 2;
  Stage& stage = use<InFlightStage>(limits, request_metrics_, std::move(end_));
  auto first = ask(stage, get());
  auto second = ask(stage, get());
  EXPECT_FALSE(first->response);
  ASSERT_TRUE(second->response);
  EXPECT_EQ(second->response->status, 429);
  EXPECT_EQ(second->response->headers.get("Retry-After"), "1");
  EXPECT_EQ(body(*second), "Too many requests, please try again later.\n");
  // Those that write are counted apart, and those that run long not at all.
  EXPECT_FALSE(ask(stage, post())->response);
  EXPECT_FALSE(ask(stage, post())->response);
  EXPECT_EQ(ask(stage, post())->response->status, 429);
  EXPECT_EQ(ask(stage, watch())->response->status, 200);
  // A master always gets an answer.
  Context master;
  auto user = std::make_shared<UserInfo>();
  user->groups = {"system:masters"};
  master.user = user;
  EXPECT_FALSE(ask(stage, get(), master)->response);
  EXPECT_THAT(metrics_.text(),
              AllOf(HasSubstr("apiserver_current_inflight_requests{request_kind=\"readOnly\"} 2\n"),
                    HasSubstr("apiserver_current_inflight_requests{request_kind=\"mutating\"} 2\n"),
                    HasSubstr("apiserver_dropped_requests_total{request_kind=\"mutating\"} 1\n"),
                    HasSubstr("apiserver_dropped_requests_total{request_kind=\"readOnly\"} 1\n"),
                    HasSubstr("apiserver_request_terminations_total{code=\"429\",component=\"apiserver\","
                              "group=\"\",resource=\"pods\",scope=\"resource\",subresource=\"\",verb=\"GET\","
                              "version=\"v1\"} 1\n")));
  // Places come free again.
  busy_->signal->notify_all();
  settle();
  EXPECT_EQ(first->response->status, 200);
  EXPECT_FALSE(ask(stage, get())->response);
}

TEST_F(Protection, ZeroIsNoLimit) {
  RequestLimits limits;
  limits.max_in_flight = limits.max_mutating_in_flight = 0;
  Stage& stage = use<InFlightStage>(limits, request_metrics_, std::move(end_));
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(ask(stage, i % 2 == 0 ? get() : post())->response);
  EXPECT_EQ(busy_->started, 1000);
}

TEST_F(Protection, ARequestEndsAtItsDeadline) {
  Stage& stage = use<DeadlineStage>(10s, request_metrics_, std::move(end_));
  auto mine = ask(stage, get("timeout=2s")), longest = ask(stage, get("timeout=1h")),
       plain = ask(stage, post());
  auto endless = ask(stage, watch());
  executor_.run_for(1999ms);
  EXPECT_FALSE(mine->response);
  executor_.run_for(1ms);
  ASSERT_TRUE(mine->response);
  EXPECT_EQ(mine->response->status, 504);
  EXPECT_THAT(body(*mine), AllOf(HasSubstr("\"message\":\"Timeout: request did not complete within requested "
                                           "timeout - context deadline exceeded\""),
                                 HasSubstr("\"reason\":\"Timeout\"")));
  EXPECT_FALSE(longest->response);
  executor_.run_for(8s);
  EXPECT_EQ(longest->response->status, 504);
  EXPECT_EQ(plain->response->status, 504);
  EXPECT_EQ(endless->response->status, 200);
  EXPECT_EQ(ask(stage, get("timeout=soon"))->response->status, 400);
  EXPECT_THAT(
      metrics_.text(),
      HasSubstr("apiserver_request_terminations_total{code=\"504\",component=\"apiserver\",group=\"\","
                "resource=\"pods\",scope=\"resource\",subresource=\"\",verb=\"GET\",version=\"v1\"} 2\n"));
}

TEST_F(Protection, WatchesEndWithTheServerAndOtherRequestsAreFinished) {
  Lifecycle lifecycle;
  Stage& stage = use<LongRunningStage>(lifecycle, std::move(end_));
  EXPECT_TRUE(lifecycle.check());
  auto open = ask(stage, watch()), short_one = ask(stage, get());
  lifecycle.begin_shutdown();
  EXPECT_EQ(lifecycle.check().error().message, "process is shutting down");
  settle();
  EXPECT_FALSE(short_one->response);
  lifecycle.end_long_running();
  // In order: all of its pieces, and no error.
  EXPECT_EQ(body(*open), "eventevent");
  EXPECT_FALSE(short_one->response);
  busy_->signal->notify_all();
  settle();
  EXPECT_EQ(short_one->response->status, 200);
  // One that comes now ends at once.
  EXPECT_EQ(body(*ask(stage, watch())), "eventevent");
}

TEST_F(Protection, RequestsAreCountedByWhatTheyAsk) {
  Stage& stage = use<MetricsStage>(request_metrics_, Logger(), std::move(end_));
  auto one = ask(stage, get());
  busy_->signal->notify_all();
  settle();
  executor_.run_for(1s);
  auto applied = request("PATCH", "/apis/apps/v1/namespaces/default/deployments/d", "dryRun=All");
  applied->request.headers.add("Content-Type", "application/apply-patch+yaml");
  ask(stage, applied);
  executor_.run_for(3s);
  busy_->signal->notify_all();
  settle();
  auto old = request("GET", "/apis/extensions/v1beta1/deployments");
  old->removed_in = "1.16";
  ask(stage, old);
  busy_->signal->notify_all();
  settle();
  auto unknown = request("BREW", "/apis/coffee/v1/pots/x/handle");
  unknown->known_resource = false;
  ask(stage, unknown);
  busy_->signal->notify_all();
  settle();
  const std::string text = metrics_.text();
  EXPECT_THAT(
      text,
      AllOf(
          HasSubstr("apiserver_request_total{code=\"200\",component=\"apiserver\",dry_run=\"\",group=\"\","
                    "resource=\"pods\",scope=\"resource\",subresource=\"\",verb=\"GET\",version=\"v1\"} 1\n"),
          HasSubstr("apiserver_response_sizes_sum{component=\"apiserver\",group=\"\",resource=\"pods\","
                    "scope=\"resource\",subresource=\"\",verb=\"GET\",version=\"v1\"} 4\n"),
          HasSubstr("apiserver_request_duration_seconds_sum{component=\"apiserver\",dry_run=\"All\","
                    "group=\"apps\",resource=\"deployments\",scope=\"resource\",subresource=\"\","
                    "verb=\"APPLY\",version=\"v1\"} 3\n"),
          HasSubstr("apiserver_request_duration_seconds_bucket{component=\"apiserver\",dry_run=\"All\","
                    "group=\"apps\",resource=\"deployments\",scope=\"resource\",subresource=\"\","
                    "verb=\"APPLY\",version=\"v1\",le=\"2\"} 0\n")));
  EXPECT_THAT(
      text,
      AllOf(HasSubstr("apiserver_requested_deprecated_apis{group=\"extensions\",removed_release=\"1.16\","
                      "resource=\"deployments\",subresource=\"\",version=\"v1beta1\"} 1\n"),
            HasSubstr("apiserver_request_total{code=\"200\",component=\"apiserver\",dry_run=\"\","
                      "group=\"\",resource=\"\",scope=\"\",subresource=\"\",verb=\"other\","
                      "version=\"\"} 1\n"),
            Not(HasSubstr("coffee"))));
}

TEST_F(Protection, AWatchIsCountedAsLongAsItGoesOn) {
  Stage& stage = use<MetricsStage>(request_metrics_, Logger(), std::move(end_));
  const std::string labels =
      "{component=\"apiserver\",group=\"\",resource=\"pods\",scope=\"cluster\",subresource=\"\",verb="
      "\"WATCH\","
      "version=\"v1\"}";
  CancelSource client;
  Context context;
  context.cancel = client.token();
  auto open = ask(stage, watch(), context);
  EXPECT_THAT(metrics_.text(), HasSubstr("apiserver_longrunning_requests" + labels + " 1\n"));
  executor_.run_for(100s);
  client.cancel();
  EXPECT_EQ(body(*open), "eventevent");
  open->response.reset();
  EXPECT_THAT(
      metrics_.text(),
      AllOf(
          HasSubstr("apiserver_longrunning_requests" + labels + " 0\n"),
          HasSubstr("apiserver_watch_events_total{group=\"\",resource=\"pods\",version=\"v1\"} 2\n"),
          HasSubstr("apiserver_watch_events_sizes_sum{group=\"\",resource=\"pods\",version=\"v1\"} 10\n"),
          HasSubstr(
              "apiserver_request_duration_seconds_sum{component=\"apiserver\",dry_run=\"\",group=\"\","
              "resource=\"pods\",scope=\"cluster\",subresource=\"\",verb=\"WATCH\",version=\"v1\"} 100\n")));
}

TEST_F(Protection, RequestsAreLoggedWithTheirTrace) {
  auto sink = std::make_shared<Sink>();
  auto clock = std::make_shared<SimClock>(executor_, WallTime());
  Stage& stage = use<MetricsStage>(request_metrics_, Logger(sink, clock, LogLevel::kDebug), std::move(end_));
  Context context;
  context.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  auto asked = get("pretty=true");
  asked->request.headers.add("User-Agent", "curl");
  ask(stage, asked, context);
  executor_.run_for(250ms);
  busy_->signal->notify_all();
  settle();
  EXPECT_THAT(sink->text,
              HasSubstr("\"HTTP\" verb=\"GET\" URI=\"/api/v1/namespaces/default/pods/a?pretty=true\" "
                        "latency=\"250.000ms\" userAgent=\"curl\" audit-ID=\"the-audit-id\" "
                        "traceID=\"4bf92f3577b34da6a3ce929d0e0e4736\" srcIP=\"\" resp=\"200\"\n"));
}

}  // namespace
}  // namespace xebec::apiserver
