#include "client/rest.h"

#include "api/gen/appsv1.h"
#include "api/gen/authorizationv1.h"
#include "api/gen/corev1.h"
#include "api/gen/metav1.h"
#include "client/testing/sim.h"
#include "codec/value.h"

namespace xebec::client {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::FakeApi;
using ::testing::HasSubstr;
using testing::Sim;

corev1::Pod pod_of(std::string name, std::string ns = "default") {
  corev1::Pod pod;
  pod.metadata.name = std::move(name);
  pod.metadata.namespace_ = std::move(ns);
  pod.metadata.labels["app"] = "hue";
  pod.spec.containers.resize(1);
  pod.spec.containers[0].name = "main";
  return pod;
}

class RestTest : public ::testing::TestWithParam<bool> {
 protected:
  static Rest::Config config() {
    Rest::Config config;
    config.prefer_json = GetParam();
    return config;
  }
  Sim sim_{1, config()};
  Context context_;
};
INSTANTIATE_TEST_SUITE_P(Wire, RestTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Json" : "Protobuf"; });

TEST_P(RestTest, ObjectsGoThereAndComeBack) {
  Result<corev1::Pod> made = sim_.await(sim_.rest.create(context_, pod_of("a")));
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_FALSE(made->metadata.uid.empty());
  made->metadata.labels["color"] = "blue";
  Result<corev1::Pod> updated = sim_.await(sim_.rest.update(context_, *made));
  ASSERT_TRUE(updated.has_value()) << updated.error().message;
  Result<corev1::Pod> got = sim_.await(sim_.rest.get<corev1::Pod>(context_, "default", "a"));
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->metadata.labels.at("color"), "blue");
  EXPECT_EQ(got->spec.containers[0].name, "main");
  EXPECT_EQ(*got, *updated);
}

TEST_P(RestTest, ErrorsAreTheServersStatus) {
  Result<corev1::Pod> missing = sim_.await(sim_.rest.get<corev1::Pod>(context_, "default", "nope"));
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error(), errors::not_found({"", "pods"}, "nope"));

  corev1::Pod stale = *sim_.await(sim_.rest.create(context_, pod_of("a")));
  sim_.api->put(stale);
  stale.metadata.labels["x"] = "y";
  Result<corev1::Pod> conflict = sim_.await(sim_.rest.update(context_, stale));
  ASSERT_FALSE(conflict.has_value());
  EXPECT_TRUE(conflict.error().is(reason::kConflict));
  EXPECT_THAT(conflict.error().message, HasSubstr("the object has been modified"));
  EXPECT_TRUE(sim_.await(sim_.rest.create(context_, pod_of("a"))).error().is(reason::kAlreadyExists));
}

TEST_P(RestTest, AnAnswerWithoutStatusBecomesAGenericError) {
  sim_.api->set_hook([](const http::Request&) {
    http::Response response;
    response.status = 502;
    response.headers.add("Content-Type", "text/plain");
    response.set_body("bad gateway\n");
    return std::optional<http::Response>(std::move(response));
  });
  Result<corev1::Pod> got = sim_.await(sim_.rest.get<corev1::Pod>(context_, "default", "a"));
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, 502);
  EXPECT_EQ(
      got.error().message,
      "an error on the server (\"bad gateway\") has prevented the request from succeeding (get pods a)");
}

TEST_P(RestTest, TooManyRequestsAreTriedAgainAfterTheTimeTheServerNames) {
  sim_.api->put(pod_of("a"));
  int refusals = 2;
  sim_.api->set_hook([&](const http::Request&) -> std::optional<http::Response> {
    if (refusals-- <= 0) return std::nullopt;
    return FakeApi::error_response(errors::too_many_requests("slow down", 3));
  });
  MonotonicTime start = sim_.executor.now();
  EXPECT_TRUE(sim_.await(sim_.rest.get<corev1::Pod>(context_, "default", "a")).has_value());
  EXPECT_EQ(sim_.executor.now() - start, 6s);
}

TEST_P(RestTest, ListsSelectAndPage) {
  for (const char* name : {"a", "b", "c", "d", "e"}) sim_.api->put(pod_of(name));
  sim_.api->put(pod_of("f", "other"));
  ListOptions options;
  options.limit = 2;
  Result<List<corev1::Pod>> page = sim_.await(sim_.rest.list<corev1::Pod>(context_, "default", options));
  ASSERT_TRUE(page.has_value()) << page.error().message;
  EXPECT_EQ(page->items.size(), 2u);
  EXPECT_FALSE(page->continue_.empty());
  EXPECT_EQ(sim_.await(sim_.rest.list_all<corev1::Pod>(context_, "", options))->items.size(), 6u);
  ListOptions selected;
  selected.field_selector = "metadata.name=c";
  selected.label_selector = "app in (hue)";
  page = sim_.await(sim_.rest.list<corev1::Pod>(context_, "", selected));
  ASSERT_EQ(page->items.size(), 1u);
  EXPECT_EQ(page->items[0].metadata.name, "c");
}

TEST_P(RestTest, PatchesAndStatus) {
  sim_.api->put(pod_of("a"));
  WriteOptions options;
  options.subresource = "status";
  Result<corev1::Pod> patched = sim_.await(sim_.rest.patch<corev1::Pod>(
      context_, "default", "a", PatchType::kStrategic,
      R"({"metadata":{"labels":{"ignored":"by-status"}},"status":{"phase":"Running"}})", options));
  ASSERT_TRUE(patched.has_value()) << patched.error().message;
  EXPECT_EQ(patched->status.phase, "Running");
  EXPECT_FALSE(patched->metadata.labels.contains("ignored"));
  patched->status.phase = "Succeeded";
  EXPECT_EQ(sim_.await(sim_.rest.update_status(context_, *patched))->status.phase, "Succeeded");
}

TEST_P(RestTest, DeletionHonoursPreconditions) {
  corev1::Pod pod = sim_.api->put(pod_of("a"));
  DeleteOptions options;
  options.uid = "another";
  Result<void> refused = sim_.await(sim_.rest.delete_<corev1::Pod>(context_, "default", "a", options));
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(refused.error().is(reason::kConflict));
  options.uid = pod.metadata.uid;
  EXPECT_TRUE(sim_.await(sim_.rest.delete_<corev1::Pod>(context_, "default", "a", options)).has_value());
  EXPECT_TRUE(sim_.api->list<corev1::Pod>().empty());
  for (const char* name : {"b", "c"}) sim_.api->put(pod_of(name));
  EXPECT_TRUE(sim_.await(sim_.rest.delete_collection<corev1::Pod>(context_, "default")).has_value());
  EXPECT_TRUE(sim_.api->list<corev1::Pod>().empty());
}

TEST_P(RestTest, WatchesGiveTypedEvents) {
  auto stream = sim_.await(sim_.rest.watch<corev1::Pod>(context_, "default"));
  ASSERT_TRUE(stream.has_value()) << stream.error().message;
  corev1::Pod pod = sim_.api->put(pod_of("a"));
  sim_.api->put(pod);
  sim_.api->remove<corev1::Pod>("default", "a");
  sim_.api->bookmark();
  std::vector<WatchType> types;
  for (int i = 0; i < 4; ++i) {
    Result<std::optional<WatchEvent>> event = sim_.await((*stream)->next());
    ASSERT_TRUE(event.has_value() && event->has_value());
    EXPECT_TRUE((*event)->object.is<corev1::Pod>());
    types.push_back((*event)->type);
  }
  EXPECT_THAT(
      types, ElementsAre(WatchType::kAdded, WatchType::kModified, WatchType::kDeleted, WatchType::kBookmark));
  sim_.api->end_watches();
  Result<std::optional<WatchEvent>> end = sim_.await((*stream)->next());
  EXPECT_TRUE(end.has_value() && !end->has_value());
}

TEST_P(RestTest, AnyResourceHasMetadataAndATree) {
  appsv1::Deployment deployment;
  deployment.metadata.name = "web";
  deployment.metadata.namespace_ = "default";
  sim_.api->put(deployment);
  api::GroupVersionResource gvr{"apps", "v1", "deployments"};
  auto list = sim_.await(sim_.rest.list_metadata(context_, gvr, ""));
  ASSERT_TRUE(list.has_value()) << list.error().message;
  ASSERT_EQ(list->items.size(), 1u);
  EXPECT_EQ(list->items[0].metadata.name, "web");
  Result<codec::Value> tree = sim_.await(sim_.rest.get_value(context_, gvr, "default", "web"));
  ASSERT_TRUE(tree.has_value()) << tree.error().message;
  EXPECT_EQ(tree->find("kind")->string_or(), "Deployment");
  EXPECT_TRUE(sim_.await(sim_.rest.delete_resource(context_, gvr, "default", "web")).has_value());
  EXPECT_TRUE(sim_.api->list<appsv1::Deployment>().empty());
}

TEST_P(RestTest, AWatchOfMetadataAsksForSingleObjects) {
  std::string accept;
  sim_.api->set_hook([&](const http::Request& request) {
    accept = request.headers.get("Accept");
    return std::optional<http::Response>();
  });
  api::GroupVersionResource pods{"", "v1", "pods"};
  auto stream =
      sim_.await(sim_.rest.watch_object(context_, sim_.rest.metadata_target(pods), "", WatchOptions()));
  ASSERT_TRUE(stream.has_value());
  std::string json = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
  std::string protobuf =
      "application/vnd.kubernetes.protobuf;stream=watch;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,";
  EXPECT_EQ(accept, GetParam() ? json : protobuf + json);
}

TEST_P(RestTest, BindingsAndReviews) {
  sim_.api->put(pod_of("a"));
  corev1::Binding binding;
  binding.metadata.name = "a";
  binding.metadata.namespace_ = "default";
  binding.target.kind = "Node";
  binding.target.name = "node-1";
  Result<void> bound = sim_.await(sim_.rest.bind(context_, binding));
  ASSERT_TRUE(bound.has_value()) << bound.error().message;
  EXPECT_EQ(sim_.api->get<corev1::Pod>("default", "a")->spec.nodeName, "node-1");
  authorizationv1::SubjectAccessReview review;
  review.spec.user = "blue";
  auto answer = sim_.await(sim_.rest.create(context_, review));
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->spec.user, "blue");
}

TEST_P(RestTest, APathCannotBeEscapedFrom) {
  EXPECT_TRUE(sim_.await(sim_.rest.get<corev1::Pod>(context_, "default", "../secrets/x"))
                  .error()
                  .is(reason::kBadRequest));
  EXPECT_TRUE(
      sim_.await(sim_.rest.get<corev1::Pod>(context_, "default", "")).error().is(reason::kBadRequest));
  EXPECT_TRUE(sim_.await(sim_.rest.create(context_, pod_of("a", ""))).error().is(reason::kBadRequest));
  EXPECT_TRUE(sim_.api->requests().empty());
}

TEST_P(RestTest, AggregatedDiscoveryTellsResources) {
  sim_.api->set_hook([](const http::Request& request) {
    http::Response response;
    response.headers.add("Content-Type",
                         "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    bool core = request.path == "/api";
    response.set_body(
        core
            ? R"({"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[{"metadata":{},
        "versions":[{"version":"v1","resources":[{"resource":"pods","responseKind":{"group":"","version":"v1","kind":"Pod"},"scope":"Namespaced",
        "singularResource":"pod","verbs":["get","list"],"subresources":[{"subresource":"status","verbs":["get"]}]}]}]}]})"
            : R"({"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"apps"},"versions":[
        {"version":"v1","resources":[{"resource":"deployments","responseKind":{"kind":"Deployment"},"scope":"Namespaced","verbs":["list"]}]},
        {"version":"v1beta1","resources":[{"resource":"deployments","responseKind":{"kind":"Deployment"},"scope":"Namespaced","verbs":["list"]}]}]},
        {"metadata":{"name":"extensions"},"versions":[
        {"version":"v1beta1","resources":[{"resource":"deployments","responseKind":{"kind":"Deployment"},"scope":"Namespaced","verbs":["list"]}]}]}]})");
    return std::optional<http::Response>(std::move(response));
  });
  Result<Discovery> found = sim_.await(sim_.rest.discover(context_));
  ASSERT_TRUE(found.has_value()) << found.error().message;
  ASSERT_EQ(found->resources.size(), 4u);
  EXPECT_EQ(found->resources[0].kind, "Pod");
  EXPECT_TRUE(found->resources[0].namespaced && found->resources[0].has_verb("list"));
  EXPECT_THAT(found->resources[0].subresources, ElementsAre("status"));
  EXPECT_TRUE(found->resources[1].preferred);
  EXPECT_FALSE(found->resources[2].preferred);
  EXPECT_FALSE(found->resources[3].preferred);  // an old name of the same
}

// The caller stays on its own thread while the handler runs on the server's.
// Else nobody would ever collect or delete what an older version alone has.
TEST_P(RestTest, AResourceThatOnlyAnOlderVersionHasIsPreferredThere) {
  sim_.api->set_hook([](const http::Request& request) -> std::optional<http::Response> {
    http::Response response;
    response.headers.add("Content-Type",
                         "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    response.set_body(
        request.path == "/api"
            ? R"({"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[]})"
            : R"({"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[{"metadata":{"name":"x.io"},
               "versions":[{"version":"v1","resources":[{"resource":"as","responseKind":{"kind":"A"},"scope":"Namespaced","verbs":["list"]}]},
               {"version":"v1beta1","resources":[{"resource":"as","responseKind":{"kind":"A"},"scope":"Namespaced","verbs":["list"]},
               {"resource":"bs","responseKind":{"kind":"B"},"scope":"Namespaced","verbs":["list"]}]}]}]})");
    return response;
  });
  Result<Discovery> found = sim_.await(sim_.rest.discover(context_));
  ASSERT_TRUE(found.has_value());
  std::vector<std::string> preferred;
  for (const DiscoveredResource& resource : found->resources) {
    if (resource.preferred) preferred.push_back(resource.gvr.version + "/" + resource.gvr.resource);
  }
  EXPECT_EQ(preferred, (std::vector<std::string>{"v1/as", "v1beta1/bs"}));
}

TEST(InProcess, HandlersRunOnTheServersExecutor) {
  SystemClock clock;
  api::Scheme scheme = api::Scheme::builtin();
  auto identity = std::make_shared<UserInfo>();
  identity->name = "system:kube-scheduler";
  struct Recorder final : http::Handler {
    explicit Recorder(std::shared_ptr<FakeApi> api) : api(std::move(api)) {}
    Task<http::Response> handle(Context context, http::Request request) override {
      executor = Executor::current();
      user = context.user->name;
      co_return co_await api->handle(std::move(context), std::move(request));
    }
    std::shared_ptr<FakeApi> api;
    Executor* executor = nullptr;
    std::string user;
  };
  ThreadExecutor server("server");
  auto recorder = std::make_shared<Recorder>(std::make_shared<FakeApi>(scheme, clock));
  Rest rest(std::make_shared<InProcessClient>(recorder, server, identity), scheme);
  struct Body {
    static Task<void> run(Rest rest, std::shared_ptr<Recorder> recorder) {
      Executor* home = Executor::current();
      Context context;
      CancelSource cancel;
      context.cancel = cancel.token();
      Result<std::unique_ptr<WatchStream>> stream = co_await rest.watch<corev1::Pod>(context, "default");
      corev1::Pod pod = pod_of("a");
      Result<corev1::Pod> made = co_await rest.create(context, pod);
      EXPECT_TRUE(made.has_value());
      EXPECT_EQ(Executor::current(), home);
      EXPECT_NE(recorder->executor, nullptr);
      EXPECT_NE(recorder->executor, home);
      EXPECT_EQ(recorder->user, "system:kube-scheduler");
      Result<std::optional<WatchEvent>> event = co_await (*stream)->next();
      EXPECT_TRUE(event.has_value() && event->has_value());
      EXPECT_EQ(Executor::current(), home);
      // A cancelled watch comes back with an error.
      Executor::current()->post([&] { cancel.cancel(); });
      event = co_await (*stream)->next();
      EXPECT_FALSE(event.has_value());
    }
  };
  block_on(Body::run(rest, recorder));
}

}  // namespace
}  // namespace xebec::client
