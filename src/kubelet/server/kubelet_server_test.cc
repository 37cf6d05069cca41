// The kubelet's server without sockets: who may ask, what the paths answer, and the words of errors.
#include "kubelet/server/kubelet_server.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <fmt/ranges.h>

#include "codec/json.h"
#include "kubelet/cri/fake_runtime.h"
#include "kubelet/server/attributes.h"
#include "kubelet/server/test_support.h"

namespace xebec::kubelet::testing {
namespace {

using ::testing::HasSubstr;

struct Answer {
  int status = 0;
  std::string body;
};

class KubeletServerTest : public ::testing::Test {
 protected:
  KubeletServerTest() : runtime_(executor_, clock_, any_image()) {
    pods_.add("web", "main");
    KubeletServerParts parts{pods_, runtime_, executor_, pool_, clock_, *rng_, metrics_};
    KubeletServerOptions options;
    options.node_name = "n1";
    server_ = *KubeletServer::make(options, parts, reviews_client(reviews_, executor_), Logger());
  }

  Answer ask(http::Request request) { return block_on(send(*server_, std::move(request))); }
  Answer get(std::string path, std::string query = "", std::string token = "good") {
    return ask(request("GET", std::move(path), std::move(query), std::move(token)));
  }
  static Task<Answer> send(KubeletServer& server, http::Request request) {
    Context context;
    http::Response response = co_await server.handle(context, std::move(request));
    Answer answer;
    answer.status = response.status;
    Result<std::string> body = co_await response.read_body();
    if (body) answer.body = *body;
    co_return answer;
  }

  // The pod's container, in the fake runtime as well.
  void start_container() {
    auto made = block_on(make_container());
    ASSERT_TRUE(made) << made.error().message;
  }
  Task<Result<void>> make_container() {
    co_await executor_.schedule();
    cri::PodSandboxConfig pod;
    pod.metadata.name = "web";
    CO_TRY(pods_.sandbox, co_await runtime_.run_pod_sandbox(pod, ""));
    cri::ContainerConfig config;
    config.metadata.name = "main";
    config.image.image = "web";
    config.labels["io.kubernetes.pod.uid"] = "web-uid";
    CO_TRY_VOID(co_await runtime_.pull_image(config.image, std::nullopt, pod));
    CO_TRY(pods_.view.id, co_await runtime_.create_container(pods_.sandbox, config, pod));
    CO_TRY_VOID(co_await runtime_.start_container(pods_.view.id));
    pods_.view.phase = ContainerPhase::kRunning;
    co_return Result<void>();
  }

  static cri::FakeOptions any_image() {
    cri::FakeOptions options;
    options.any_image = true;
    return options;
  }

  SystemClock clock_;
  std::unique_ptr<Rng> rng_ = make_seeded_rng(1);
  Metrics metrics_;
  ThreadExecutor executor_{"kubelet"};
  http::IoPool pool_{1};
  cri::FakeRuntime runtime_;
  FakePods pods_;
  std::shared_ptr<Reviews> reviews_ = std::make_shared<Reviews>();
  std::unique_ptr<KubeletServer> server_;
};

TEST_F(KubeletServerTest, OnlyKnownUsersComeIn) {
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/healthz").body, "ok");
  Answer answer = get("/healthz", "", "");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.body, "Unauthorized");
  EXPECT_EQ(get("/healthz", "", "wrong").status, 401);
}

TEST_F(KubeletServerTest, ReviewsAreRemembered) {
  get("/healthz");
  int asked = reviews_->requests;
  get("/healthz");
  EXPECT_EQ(reviews_->requests, asked);
  get("/metrics");
  EXPECT_EQ(reviews_->requests, asked + 1) << "another permission, the same user";
}

TEST_F(KubeletServerTest, TheForbiddenAreToldWhy) {
  Answer answer = ask(request("POST", "/exec/default/web/main", "output=1&command=id", "poor"));
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body, "Forbidden (user=beggar, verb=create, resource=nodes, subresource(s)=[proxy])");
  EXPECT_EQ(get("/pods", "", "poor").body,
            "Forbidden (user=beggar, verb=get, resource=nodes, subresource(s)=[pods proxy])");
}

TEST_F(KubeletServerTest, AttributesFollowThePath) {
  auto attributes = [](std::string method, std::string path) {
    return node_attributes(request(method, path));
  };
  EXPECT_EQ(attributes("GET", "/stats/summary").subresources, std::vector<std::string>{"stats"});
  EXPECT_EQ(attributes("GET", "/statsx").subresources, std::vector<std::string>{"proxy"});
  EXPECT_EQ(attributes("GET", "/%73tats").subresources, std::vector<std::string>{"stats"});
  EXPECT_EQ(attributes("GET", "/containerLogs/a/b/c").verb, "get");
  EXPECT_EQ(attributes("GET", "/exec/a/b/c").verb, "create") << "a WebSocket begins with a GET";
  EXPECT_EQ(attributes("GET", "//exec/a/b/c").verb, "create");
}

TEST_F(KubeletServerTest, PodsAreListed) {
  Answer answer = get("/pods");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr(R"("kind":"PodList")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("name":"web")"));
  EXPECT_THAT(get("/metrics").body, HasSubstr("kubelet_http_requests_total"));
}

TEST_F(KubeletServerTest, LogsOfWhatIsNotThereAreErrors) {
  EXPECT_EQ(get("/containerLogs/default/nosuch/main").status, 404);
  EXPECT_EQ(get("/containerLogs/default/nosuch/main").body, "pod \"nosuch\" does not exist\n");
  EXPECT_EQ(get("/containerLogs/default/web/nosuch").body, "container \"nosuch\" not found in pod \"web\"\n");
  pods_.view.reason = "ContainerCreating";
  Answer answer = get("/containerLogs/default/web/main");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, "container \"main\" in pod \"web\" is waiting to start: ContainerCreating");
  answer = get("/containerLogs/default/web/main", "previous=true");
  EXPECT_EQ(answer.body, "previous terminated container \"main\" in pod \"web\" not found");
}

TEST_F(KubeletServerTest, LogsOfBothInstancesAreRead) {
  char name[] = "/tmp/xebec-log-XXXXXX";
  std::string folder = mkdtemp(name);
  std::ofstream(folder + "/0.log") << "2026-01-01T00:00:00Z stdout F before\n";
  std::ofstream(folder + "/1.log") << "2026-01-01T00:00:00Z stdout F now\n";
  pods_.view.phase = ContainerPhase::kTerminated;
  pods_.view.id = "c1";
  pods_.view.log_path = folder + "/1.log";
  pods_.view.previous_id = "c0";
  pods_.view.previous_log_path = folder + "/0.log";
  EXPECT_EQ(get("/containerLogs/default/web/main", "follow=true").body, "now\n");
  EXPECT_EQ(get("/containerLogs/default/web/main", "previous=true").body, "before\n");
  std::filesystem::remove_all(folder);
}

TEST_F(KubeletServerTest, StreamsNeedAnUpgradeAndARunningContainer) {
  EXPECT_EQ(ask(request("POST", "/exec/default/web/main", "command=id")).body,
            "you must specify at least 1 of stdin, stdout, stderr");
  EXPECT_EQ(ask(request("POST", "/exec/default/web/main", "output=1&command=id")).status, 400);
  http::Request upgrade = request("POST", "/exec/default/web/main", "output=1&command=id");
  upgrade.headers.add("Connection", "Upgrade");
  upgrade.headers.add("Upgrade", "SPDY/3.1");
  Answer answer = ask(upgrade);
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body, "container not found (\"main\")");
  upgrade.path = "/exec/default/nosuch/main";
  EXPECT_EQ(ask(upgrade).status, 404);
}

TEST_F(KubeletServerTest, OtherPathsAreNotFound) {
  EXPECT_EQ(get("/stats/nosuch").status, 404);
  EXPECT_EQ(get("/metrics/nosuch").status, 404);
  EXPECT_EQ(get("/exec/default/web").status, 404);
  EXPECT_EQ(ask(request("DELETE", "/pods")).status, 405);
}

TEST_F(KubeletServerTest, WhatIsNotBuiltSaysSo) {
  EXPECT_EQ(get("/debug/pprof/heap").body, "/debug is not built into this kubelet\n");
  EXPECT_EQ(ask(request("POST", "/checkpoint/default/web/main")).body,
            "checkpointing of default/web/main failed (it is not built into this kubelet)");
}

TEST_F(KubeletServerTest, TheConfigurationIsShown) {
  EXPECT_THAT(get("/configz").body, HasSubstr("KubeletConfiguration"));
  EXPECT_EQ(get("/metrics/probes").body, "prober_probe_total 1\n");
  EXPECT_EQ(get("/configz", "", "poor").body,
            "Forbidden (user=beggar, verb=get, resource=nodes, subresource(s)=[configz proxy])");
}

TEST_F(KubeletServerTest, ACommandRunsToItsEnd) {
  start_container();
  runtime_.set_exec_handler([](const cri::ContainerStatus&,
                               const std::vector<std::string>& command) -> Result<cri::ExecSyncResult> {
    cri::ExecSyncResult result;
    result.out = fmt::format("{}\n", fmt::join(command, "|"));
    result.exit_code = command[0] == "false" ? 1 : 0;
    return result;
  });
  EXPECT_EQ(ask(request("POST", "/run/default/web/main", "cmd=ls%20-l")).body, "ls|-l\n");
  EXPECT_EQ(ask(request("POST", "/run/default/web/main", "cmd=false")).status, 500);
  EXPECT_EQ(ask(request("GET", "/run/default/web/main", "cmd=ls")).status, 405);
  EXPECT_EQ(ask(request("POST", "/run/default/nosuch/main", "cmd=ls")).status, 404);
}

TEST_F(KubeletServerTest, StatisticsComeFromTheRuntimeAndTheMachine) {
  start_container();
  pods_.figures.node_name = "n1";
  pods_.figures.machine.memory_bytes = 1000;
  pods_.figures.machine.cpus = 2;
  pods_.figures.load.memory_available_bytes = 400;
  pods_.figures.load.cpu_nanos = 3'000'000'000;
  pods_.figures.load.disk = DiskSpace{500, 200, 50, 20};
  Result<codec::Value> summary = codec::parse_json(get("/stats/summary").body);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->find("node")->find("nodeName")->string_or(), "n1");
  EXPECT_EQ(summary->find("node")->find("memory")->find("workingSetBytes")->int_or(0), 600);
  EXPECT_EQ(summary->find("node")->find("fs")->find("usedBytes")->int_or(0), 300);
  const codec::Value& pod = (*summary->find("pods")->as_list())[0];
  EXPECT_EQ(pod.find("podRef")->find("name")->string_or(), "web");
  const codec::Value& container = (*pod.find("containers")->as_list())[0];
  EXPECT_EQ(container.find("name")->string_or(), "main");
  EXPECT_EQ(container.find("memory")->find("workingSetBytes")->int_or(0), 8 << 20);
  std::string brief = get("/stats/summary", "only_cpu_and_memory=true").body;
  EXPECT_THAT(brief, ::testing::Not(HasSubstr("\"fs\"")));

  std::string resources = get("/metrics/resource").body;
  EXPECT_THAT(resources,
              HasSubstr("# TYPE node_cpu_usage_seconds_total counter\nnode_cpu_usage_seconds_total 3 "));
  EXPECT_THAT(resources, HasSubstr("container_memory_working_set_bytes{container=\"main\",namespace="
                                   "\"default\",pod=\"web\"} 8388608 "));
  EXPECT_THAT(resources, HasSubstr("\nresource_scrape_error 0\n"));
  std::string cadvisor = get("/metrics/cadvisor").body;
  EXPECT_THAT(cadvisor,
              HasSubstr("container_cpu_usage_seconds_total{container=\"main\",cpu=\"total\",id=\""));
  EXPECT_THAT(cadvisor, HasSubstr("machine_cpu_cores{"));
}

TEST_F(KubeletServerTest, SystemLogsAreShownAndNothingElse) {
  char name[] = "/tmp/xebec-syslog-XXXXXX";
  std::string folder = mkdtemp(name);
  std::filesystem::create_directories(folder + "/apt");
  std::ofstream(folder + "/a&b.log") << "hello\n";
  std::filesystem::create_symlink("/etc/passwd", folder + "/out");
  KubeletServerParts parts{pods_, runtime_, executor_, pool_, clock_, *rng_, metrics_};
  KubeletServerOptions options;
  options.node_name = "n1";
  options.system_logs = folder;
  server_ = *KubeletServer::make(options, parts, reviews_client(reviews_, executor_), Logger());
  EXPECT_THAT(get("/logs/").body, HasSubstr("<a href=\"apt%2F\">apt/</a>"));
  EXPECT_THAT(get("/logs/").body, HasSubstr(">a&amp;b.log</a>"));
  EXPECT_EQ(get("/logs/a%26b.log").body, "hello\n");
  for (const char* path : {"/logs/nosuch", "/logs/../etc/passwd", "/logs/%2e%2e/etc/passwd", "/logs/out"}) {
    EXPECT_EQ(get(path).status, 404) << path;
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace xebec::kubelet::testing
