#include "cmd/serving/component_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/sim.h"
#include "cmd/leadership.h"

namespace xebec::cmd {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// An API server that knows the token "good", and lets "reader" see /metrics.
class ComponentHandlerTest : public ::testing::Test {
 protected:
  ComponentHandlerTest() {
    sim_.api->set_hook([this](const http::Request& request) -> std::optional<http::Response> {
      auto says = [&](std::string_view text) { return request.body.find(text) != std::string::npos; };
      http::Response response;
      response.status = 201;
      response.headers.add("Content-Type", "application/json");
      if (request.path.ends_with("/tokenreviews")) {
        response.set_body(
            says("good")
                ? R"({"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","status":{"authenticated":true,"user":{"username":"reader"}}})"
                : R"({"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","status":{}})");
        return response;
      }
      if (!request.path.ends_with("/subjectaccessreviews")) return std::nullopt;
      ++reviews_;
      response.set_body(
          says("reader") && says("/metrics")
              ? R"({"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","status":{"allowed":true}})"
              : R"({"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","status":{"allowed":false}})");
      return response;
    });
    checks_.push_back({"ping", [] { return Result<void>(); }});
    checks_.push_back({"leaderElection", [this]() -> Result<void> {
                         if (healthy_) return {};
                         return fail(errors::internal("no renewal"));
                       }});
  }

  http::Response get(const std::string& path, const std::string& token = "", bool delegated = true) {
    std::optional<client::Rest> rest;
    std::unique_ptr<delegation::Authorizer> authorizer;
    if (delegated) {
      rest = sim_.rest;
      authorizer = std::make_unique<delegation::Authorizer>(sim_.rest, sim_.clock);
    }
    ComponentHandlerOptions options;
    options.checks = checks_;
    auto authenticator = std::make_shared<delegation::Authenticator>(std::nullopt, rest, sim_.clock);
    ComponentHandler handler(options, authenticator, std::move(authorizer), metrics_, Logger());
    http::Request request;
    request.method = "GET";
    size_t question = path.find('?');
    request.path = path.substr(0, question);
    if (question != std::string::npos) request.query = path.substr(question + 1);
    if (!token.empty()) request.headers.set("Authorization", "Bearer " + token);
    return sim_.await(handler.handle(Context(), std::move(request)));
  }
  std::string body(http::Response response) { return sim_.await(response.read_body()).value(); }

  client::testing::Sim sim_;
  Metrics metrics_;
  std::vector<http::HealthCheck> checks_;
  bool healthy_ = true;
  int reviews_ = 0;
};

TEST_F(ComponentHandlerTest, EverybodyMaySeeTheHealth) {
  for (const char* path : {"/healthz", "/livez", "/readyz"}) {
    http::Response response = get(path);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(body(std::move(response)), "ok");
  }
  EXPECT_EQ(reviews_, 0);
  EXPECT_EQ(body(get("/healthz?verbose")), "[+]ping ok\n[+]leaderElection ok\nhealthz check passed\n");
  healthy_ = false;
  http::Response sick = get("/livez");
  EXPECT_EQ(sick.status, 500);
  EXPECT_EQ(body(std::move(sick)),
            "[+]ping ok\n[-]leaderElection failed: reason withheld\nlivez check failed\n");
  EXPECT_EQ(get("/livez?exclude=leaderElection").status, 200);
}

TEST_F(ComponentHandlerTest, MetricsAreForThoseThatTheApiServerAllows) {
  http::Response anonymous = get("/metrics");
  EXPECT_EQ(anonymous.status, 403);
  EXPECT_THAT(body(std::move(anonymous)),
              HasSubstr("forbidden: User \\\"system:anonymous\\\" cannot get path \\\"/metrics\\\""));
  EXPECT_EQ(get("/metrics", "bad").status, 401);
  EXPECT_EQ(get("/healthz", "bad").status, 401) << "bad credentials are told of, whatever the path";
  EXPECT_EQ(get("/metrics", "good").status, 200);
  EXPECT_EQ(get("/healthz/ping", "good").status, 403) << "only the paths that were named are everybody's";
  EXPECT_EQ(get("/nothing", "good").status, 403);
}

TEST_F(ComponentHandlerTest, WithoutAnApiServerToAskNobodyIsAllowedMore) {
  EXPECT_EQ(get("/healthz", "", false).status, 200);
  EXPECT_EQ(get("/metrics", "", false).status, 403);
}

TEST_F(ComponentHandlerTest, AnswersAreKeptForAWhile) {
  delegation::Authorizer authorizer(sim_.rest, sim_.clock);
  auto reader = std::make_shared<UserInfo>();
  reader->name = "reader";
  auto allowed = [&](const char* path) {
    authorizationv1::SubjectAccessReviewSpec what;
    what.nonResourceAttributes.emplace().path = path;
    return sim_.await(authorizer.allowed(Context(), reader, what)).value();
  };
  EXPECT_TRUE(allowed("/metrics"));
  EXPECT_TRUE(allowed("/metrics"));
  EXPECT_EQ(reviews_, 1);
  EXPECT_FALSE(allowed("/configz"));
  EXPECT_EQ(reviews_, 2);
  sim_.run_for(11s);
  EXPECT_TRUE(allowed("/metrics"));
  EXPECT_EQ(reviews_, 3);
}

TEST(LeaderHealth, ALeaderThatDoesNotRenewIsNotWell) {
  LeaderElectionOptions options;
  options.name = "kube-scheduler";
  LeaderHealth health;
  WallTime now(1000s);
  EXPECT_TRUE(health.check(options, now)) << "somebody else leads";
  health.renewed(now);
  health.leads(true);
  EXPECT_TRUE(health.check(options, now + 35s));
  Result<void> late = health.check(options, now + 36s);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().message, "failed election to renew leadership on lease kube-scheduler");
}

}  // namespace
}  // namespace xebec::cmd
