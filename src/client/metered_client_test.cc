#include "client/metered_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scope.h"

namespace xebec::client {
namespace {

class Canned final : public http::Client {
 public:
  Task<Result<http::Response>> send(Context, http::Request request) override {
    if (request.path == "/broken") co_return fail(errors::service_unavailable("connection refused"));
    http::Response response;
    response.status = 404;
    co_return response;
  }
  Task<Result<std::unique_ptr<http::ByteStream>>> upgrade(Context, http::Request, http::Headers&) override {
    co_return fail(errors::internal("not here"));
  }
};

TEST(MeteredClient, CountsAnswersAndFailuresByMethodAndHost) {
  Metrics metrics;
  auto client =
      make_metered_client(std::make_shared<Canned>(), metrics, host_of_url("https://10.0.0.1:6443/x"));
  for (const char* path : {"/a", "/broken", "/b"}) {
    http::Request request;
    request.method = "GET";
    request.path = path;
    (void)block_on(client->send(Context(), std::move(request)));
  }
  EXPECT_THAT(
      metrics.text(),
      testing::AllOf(
          testing::HasSubstr(
              "rest_client_requests_total{code=\"404\",host=\"10.0.0.1:6443\",method=\"GET\"} 2\n"),
          testing::HasSubstr(
              "rest_client_requests_total{code=\"<error>\",host=\"10.0.0.1:6443\",method=\"GET\"} 1\n"),
          testing::HasSubstr("rest_client_request_duration_seconds_count{host=\"10.0.0.1:6443\","
                             "verb=\"GET\"} 3\n")));
}

}  // namespace
}  // namespace xebec::client
