// How containers begin and end: hooks, grace, sidecars, messages, restarts.
#include "kubelet/kubelet_fixture.h"

namespace xebec::kubelet {
namespace {

using LifecycleTest = KubeletTest;

// Answers exec by the first word of the command.
void answer_exec(cri::FakeRuntime& runtime, std::map<std::string, int> codes,
                 std::vector<std::string>& said) {
  runtime.set_exec_handler([codes = std::move(codes), &said](
                               const cri::ContainerStatus&,
                               const std::vector<std::string>& command) -> Result<cri::ExecSyncResult> {
    said.push_back(command[0]);
    cri::ExecSyncResult result;
    auto it = codes.find(command[0]);
    result.exit_code = it == codes.end() ? 0 : it->second;
    return result;
  });
}

TEST_F(LifecycleTest, TheStatusSaysWhereAndSinceWhen) {
  start();
  corev1::Pod pod = make("web");
  pod.spec.containers[0].resources.requests["cpu"] = api::Quantity::must_parse("100m");
  sim.api->put(pod);
  sim.run_for(3s);
  const corev1::PodStatus& status = get("web").status;
  EXPECT_EQ(status.qosClass, "Burstable");
  ASSERT_TRUE(status.startTime);
  EXPECT_EQ(status.startTime->str(), "2025-11-30T00:00:00Z");
  ASSERT_EQ(status.hostIPs.size(), 1U);
  EXPECT_EQ(status.hostIPs[0].ip, "192.168.0.1");
  EXPECT_EQ(status.podIP, "10.244.0.2");
  ASSERT_EQ(status.podIPs.size(), 1U);
  EXPECT_EQ(status.containerStatuses[0].imageID.substr(0, 4), "dock");
  EXPECT_EQ(status.containerStatuses[0].allocatedResources.at("cpu").str(), "100m");
}

TEST_F(LifecycleTest, ConditionsTellHowFarAPodIs) {
  start();
  corev1::Pod pod = make("web");
  corev1::Container& init = pod.spec.initContainers.emplace_back();
  init.name = "setup";
  init.image = "forever";
  pod.spec.readinessGates.emplace_back().conditionType = "example.com/gate";
  sim.api->put(pod);
  sim.run_for(2s);
  pod = get("web");
  EXPECT_EQ(whole_condition(pod, "PodReadyToStartContainers"), "True : ");
  EXPECT_EQ(whole_condition(pod, "Initialized"),
            "False ContainersNotInitialized: containers with incomplete status: [setup]");
  EXPECT_EQ(whole_condition(pod, "ContainersReady"),
            "False ContainersNotReady: containers with unready status: [main]");
  runtime->kill(pod.status.initContainerStatuses[0].containerID.substr(13), 0, "Completed");
  sim.run_for(4s);
  pod = get("web");
  EXPECT_EQ(whole_condition(pod, "Initialized"), "True : ");
  EXPECT_EQ(whole_condition(pod, "ContainersReady"), "True : ");
  EXPECT_EQ(
      whole_condition(pod, "Ready"),
      "False ReadinessGatesNotReady: corresponding condition of pod readiness gate \"example.com/gate\" does "
      "not exist.");
}

TEST_F(LifecycleTest, APostStartHookThatFailsEndsTheContainer) {
  std::vector<std::string> said;
  answer_exec(*runtime, {{"begin", 1}}, said);
  start();
  corev1::Pod pod = make("web");
  pod.spec.containers[0].lifecycle.emplace().postStart.emplace().exec.emplace().command = {"begin"};
  sim.api->put(pod);
  sim.run_for(1s);
  EXPECT_TRUE(has_event("web", "FailedPostStartHook: PostStartHook failed"));
  EXPECT_TRUE(has_event("web", "Killing: FailedPostStartHook"));
  EXPECT_EQ(said.at(0), "begin");
  EXPECT_FALSE(status_of("web").state.running);
  EXPECT_FALSE(status_of("web").ready);
}

TEST_F(LifecycleTest, APreStopHookRunsBeforeTheSignal) {
  std::vector<std::string> said;
  answer_exec(*runtime, {}, said);
  start();
  corev1::Pod pod = make("web");
  pod.spec.containers[0].lifecycle.emplace().preStop.emplace().exec.emplace().command = {"drain"};
  sim.api->put(pod);
  sim.run_for(3s);
  delete_gracefully("web", 30);
  sim.run_for(5s);
  const auto& all = runtime->calls();
  auto at = [&](std::string_view call) { return std::find(all.begin(), all.end(), call) - all.begin(); };
  EXPECT_LT(at("exec_sync main"), at("stop_container main"));
  EXPECT_TRUE(gone("web"));
}

TEST_F(LifecycleTest, APreStopSleepDelaysTheEndAndAFailedHookDoesNot) {
  std::vector<std::string> said;
  answer_exec(*runtime, {{"drain", 2}}, said);
  start();
  corev1::Pod sleeper = make("sleeper");
  sleeper.spec.containers[0].lifecycle.emplace().preStop.emplace().sleep.emplace().seconds = 10;
  corev1::Pod failing = make("failing");
  failing.spec.containers[0].lifecycle.emplace().preStop.emplace().exec.emplace().command = {"drain"};
  sim.api->put(sleeper);
  sim.api->put(failing);
  sim.run_for(3s);
  delete_gracefully("sleeper", 30);
  delete_gracefully("failing", 30);
  sim.run_for(5s);
  EXPECT_FALSE(gone("sleeper"));
  EXPECT_TRUE(gone("failing"));
  EXPECT_TRUE(has_event("failing", "FailedPreStopHook: PreStopHook failed"));
  sim.run_for(10s);
  EXPECT_TRUE(gone("sleeper"));
}

TEST_F(LifecycleTest, WhoDoesNotHearIsKilledWhenTheGraceIsOver) {
  start();
  sim.api->put(make("deaf", "deaf"));
  sim.run_for(3s);
  delete_gracefully("deaf", 8);
  sim.run_for(6s);
  EXPECT_FALSE(gone("deaf"));
  EXPECT_TRUE(status_of("deaf").state.running);
  sim.run_for(5s);
  EXPECT_TRUE(gone("deaf"));
}

TEST_F(LifecycleTest, AShorterGraceIsTakenUpOnTheWay) {
  start();
  sim.api->put(make("deaf", "deaf"));
  sim.run_for(3s);
  delete_gracefully("deaf", 300);
  sim.run_for(5s);
  delete_gracefully("deaf", 2);
  sim.run_for(6s);
  EXPECT_TRUE(gone("deaf"));
}

TEST_F(LifecycleTest, SidecarsEndAfterThoseTheyServeTheLastOneFirst) {
  start();
  corev1::Pod pod = make("web");
  for (const char* name : {"one", "two"}) {
    corev1::Container& sidecar = pod.spec.initContainers.emplace_back();
    sidecar.name = name;
    sidecar.image = "proxy";
    sidecar.restartPolicy = "Always";
  }
  sim.api->put(pod);
  sim.run_for(5s);
  EXPECT_EQ(calls("start_container"), (std::vector<std::string>{"one", "two", "main"}));
  delete_gracefully("web", 30);
  sim.run_for(10s);
  EXPECT_EQ(calls("stop_container"), (std::vector<std::string>{"main", "two", "one"}));
}

TEST_F(LifecycleTest, ASidecarComesBackAndAJobEndsDespiteIt) {
  start();
  corev1::Pod pod = make("job", "once");
  pod.spec.restartPolicy = "Never";
  corev1::Container& sidecar = pod.spec.initContainers.emplace_back();
  sidecar.name = "proxy";
  sidecar.image = "proxy";
  sidecar.restartPolicy = "Always";
  pod.spec.containers[0].image = "web";
  sim.api->put(pod);
  sim.run_for(3s);
  runtime->kill(get("job").status.initContainerStatuses[0].containerID.substr(13), 1);
  sim.run_for(3s);
  EXPECT_EQ(get("job").status.initContainerStatuses[0].restartCount, 1);
  runtime->kill(id_of("job"), 0, "Completed");
  sim.run_for(10s);
  EXPECT_EQ(get("job").status.phase, "Succeeded");
  EXPECT_TRUE(get("job").status.initContainerStatuses[0].state.terminated);
}

TEST_F(LifecycleTest, AnInitContainerThatFailsIsTriedAgainOrFailsThePod) {
  start();
  for (const char* policy : {"Never", "OnFailure"}) {
    corev1::Pod pod = make(std::string("p-") + (policy[0] == 'N' ? "never" : "again"));
    pod.spec.restartPolicy = policy;
    corev1::Container& init = pod.spec.initContainers.emplace_back();
    init.name = "setup";
    init.image = "crash";
    sim.api->put(pod);
  }
  sim.run_for(10s);
  EXPECT_EQ(get("p-never").status.phase, "Failed");
  EXPECT_EQ(get("p-again").status.phase, "Pending");
  EXPECT_EQ(get("p-again").status.initContainerStatuses[0].state.waiting->reason, "CrashLoopBackOff");
  EXPECT_FALSE(has_event("p-never", "BackOff"));
}

TEST_F(LifecycleTest, AKillForLackOfMemoryIsNamed) {
  start();
  sim.api->put(make("web"));
  sim.run_for(3s);
  runtime->kill(id_of("web"), 137, "OOMKilled");
  sim.run_for(3s);
  const auto last = status_of("web").lastState.terminated;
  ASSERT_TRUE(last);
  EXPECT_EQ(last->reason, "OOMKilled");
  EXPECT_EQ(last->exitCode, 137);
  EXPECT_EQ(status_of("web").restartCount, 1);
}

TEST_F(LifecycleTest, ATerminationMessageIsReadFromItsFileOrTheLog) {
  start();
  corev1::Pod pod = make("web");
  pod.spec.restartPolicy = "Never";
  pod.spec.containers[0].terminationMessagePolicy = "FallbackToLogsOnError";
  corev1::Container& other = pod.spec.containers.emplace_back(pod.spec.containers[0]);
  other.name = "other";
  sim.api->put(pod);
  sim.run_for(3s);
  files.contents["/nonexistent/kubelet/pods/uid-web/containers/main/termination-0"] = "from the file";
  files.contents["/nonexistent/logs/default_web_uid-web/other/0.log"] =
      "2026-01-01T00:00:00Z stdout F first\n2026-01-01T00:00:01Z stderr P sec\n2026-01-01T00:00:01Z stderr F "
      "ond\n";
  runtime->kill(id_of("web", 0), 1);
  runtime->kill(id_of("web", 1), 1);
  sim.run_for(3s);
  EXPECT_EQ(status_of("web", 0).state.terminated->message, "from the file");
  EXPECT_EQ(status_of("web", 1).state.terminated->message, "first\nsecond\n");
}

TEST_F(LifecycleTest, ARuleOfTheContainerMayRestartIt) {
  start();
  corev1::Pod pod = make("web", "web");
  pod.spec.restartPolicy = "Never";
  corev1::ContainerRestartRule& rule = pod.spec.containers[0].restartPolicyRules.emplace_back();
  rule.action = "Restart";
  rule.exitCodes.emplace().operator_ = "In";
  rule.exitCodes->values = {42};
  sim.api->put(pod);
  sim.run_for(3s);
  runtime->kill(id_of("web"), 42);
  sim.run_for(3s);
  EXPECT_EQ(status_of("web").restartCount, 1);
  EXPECT_EQ(get("web").status.phase, "Running");
  runtime->kill(id_of("web"), 1);
  sim.run_for(3s);
  EXPECT_EQ(get("web").status.phase, "Failed");
}

TEST_F(LifecycleTest, TheHostsFileNamesThePodAndItsAliases) {
  start();
  corev1::Pod pod = make("web");
  pod.spec.hostname = "front";
  pod.spec.subdomain = "shop";
  corev1::HostAlias& alias = pod.spec.hostAliases.emplace_back();
  alias.ip = "1.2.3.4";
  alias.hostnames = {"a.example", "b.example"};
  sim.api->put(pod);
  sim.run_for(3s);
  const std::string& hosts = files.contents["/nonexistent/kubelet/pods/uid-web/etc-hosts"];
  EXPECT_TRUE(hosts.starts_with("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n"));
  EXPECT_NE(hosts.find("\n10.244.0.2\tfront.shop.default.svc.cluster.local\tfront\n"), std::string::npos)
      << hosts;
  EXPECT_NE(hosts.find("\n# Entries added by HostAliases.\n1.2.3.4\ta.example\tb.example\n"),
            std::string::npos);
}

TEST_F(LifecycleTest, ARuntimeClassMustBeThere) {
  start();
  corev1::Pod pod = make("web");
  pod.spec.runtimeClassName = "sandboxed";
  sim.api->put(pod);
  sim.run_for(2s);
  EXPECT_TRUE(has_event("web",
                        "FailedCreatePodSandBox: Failed to create pod sandbox: failed to get RuntimeClass "
                        "\"sandboxed\": runtimeclass.node.k8s.io \"sandboxed\" not found"));
}

}  // namespace
}  // namespace xebec::kubelet
