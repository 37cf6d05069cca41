#include "client/informer.h"

#include <fmt/format.h>

#include "api/gen/corev1.h"
#include "api/gen/metav1.h"
#include "client/informer_factory.h"
#include "client/testing/sim.h"

namespace xebec::client {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::FakeApi;
using ::testing::IsEmpty;
using testing::Sim;

corev1::Pod pod_of(std::string name, std::string node = {}, std::string ns = "default") {
  corev1::Pod pod;
  pod.metadata.name = std::move(name);
  pod.metadata.namespace_ = std::move(ns);
  pod.spec.nodeName = std::move(node);
  return pod;
}

class InformerTest : public ::testing::Test {
 protected:
  void start(InformerOptions options = InformerOptions()) {
    informer_ = std::make_unique<Informer<corev1::Pod>>(sim_.rest, sim_.env, std::move(options));
    informer_->on_change([this](const auto& old, const auto& now) {
      std::string what = !old ? "add" : !now ? "delete" : "update";
      seen_.push_back(what + " " + (now ? now : old)->metadata.name);
    });
    run_.emplace(sim_.executor);
    run_->spawn(informer_->run(run_->token()));
    ASSERT_TRUE(sim_.await(informer_->wait_synced({})));
  }
  void TearDown() override {
    if (!run_) return;
    run_->cancel();
    sim_.run_for(1s);
  }
  std::vector<std::string> take_seen() {
    sim_.run_for(5s);
    return std::exchange(seen_, {});
  }
  size_t requests_with(std::string_view part) {
    return std::count_if(sim_.api->requests().begin(), sim_.api->requests().end(),
                         [&](const std::string& request) { return request.find(part) != std::string::npos; });
  }
  size_t lists() { return sim_.api->requests().size() - requests_with("watch=true"); }

  Sim sim_;
  std::unique_ptr<Informer<corev1::Pod>> informer_;
  std::optional<Scope> run_;
  std::vector<std::string> seen_;
};

TEST_F(InformerTest, ListsThenFollows) {
  sim_.api->put(pod_of("a"));
  sim_.api->put(pod_of("b"));
  start();
  EXPECT_THAT(take_seen(), ElementsAre("add a", "add b"));
  sim_.api->put(pod_of("c"));
  sim_.api->put(pod_of("a", "node-1"));
  sim_.api->remove<corev1::Pod>("default", "b");
  EXPECT_THAT(take_seen(), ElementsAre("add c", "update a", "delete b"));
  EXPECT_EQ(informer_->get("default", "a")->spec.nodeName, "node-1");
  EXPECT_EQ(informer_->get("default", "b"), nullptr);
  EXPECT_EQ(informer_->list("default").size(), 2u);
  EXPECT_THAT(informer_->list("defaul"), IsEmpty());
}

TEST_F(InformerTest, GoesOnFromItsRevisionWhenAWatchEndsOrBreaks) {
  start();
  sim_.api->put(pod_of("a"));
  sim_.api->end_watches();
  EXPECT_THAT(take_seen(), ElementsAre("add a"));
  sim_.api->break_watches();
  sim_.api->put(pod_of("b"));
  sim_.run_for(5s);
  sim_.api->put(pod_of("c"));
  EXPECT_THAT(take_seen(), ElementsAre("add b", "add c"));
  EXPECT_EQ(lists(), 1u);
}

TEST_F(InformerTest, ListsAgainWhenItsRevisionIsGone) {
  sim_.api->put(pod_of("a"));
  sim_.api->put(pod_of("b"));
  start();
  take_seen();
  // All that happens while it is away is seen by comparing.
  sim_.api->set_hook([](const http::Request&) {
    return std::optional<http::Response>(FakeApi::error_response(errors::service_unavailable("away")));
  });
  sim_.api->break_watches();
  sim_.run_for(10s);
  sim_.api->put(pod_of("c"));
  sim_.api->put(pod_of("a", "node-1"));
  sim_.api->remove<corev1::Pod>("default", "b");
  sim_.api->compact();
  sim_.api->set_hook(nullptr);
  sim_.run_for(60s);
  EXPECT_THAT(take_seen(), ElementsAre("delete b", "update a", "add c"));
  EXPECT_EQ(sim_.api->open_watches(), 1u);
}

TEST_F(InformerTest, BookmarksKeepItsRevisionFresh) {
  start();
  sim_.api->put(corev1::Pod(pod_of("a")));
  sim_.run_for(1s);
  corev1::Namespace other;
  other.metadata.name = "elsewhere";
  sim_.api->put(other);
  sim_.api->bookmark();
  sim_.run_for(1s);
  EXPECT_EQ(informer_->resource_version(), std::to_string(sim_.api->revision()));
  EXPECT_EQ(informer_->size(), 1u);
}

TEST_F(InformerTest, FailingListsBackOff) {
  int failures = 0;
  sim_.api->set_hook([&](const http::Request&) -> std::optional<http::Response> {
    ++failures;
    return FakeApi::error_response(errors::internal("no"));
  });
  informer_ = std::make_unique<Informer<corev1::Pod>>(sim_.rest, sim_.env);
  run_.emplace(sim_.executor);
  run_->spawn(informer_->run(run_->token()));
  sim_.run_for(60s);
  EXPECT_GE(failures, 4);
  EXPECT_LE(failures, 8);
  EXPECT_FALSE(informer_->has_synced());
  sim_.api->set_hook(nullptr);
  EXPECT_TRUE(sim_.await(informer_->wait_synced({})));
}

TEST_F(InformerTest, ReadsLongListsInPages) {
  for (int i = 0; i < 25; ++i) sim_.api->put(pod_of(fmt::format("p{:02}", i)));
  InformerOptions options;
  options.page_size = 10;
  start(options);
  EXPECT_EQ(informer_->size(), 25u);
  EXPECT_EQ(requests_with("continue="), 2u);
}

TEST_F(InformerTest, SelectsByField) {
  sim_.api->put(pod_of("a", "node-1"));
  sim_.api->put(pod_of("b", "node-2"));
  InformerOptions options;
  options.field_selector = "spec.nodeName=node-1";
  start(options);
  sim_.api->put(pod_of("c"));
  sim_.api->put(pod_of("c", "node-1"));
  sim_.api->put(pod_of("a", "node-2"));
  EXPECT_THAT(take_seen(), ElementsAre("add a", "add c", "delete a"));
}

TEST_F(InformerTest, IndexesFollowChanges) {
  sim_.api->put(pod_of("a", "node-1"));
  start();
  informer_->add_index("node",
                       [](const corev1::Pod& pod) { return std::vector<std::string>{pod.spec.nodeName}; });
  sim_.api->put(pod_of("b", "node-1"));
  sim_.run_for(1s);
  EXPECT_EQ(informer_->by_index("node", "node-1").size(), 2u);
  sim_.api->put(pod_of("a", "node-2"));
  sim_.run_for(1s);
  ASSERT_EQ(informer_->by_index("node", "node-1").size(), 1u);
  EXPECT_EQ(informer_->by_index("node", "node-1")[0]->metadata.name, "b");
  sim_.api->remove<corev1::Pod>("default", "b");
  sim_.run_for(1s);
  EXPECT_THAT(informer_->by_index("node", "node-1"), IsEmpty());
  EXPECT_EQ(informer_->by_index("node", "node-2").size(), 1u);
}

TEST_F(InformerTest, ResyncShowsEverythingAgain) {
  sim_.api->put(pod_of("a"));
  InformerOptions options;
  options.resync = 30s;
  start(options);
  take_seen();
  sim_.run_for(60s);
  EXPECT_THAT(take_seen(), ElementsAre("update a", "update a"));
}

TEST_F(InformerTest, StripsManagedFieldsAndTellsLateHandlers) {
  corev1::Pod pod = pod_of("a");
  pod.metadata.managedFields.resize(1);
  sim_.api->put(pod);
  start();
  EXPECT_THAT(informer_->get("default", "a")->metadata.managedFields, IsEmpty());
  int added = 0;
  Handlers<corev1::Pod> late;
  late.on_add = [&](const auto&) { ++added; };
  informer_->add_handlers(std::move(late));
  EXPECT_EQ(added, 1);
}

TEST(InformerProjection, KeepsOnlyWhatIsAskedFor) {
  Sim sim;
  sim.api->put(pod_of("a", "node-1"));
  Informer<corev1::Pod, std::string> nodes(sim.rest, sim.env, InformerOptions(),
                                           [](corev1::Pod&& pod) { return std::move(pod.spec.nodeName); });
  sim.scope.spawn(nodes.run(sim.scope.token()));
  ASSERT_TRUE(sim.await(nodes.wait_synced({})));
  EXPECT_EQ(*nodes.get("default", "a"), "node-1");
  sim.scope.cancel();
  sim.run_for(1s);
}

TEST(InformerFactory, SharesAndStartsInformers) {
  Sim sim;
  sim.api->put(pod_of("a"));
  InformerFactory factory(sim.rest, sim.env);
  Informer<corev1::Pod>& pods = factory.get<corev1::Pod>();
  EXPECT_EQ(&pods, &factory.get<corev1::Pod>());
  InformerOptions elsewhere;
  elsewhere.ns = "other";
  EXPECT_NE(&pods, &factory.get<corev1::Pod>(elsewhere));
  factory.start(sim.scope);
  InformerOptions metadata;
  metadata.metadata_of = {"", "v1", "pods"};
  auto& late = factory.get<metav1::PartialObjectMetadata>(metadata);
  ASSERT_TRUE(sim.await(factory.wait_synced({})));
  EXPECT_EQ(pods.size(), 1u);
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late.list()[0]->metadata.name, "a");
  sim.scope.cancel();
  sim.run_for(1s);
}

// Two threads: the fake on one, the informer on the other.
TEST(InformerThreads, FollowAServerOnAnotherThread) {
  SystemClock clock;
  api::Scheme scheme = api::Scheme::builtin();
  std::unique_ptr<Rng> rng = make_seeded_rng(1);
  ThreadExecutor server("server");
  auto api = std::make_shared<FakeApi>(scheme, clock);
  Rest rest(std::make_shared<InProcessClient>(api, server, std::make_shared<UserInfo>()), scheme);
  struct Body {
    static Task<void> run(Rest rest, const Clock& clock, Rng& rng) {
      Executor& home = *Executor::current();
      Env env(home, clock, rng, Logger());
      Informer<corev1::Pod> pods(rest, env);
      Queue<std::string> names;
      pods.on_change([&](const auto&, const auto& now) { names.push(now->metadata.name); });
      Scope scope(home);
      scope.spawn(pods.run(scope.token()));
      bool synced = co_await pods.wait_synced(CancelToken());
      EXPECT_TRUE(synced);
      Context context;
      for (int i = 0; i < 50; ++i) {
        corev1::Pod pod = pod_of(fmt::format("p{}", i));
        Result<corev1::Pod> made = co_await rest.create(context, pod);
        EXPECT_TRUE(made.has_value());
      }
      for (int i = 0; i < 50; ++i) {
        std::optional<std::string> name = co_await names.pop();
        EXPECT_EQ(*name, fmt::format("p{}", i));
      }
      scope.cancel();
      co_await scope.join();
    }
  };
  block_on(Body::run(rest, clock, *rng));
}

}  // namespace
}  // namespace xebec::client
