// What a whole server tells of itself, and passes on.
#include <gmock/gmock.h>

#include "apiserver/test_instance.h"
#include "http/trace_context.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kParent = "00-" + kTrace + "-00f067aa0ba902b7-01";

TEST(Observability, WhatIsStoredAndCachedIsTold) {
  TestInstance api;
  const std::string secrets = "/api/v1/namespaces/default/secrets";
  api.create(secrets, R"({"metadata":{"name":"a"}})");
  api.create(secrets, R"({"metadata":{"name":"b"}})");
  EXPECT_EQ(api.call({"DELETE", secrets + "/b"}).first, 200);
  const std::string text = api.metrics.text();
  EXPECT_THAT(
      text,
      AllOf(HasSubstr("apiserver_storage_objects{resource=\"secrets\"} 1\n"),
            HasSubstr("apiserver_resource_objects{group=\"\",resource=\"secrets\"} 1\n"),
            HasSubstr("apiserver_storage_objects{resource=\"deployments.apps\"} 0\n"),
            HasSubstr("apiserver_watch_cache_events_received_total{group=\"\",resource=\"secrets\"} 3\n"),
            HasSubstr("apiserver_watch_cache_events_dispatched_total{group=\"\",resource=\"secrets\"} 3\n"),
            HasSubstr("apiserver_storage_events_received_total{group=\"\",resource=\"secrets\"} 3\n"),
            HasSubstr("apiserver_watch_cache_initializations_total{group=\"\",resource=\"secrets\"} 1\n"),
            HasSubstr("watch_cache_capacity{group=\"\",resource=\"secrets\"} 16384\n"),
            HasSubstr("etcd_requests_total{group=\"\",operation=\"create\",resource=\"secrets\"} 2\n"),
            HasSubstr("etcd_requests_total{group=\"\",operation=\"delete\",resource=\"secrets\"} 1\n")));
  // The revision of a cache is that of the whole store, and goes on with it.
  EXPECT_THAT(text,
              HasSubstr("apiserver_watch_cache_resource_version{group=\"apps\",resource=\"deployments\"} " +
                        std::to_string(api.store->current_revision()) + "\n"));
}

TEST(Observability, AccessAndAdmissionAreCounted) {
  TestInstance api;
  EXPECT_EQ(api.call({"GET", "/api/v1/namespaces/default/configmaps", "", {}, "jane"}).first, 403);
  http::Response anonymous = api.send({"GET", "/livez", "", {}, ""});
  EXPECT_EQ(anonymous.status, 200);
  http::Response liar = api.send({"GET", "/livez", "", {{"Authorization", "Bearer x.y.z"}}, ""});
  EXPECT_EQ(liar.status, 401);
  EXPECT_EQ(api.call({"POST", "/api/v1/namespaces/nowhere/configmaps", R"({"metadata":{"name":"a"}})"}).first,
            404);
  api.create("/api/v1/namespaces/default/configmaps", R"({"metadata":{"name":"a"}})");
  EXPECT_THAT(
      api.metrics.text(),
      AllOf(HasSubstr("authentication_attempts{result=\"error\"} 1\n"),
            HasSubstr("authentication_attempts{result=\"success\"} 1\n"),
            HasSubstr("authenticated_user_requests{username=\"other\"} 1\n"),
            HasSubstr("authorization_attempts_total{result=\"no-opinion\"} 1\n"),
            HasSubstr("authorization_attempts_total{result=\"allowed\"} 3\n"),
            HasSubstr("apiserver_admission_controller_admission_duration_seconds_count{name="
                      "\"NamespaceLifecycle\",operation=\"CREATE\",rejected=\"true\",type=\"admit\"} 1\n"),
            HasSubstr("apiserver_admission_step_admission_duration_seconds_count{operation=\"CREATE\","
                      "rejected=\"true\",type=\"admit\"} 1\n")));
}

TEST(Observability, TheServerSaysWhenItEnds) {
  TestInstance api;
  EXPECT_EQ(api.send({"GET", "/readyz/shutdown"}).status, 200);
  api.instance->handler().lifecycle().begin_shutdown();
  http::Response ready = api.send({"GET", "/readyz?verbose"});
  EXPECT_EQ(ready.status, 500);
  EXPECT_THAT(api.text(ready), HasSubstr("[-]shutdown failed: reason withheld\n"));
  EXPECT_EQ(api.send({"GET", "/livez"}).status, 200);
  http::Response check = api.send({"GET", "/readyz/shutdown"});
  EXPECT_EQ(api.text(check), "internal server error: process is shutting down\n");
}

TEST(Observability, TheClientsAuditIdIsKept) {
  TestInstance api;
  EXPECT_EQ(api.send({"GET", "/livez", "", {{"Audit-ID", "mine"}}}).headers.get("Audit-ID"), "mine");
  EXPECT_EQ(api.send({"GET", "/livez"}).headers.get("Audit-ID").size(), 36u);
}

// Answers logs, and keeps the head of what it was asked.
class Kubelet final : public http::Client {
 public:
  Task<Result<http::Response>> send(Context, http::Request request) override {
    asked = request.headers;
    http::Response response;
    response.set_body("a line\n");
    co_return response;
  }
  Task<Result<std::unique_ptr<http::ByteStream>>> upgrade(Context, http::Request, http::Headers&) override {
    co_return fail(errors::internal("not here"));
  }
  http::Headers asked;
};

TEST(Observability, KubeletsAreAskedWithinTheTrace) {
  auto kubelet = std::make_shared<Kubelet>();
  InstanceOptions options;
  options.kubelet_clients = [kubelet](const std::string&, int) {
    return std::shared_ptr<http::Client>(kubelet);
  };
  TestInstance api(std::move(options));
  api.create("/api/v1/nodes", R"({"metadata":{"name":"n"},"status":{"addresses":[{"type":"InternalIP",)"
                              R"("address":"10.0.0.1"}]}})");
  api.create("/api/v1/namespaces/default/serviceaccounts", R"({"metadata":{"name":"default"}})");
  api.create("/api/v1/namespaces/default/pods",
             R"({"metadata":{"name":"p"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"i"}]}})");
  http::Response log =
      api.send({"GET", "/api/v1/namespaces/default/pods/p/log", "", {{"traceparent", kParent}}});
  EXPECT_EQ(api.text(log), "a line\n");
  auto passed_on = http::TraceParent::parse(kubelet->asked.get("traceparent"));
  ASSERT_TRUE(passed_on);
  EXPECT_EQ(passed_on->trace_id, kTrace);
  EXPECT_NE(passed_on->parent_id, "00f067aa0ba902b7");
  EXPECT_EQ(passed_on->flags, "01");
}

}  // namespace
}  // namespace xebec::apiserver::testing
