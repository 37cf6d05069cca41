#include "cmd/remote/account_client.h"

#include <gtest/gtest.h>

#include "api/gen/corev1.h"
#include "client/testing/sim.h"

namespace xebec::cmd {
namespace {

using namespace std::chrono_literals;

// Notes the tokens it is sent, and answers what it is told to.
class Transport final : public http::Client {
 public:
  Task<Result<http::Response>> send(Context, http::Request request) override {
    tokens.emplace_back(request.headers.get("Authorization"));
    http::Response response;
    response.status = status;
    co_return response;
  }
  Task<Result<std::unique_ptr<http::ByteStream>>> upgrade(Context, http::Request, http::Headers&) override {
    co_return fail(errors::internal("no upgrades here"));
  }
  std::vector<std::string> tokens;
  int status = 200;
};

class AccountClientTest : public testing::Test {
 protected:
  AccountClientTest() {
    sim_.api->set_hook([this](const http::Request& request) -> std::optional<http::Response> {
      if (!request.path.ends_with("/serviceaccounts/mapper/token")) return std::nullopt;
      if (refuse_) return client::testing::FakeApi::error_response(errors::internal("not now"));
      if (!sim_.api->get<corev1::ServiceAccount>("kube-system", "mapper"))
        return client::testing::FakeApi::error_response(errors::not_found({"", "serviceaccounts"}, "mapper"));
      return token();
    });
  }

  http::Response token() {
    api::Time expires = api::Time::from_unix(
        std::chrono::floor<std::chrono::seconds>(sim_.clock.now()).time_since_epoch().count() + 3600);
    http::Response response;
    response.status = 201;
    response.headers.add("Content-Type", "application/json");
    response.set_body(
        R"({"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","status":{"token":"t)" +
        std::to_string(++issued_) + R"(","expirationTimestamp":")" + expires.str() + "\"}}");
    return response;
  }

  bool send() {
    http::Request request;
    request.method = "GET";
    request.path = "/";
    return sim_.await(client_.send(Context(), std::move(request))).has_value();
  }

  client::testing::Sim sim_;
  std::shared_ptr<Transport> transport_ = std::make_shared<Transport>();
  std::shared_ptr<AccountTokens> tokens_ = std::make_shared<AccountTokens>(sim_.rest, "mapper", sim_.clock);
  AccountClient client_{transport_, tokens_};
  int issued_ = 0;
  bool refuse_ = false;
};

TEST_F(AccountClientTest, MakesTheAccountAndKeepsItsToken) {
  EXPECT_TRUE(send());
  EXPECT_TRUE(send());
  EXPECT_EQ(transport_->tokens, (std::vector<std::string>{"Bearer t1", "Bearer t1"}));
  EXPECT_TRUE(sim_.api->get<corev1::ServiceAccount>("kube-system", "mapper"));
}

TEST_F(AccountClientTest, RenewsItBeforeItExpires) {
  EXPECT_TRUE(send());
  sim_.run_for(47min);
  EXPECT_TRUE(send());
  sim_.run_for(2min);
  EXPECT_TRUE(send());
  EXPECT_EQ(transport_->tokens, (std::vector<std::string>{"Bearer t1", "Bearer t1", "Bearer t2"}));
}

TEST_F(AccountClientTest, UsesAnOldOneWhileNoneIsIssued) {
  EXPECT_TRUE(send());
  refuse_ = true;
  sim_.run_for(55min);
  EXPECT_TRUE(send());
  EXPECT_EQ(transport_->tokens.back(), "Bearer t1");
  sim_.run_for(10min);
  EXPECT_FALSE(send());
}

TEST_F(AccountClientTest, ForgetsOneThatIsRefused) {
  EXPECT_TRUE(send());
  transport_->status = 401;
  EXPECT_TRUE(send());
  transport_->status = 200;
  EXPECT_TRUE(send());
  EXPECT_EQ(transport_->tokens, (std::vector<std::string>{"Bearer t1", "Bearer t1", "Bearer t2"}));
}

TEST_F(AccountClientTest, AsksOnceForManyRequests) {
  int done = 0;
  auto one = [](AccountTokens& tokens, int& count) -> Task<void> {
    CancelToken never;
    Result<std::string> token = co_await tokens.get(std::move(never));
    if (token && *token == "t1") ++count;
  };
  for (int i = 0; i < 5; ++i) sim_.scope.spawn(one(*tokens_, done));
  sim_.run_for(1s);
  EXPECT_EQ(done, 5);
  EXPECT_EQ(issued_, 1);
}

}  // namespace
}  // namespace xebec::cmd
