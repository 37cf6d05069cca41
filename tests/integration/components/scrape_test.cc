// A real Prometheus scrapes every component, over TLS and with a token, and answers what people ask of it.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "api/gen/appsv1.h"
#include "api/gen/authenticationv1.h"
#include "api/gen/rbacv1.h"
#include "codec/json.h"
#include "codec/value.h"
#include "fixtures.h"

namespace xebec::integration {
namespace {

// Where tools/setup.sh puts them.
std::string program(const std::string& name) {
  const char* cache = getenv("XEBEC_CACHE");
  return std::string(cache != nullptr ? cache : "/var/cache/xebec") + "/prometheus/" + name;
}

// Names of upstream's that the linter would have others for: they are kept, as people's queries have them.
const std::vector<std::string> kUpstreamsNames = {"authenticated_user_requests", "authentication_attempts"};

class Scrape : public Nodes {
 protected:
  void SetUp() override {
    if (access(program("prometheus").c_str(), X_OK) != 0)
      GTEST_SKIP() << "needs prometheus: ./dev setup test";
    Nodes::SetUp();
  }
  void TearDown() override {
    if (pid_ > 0) {
      ::kill(pid_, SIGTERM);
      waitpid(pid_, nullptr, 0);
    }
    Nodes::TearDown();
  }

  // A service account that may see metrics; its token.
  std::string monitor() {
    corev1::ServiceAccount account;
    account.metadata.namespace_ = "default";
    account.metadata.name = "prometheus";
    processes_.create(account);
    rbacv1::ClusterRole role;
    role.metadata.name = "prometheus";
    rbacv1::PolicyRule& paths = role.rules.emplace_back();
    paths.verbs = {"get"};
    paths.nonResourceURLs = {"/metrics"};
    rbacv1::PolicyRule& nodes = role.rules.emplace_back();
    nodes.verbs = {"get"};
    nodes.apiGroups = {""};
    nodes.resources = {"nodes/metrics"};
    processes_.create(role);
    rbacv1::ClusterRoleBinding binding;
    binding.metadata.name = "prometheus";
    binding.roleRef.apiGroup = "rbac.authorization.k8s.io";
    binding.roleRef.kind = "ClusterRole";
    binding.roleRef.name = "prometheus";
    rbacv1::Subject& subject = binding.subjects.emplace_back();
    subject.kind = "ServiceAccount";
    subject.name = "prometheus";
    subject.namespace_ = "default";
    processes_.create(binding);
    auto token = block_on(
        processes_.rest().create_token(Context(), "default", "prometheus", authenticationv1::TokenRequest()));
    EXPECT_TRUE(token) << token.error().message;
    return token ? token->status.token : "";
  }

  void start_prometheus() {
    const std::string dir = processes_.dir() + "/prometheus";
    std::filesystem::create_directories(dir);
    std::ofstream(dir + "/token") << monitor();
    std::ofstream config(dir + "/config.yml");
    config << "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n";
    auto job = [&](const std::string& name, uint16_t port, bool known_ca) {
      const std::string tls = known_ca ? "ca_file: " + processes_.dir() + "/pki/ca.crt"
                                       : std::string("insecure_skip_verify: true");
      config << fmt::format(
          "- job_name: {}\n  scheme: https\n  tls_config: {{{}}}\n"
          "  authorization: {{credentials_file: {}/token}}\n"
          "  static_configs: [{{targets: ['127.0.0.1:{}']}}]\n",
          name, tls, dir, port);
    };
    job("apiserver", processes_.port(), true);
    job("controller-manager", manager_port_, false);  // they sign their certificates themselves
    job("scheduler", scheduler_port_, false);
    job("kubelet", port_, true);
    config.close();
    prometheus_port_ = free_port();
    std::vector<std::string> words = {program("prometheus"), "--config.file=" + dir + "/config.yml",
                                      "--storage.tsdb.path=" + dir + "/data",
                                      fmt::format("--web.listen-address=127.0.0.1:{}", prometheus_port_)};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, processes_.log().c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    EXPECT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
  }

  // The values of a query's series.
  std::vector<double> query(const std::string& text) {
    http::ClientOptions options;
    options.url = "http://127.0.0.1:" + std::to_string(prometheus_port_);
    http::IoPool pool(1);
    auto client = http::make_client(pool, std::move(options));
    http::Request request;
    request.method = "GET";
    request.path = "/api/v1/query";
    request.query = "query=" + http::percent_encode(text);
    Result<http::Response> response = block_on((*client)->send(Context(), std::move(request)));
    if (!response) return {};
    Result<codec::Value> answer = codec::parse_json(block_on(response->read_body()).value_or(""));
    const codec::Value* result = answer ? answer->at_path({"data", "result"}) : nullptr;
    std::vector<double> out;
    if (!result || !result->is_list()) return out;
    for (const codec::Value& series : *result->as_list()) {
      const codec::Value* pair = series.find("value");
      if (pair && pair->is_list() && pair->as_list()->size() == 2)
        out.push_back(std::atof(std::string((*pair->as_list())[1].string_or()).c_str()));
    }
    return out;
  }
  void expect_series(const std::string& text) {
    processes_.until(text, [&] {
      std::vector<double> values = query(text);
      return !values.empty() && values[0] > 0;
    });
  }

  // What `promtool check metrics` has to say about a page.
  std::string lint(const std::string& page) {
    const std::string file = processes_.dir() + "/page";
    std::ofstream(file) << page;
    FILE* pipe = popen((program("promtool") + " check metrics <" + file + " 2>&1").c_str(), "r");
    std::array<char, 4096> buffer;
    std::string out;
    while (size_t count = fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), count);
    pclose(pipe);
    std::istringstream lines(out);
    std::string left;
    for (std::string line; std::getline(lines, line);) {
      const std::string name = line.substr(0, line.find(' '));
      if (std::ranges::find(kUpstreamsNames, name) == kUpstreamsNames.end()) left += line + "\n";
    }
    return left;
  }
  void expect_clean(const std::string& what, std::string page) {
    const std::string good = "200 ";
    if (page.starts_with(good)) page.erase(0, good.size());
    EXPECT_THAT(page, testing::StartsWith("# HELP ")) << what;
    EXPECT_EQ(lint(page), "") << what;
  }

  pid_t pid_ = 0;
  uint16_t prometheus_port_ = 0;
};

TEST_F(Scrape, PrometheusReadsEveryComponent) {
  node_ = processes_.start(flags({"agent", "--server=" + processes_.url(), "--data-dir=" + processes_.dir(),
                                  std::string("--images-dir=") + kImages,
                                  "--client-ca-file=" + processes_.dir() + "/pki/ca.crt"}));
  processes_.until("the node's readiness", [&] { return node_ready(); });
  start_prometheus();
  appsv1::Deployment deployment;
  deployment.metadata.name = "web";
  deployment.metadata.namespace_ = "default";
  deployment.spec.replicas = 1;
  deployment.spec.selector.emplace().matchLabels["app"] = "web";
  deployment.spec.template_.metadata.labels["app"] = "web";
  deployment.spec.template_.spec.terminationGracePeriodSeconds = 1;
  corev1::Container& container = deployment.spec.template_.spec.containers.emplace_back();
  container.name = "main";
  container.image = "busybox";
  container.imagePullPolicy = "IfNotPresent";
  container.command = {"sleep", "1000"};
  processes_.create(deployment);
  processes_.until("a running Pod", [&] { return !running("web").empty(); });

  for (const char* job : {"apiserver", "controller-manager", "scheduler", "kubelet"}) {
    expect_series(fmt::format("up{{job=\"{}\"}} == 1", job));
    expect_series(fmt::format("kubernetes_build_info{{job=\"{}\",major=\"1\"}}", job));
    expect_series(fmt::format("process_cpu_seconds_total{{job=\"{}\"}}", job));
    expect_series(fmt::format("process_resident_memory_bytes{{job=\"{}\"}}", job));
  }
  for (const char* series :
       {"apiserver_request_total{verb=\"POST\",resource=\"pods\",code=\"201\"}",
        "sum by (verb) (apiserver_request_duration_seconds_count{verb=\"LIST\"})",
        "sum(apiserver_response_sizes_sum)", "sum(apiserver_longrunning_requests{verb=\"WATCH\"})",
        "sum(apiserver_watch_events_total)", "apiserver_storage_objects{resource=\"nodes\"} == 1",
        "apiserver_resource_objects{group=\"apps\",resource=\"deployments\"} == 1",
        "apiserver_watch_cache_events_received_total{resource=\"pods\"}",
        "apiserver_watch_cache_events_dispatched_total{resource=\"pods\"}",
        "apiserver_watch_cache_resource_version{resource=\"pods\"}",
        "etcd_request_duration_seconds_count{operation=\"create\",resource=\"pods\"}",
        "etcd_requests_total{operation=\"update\",resource=\"pods\"}",
        "authentication_attempts{result=\"success\"}", "authorization_attempts_total{result=\"allowed\"}",
        "sum(apiserver_admission_controller_admission_duration_seconds_count{name=\"NamespaceLifecycle\"})",
        "sum(apiserver_admission_step_admission_duration_seconds_count{type=\"validate\"})",
        "workqueue_adds_total{job=\"controller-manager\",name=\"deployment\"}",
        "leader_election_master_status{name=\"kube-controller-manager\"}",
        "leader_election_master_status{name=\"kube-scheduler\"}",
        "sum(rest_client_requests_total{job=\"scheduler\",code=\"201\"})",
        "sum(rest_client_requests_total{job=\"controller-manager\"})",
        "sum(rest_client_requests_total{job=\"kubelet\"})",
        "scheduler_schedule_attempts_total{result=\"scheduled\",profile=\"default-scheduler\"}",
        "scheduler_scheduling_attempt_duration_seconds_count{result=\"scheduled\"}",
        "sum(scheduler_queue_incoming_pods_total{event=\"UnschedulablePodAdd\",queue=\"active\"})",
        "count(scheduler_pending_pods) == 4", "kubelet_running_pods",
        // The rate of a minute in which something happened.
        "histogram_quantile(0.99, sum by (le) (rate(apiserver_request_duration_seconds_bucket[1m])))"}) {
    expect_series(series);
  }

  expect_clean("API server", processes_.read("/metrics"));
  for (uint16_t port : {manager_port_, scheduler_port_, port_})
    expect_clean(std::to_string(port),
                 processes_.read_component(port, "/metrics", "root", {"system:masters"}));

  EXPECT_TRUE(block_on(processes_.rest().delete_<appsv1::Deployment>(Context(), "default", "web")));
  processes_.until("the Pod's end", [&] { return processes_.pods("web").empty(); });
  EXPECT_EQ(node_->stop(), 0);
}

}  // namespace
}  // namespace xebec::integration
