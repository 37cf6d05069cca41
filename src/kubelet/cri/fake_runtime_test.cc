#include "kubelet/cri/fake_runtime.h"

#include "base/scope.h"
#include "base/sim_executor.h"
#include "kubelet/cri/grpc_status.h"

namespace xebec::cri {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

template <class T>
Task<void> store(Task<T> task, std::optional<T>& out) {
  out.emplace(co_await std::move(task));
}

class FakeRuntimeTest : public testing::Test {
 protected:
  FakeRuntimeTest() : clock_(sim_, WallTime(seconds(1'700'000'000))), scope_(sim_) {}
  ~FakeRuntimeTest() override {
    if (runtime_) runtime_->shutdown();
    scope_.cancel();
    sim_.run_for(seconds(1));
  }

  FakeRuntime& make(FakeOptions options) {
    runtime_ = std::make_unique<FakeRuntime>(sim_, clock_, std::move(options));
    return *runtime_;
  }
  FakeRuntime& with_busybox() {
    FakeOptions options;
    options.registry["docker.io/library/busybox:latest"] = FakeImage();
    options.registry["docker.io/library/stubborn:latest"] = FakeImage{.ignores_stop_signal = true};
    options.registry["docker.io/library/job:1"] = FakeImage{.run_for = seconds(5), .exit_code = 3};
    return make(std::move(options));
  }

  template <class T>
  T run(Task<T> task) {
    std::optional<T> out;
    scope_.spawn(store(std::move(task), out));
    sim_.run_while_not([&] { return out.has_value(); }, std::chrono::hours(1));
    return std::move(*out);
  }

  // A started container of a new pod; its id.
  std::string started(const std::string& image, StringMap annotations = {}) {
    PodSandboxConfig sandbox;
    sandbox.metadata.name = "pod";
    sandbox.metadata.uid = std::to_string(++uid_);
    sandbox.annotations = std::move(annotations);
    sandbox_id_ = *run(runtime_->run_pod_sandbox(sandbox, ""));
    ContainerConfig config;
    config.metadata.name = "main";
    config.image.image = image;
    EXPECT_TRUE(run(runtime_->pull_image(config.image, std::nullopt, sandbox)).has_value());
    std::string id = *run(runtime_->create_container(sandbox_id_, config, sandbox));
    EXPECT_TRUE(run(runtime_->start_container(id)).has_value());
    return id;
  }
  ContainerStatus status(const std::string& id) { return *run(runtime_->container_status(id)); }

  SimExecutor sim_;
  SimClock clock_;
  Scope scope_;
  std::unique_ptr<FakeRuntime> runtime_;
  std::string sandbox_id_;
  int uid_ = 0;
};

TEST_F(FakeRuntimeTest, AContainerRunsForever) {
  with_busybox();
  std::string id = started("busybox");
  sim_.run_for(std::chrono::hours(100));
  EXPECT_EQ(status(id).state, ContainerState::kRunning);
  EXPECT_EQ(status(id).image_ref.rfind("docker.io/library/busybox@sha256:", 0), 0u);
}

TEST_F(FakeRuntimeTest, AnImageCanSayWhenAndHowItsContainersExit) {
  with_busybox();
  std::string id = started("job:1");
  sim_.run_for(milliseconds(4999));
  EXPECT_EQ(status(id).state, ContainerState::kRunning);
  sim_.run_for(milliseconds(1));
  ContainerStatus exited = status(id);
  EXPECT_EQ(exited.state, ContainerState::kExited);
  EXPECT_EQ(exited.exit_code, 3);
  EXPECT_EQ(exited.reason, "Error");
  EXPECT_EQ(exited.finished_at - exited.started_at, 5'000'000'000);
}

TEST_F(FakeRuntimeTest, APodAnnotationForOneContainerBeatsTheImage) {
  with_busybox();
  std::string id =
      started("busybox", {{std::string(kFakeRunForMs) + ".main", "20"}, {std::string(kFakeExitCode), "9"}});
  sim_.run_for(milliseconds(20));
  EXPECT_EQ(status(id).exit_code, 9);
}

TEST_F(FakeRuntimeTest, PullingAnUnknownImageFailsInContainerdsWords) {
  with_busybox();
  ImageSpec image;
  image.image = "nosuch";
  Result<std::string> pulled = run(runtime_->pull_image(image, std::nullopt, PodSandboxConfig()));
  ASSERT_FALSE(pulled.has_value());
  EXPECT_TRUE(pulled.error().is(reason::kNotFound));
  EXPECT_EQ(pulled.error().message,
            "rpc error: code = NotFound desc = failed to pull and unpack image "
            "\"docker.io/library/nosuch:latest\": "
            "failed to resolve reference \"docker.io/library/nosuch:latest\": "
            "docker.io/library/nosuch:latest: not found");
}

TEST_F(FakeRuntimeTest, AStubbornContainerIsKilledAfterTheGracePeriod) {
  with_busybox();
  std::string id = started("stubborn");
  MonotonicTime before = sim_.now();
  EXPECT_TRUE(run(runtime_->stop_container(id, 30)).has_value());
  EXPECT_EQ(sim_.now() - before, seconds(30));
  EXPECT_EQ(status(id).exit_code, 137);
}

TEST_F(FakeRuntimeTest, AWillingContainerStopsAtOnce) {
  with_busybox();
  std::string id = started("busybox");
  MonotonicTime before = sim_.now();
  EXPECT_TRUE(run(runtime_->stop_container(id, 30)).has_value());
  EXPECT_EQ(sim_.now(), before);
  EXPECT_EQ(status(id).exit_code, 143);
  EXPECT_TRUE(run(runtime_->stop_container(id, 30)).has_value()) << "stopping is idempotent";
}

TEST_F(FakeRuntimeTest, EventsTellOfStartsExitsAndDeletionsInOrder) {
  with_busybox();
  EXPECT_EQ(run(runtime_->next_event())->type, Event::Type::kSubscribed);
  std::string id = started("job:1");
  sim_.run_for(seconds(10));
  run(runtime_->remove_pod_sandbox(sandbox_id_));
  std::vector<std::pair<Event::Type, std::string>> seen;
  for (int i = 0; i < 6; ++i) {
    Event event = *run(runtime_->next_event());
    seen.emplace_back(event.type, event.container_id);
    bool exit_of_container = event.type == Event::Type::kExited && event.container_id == id;
    if (exit_of_container) {
      EXPECT_EQ(event.exit_code, 3u);
    }
  }
  std::vector<std::pair<Event::Type, std::string>> expected = {
      {Event::Type::kStarted, sandbox_id_}, {Event::Type::kStarted, id},
      {Event::Type::kExited, id},           {Event::Type::kExited, sandbox_id_},
      {Event::Type::kDeleted, id},          {Event::Type::kDeleted, sandbox_id_}};
  EXPECT_EQ(seen, expected);
}

TEST_F(FakeRuntimeTest, AfterTheStreamBrokeTheReaderSubscribesAnew) {
  with_busybox();
  run(runtime_->next_event());
  runtime_->break_events();
  EXPECT_TRUE(run(runtime_->next_event()).error().is(reason::kServiceUnavailable));
  EXPECT_EQ(run(runtime_->next_event())->type, Event::Type::kSubscribed);
}

TEST_F(FakeRuntimeTest, AnInjectedErrorStrikesAsOftenAsAsked) {
  with_busybox();
  runtime_->inject("run_pod_sandbox", rpc_error(14, "connection refused"), 2);
  PodSandboxConfig sandbox;
  sandbox.metadata.name = "pod";
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(run(runtime_->run_pod_sandbox(sandbox, "")).error().message,
              "rpc error: code = Unavailable desc = connection refused");
  }
  EXPECT_TRUE(run(runtime_->run_pod_sandbox(sandbox, "")).has_value());
}

TEST_F(FakeRuntimeTest, ASandboxNameIsReservedUntilItIsRemoved) {
  with_busybox();
  PodSandboxConfig sandbox;
  sandbox.metadata.name = "pod";
  std::string id = *run(runtime_->run_pod_sandbox(sandbox, ""));
  EXPECT_NE(
      run(runtime_->run_pod_sandbox(sandbox, "")).error().message.find("failed to reserve sandbox name"),
      std::string::npos);
  run(runtime_->remove_pod_sandbox(id));
  EXPECT_TRUE(run(runtime_->run_pod_sandbox(sandbox, "")).has_value());
}

TEST_F(FakeRuntimeTest, KillingAContainerForMemoryShows) {
  with_busybox();
  std::string id = started("busybox");
  runtime_->kill(id, 137, "OOMKilled");
  EXPECT_EQ(status(id).reason, "OOMKilled");
  EXPECT_EQ(status(id).exit_code, 137);
}

TEST_F(FakeRuntimeTest, UnknownIdsAreNotFoundButStoppingThemIsFine) {
  with_busybox();
  EXPECT_TRUE(run(runtime_->container_status("x")).error().is(reason::kNotFound));
  EXPECT_TRUE(run(runtime_->pod_sandbox_status("x")).error().is(reason::kNotFound));
  EXPECT_TRUE(run(runtime_->stop_container("x", 1)).has_value());
  EXPECT_TRUE(run(runtime_->remove_pod_sandbox("x")).has_value());
}

TEST_F(FakeRuntimeTest, ImagesAreFoundByEveryName) {
  with_busybox();
  ImageSpec image;
  image.image = "busybox";
  std::string id = *run(runtime_->pull_image(image, std::nullopt, PodSandboxConfig()));
  for (const char* name :
       {"busybox", "busybox:latest", "library/busybox", "docker.io/library/busybox:latest"}) {
    image.image = name;
    ASSERT_TRUE(run(runtime_->image_status(image))->has_value()) << name;
  }
  image.image = id;
  EXPECT_EQ(run(runtime_->image_status(image))->value().repo_tags.front(),
            "docker.io/library/busybox:latest");
  image.image = "busybox:other";
  EXPECT_FALSE(run(runtime_->image_status(image))->has_value());
}

TEST_F(FakeRuntimeTest, AfterShutdownCallsAreCancelled) {
  with_busybox();
  runtime_->shutdown();
  EXPECT_TRUE(run(runtime_->version()).error().is(reason::kCancelled));
  EXPECT_TRUE(run(runtime_->next_event()).error().is(reason::kCancelled));
}

TEST(RpcError, HasGrpcGosWords) {
  EXPECT_EQ(rpc_error(4, "too slow").message, "rpc error: code = DeadlineExceeded desc = too slow");
  EXPECT_TRUE(rpc_error(4, "too slow").is(reason::kTimeout));
  EXPECT_EQ(rpc_error(99, "what").message, "rpc error: code = Unknown desc = what");
  EXPECT_EQ(rpc_description(rpc_error(5, "no desc = of it")), "no desc = of it");
  EXPECT_EQ(rpc_description(errors::internal("plain")), "Internal error occurred: plain");
}

}  // namespace
}  // namespace xebec::cri
