// The kubelet over a runtime in memory and a fake API, in virtual time.

#include "api/gen/coordinationv1.h"
#include "kubelet/cri/grpc_status.h"
#include "kubelet/kubelet_fixture.h"

namespace xebec::kubelet {
namespace {

TEST_F(KubeletTest, RegistersAReadyNodeAndRenewsItsLease) {
  start();
  sim.run_for(2s);
  corev1::Node node = sim.api->get<corev1::Node>("", "node-1").value();
  EXPECT_EQ(node.metadata.labels.at("kubernetes.io/hostname"), "node-1");
  EXPECT_EQ(node.status.capacity.at("cpu").str(), "4");
  EXPECT_EQ(node.status.capacity.at("pods").str(), "110");
  std::string ready;
  for (const corev1::NodeCondition& c : node.status.conditions) {
    if (c.type == "Ready") ready = c.status + " " + c.reason + " " + c.message;
  }
  EXPECT_EQ(ready, "True KubeletReady kubelet is posting ready status");
  auto first = sim.api->get<coordinationv1::Lease>("kube-node-lease", "node-1").value();
  EXPECT_EQ(first.spec.leaseDurationSeconds, 40);
  sim.run_for(15s);
  auto second = sim.api->get<coordinationv1::Lease>("kube-node-lease", "node-1").value();
  EXPECT_GT(second.spec.renewTime->unix_micros(), first.spec.renewTime->unix_micros());
}

TEST_F(KubeletTest, APodRuns) {
  start();
  sim.api->put(make("web"));
  sim.run_for(3s);
  corev1::Pod pod = get("web");
  EXPECT_EQ(pod.status.phase, "Running");
  ASSERT_EQ(pod.status.containerStatuses.size(), 1U);
  const corev1::ContainerStatus& status = pod.status.containerStatuses[0];
  EXPECT_TRUE(status.state.running);
  EXPECT_TRUE(status.ready);
  EXPECT_EQ(status.started, true);
  EXPECT_EQ(status.restartCount, 0);
  EXPECT_TRUE(status.containerID.starts_with("containerd://"));
  EXPECT_EQ(condition(pod, "Ready"), "True");
  EXPECT_EQ(condition(pod, "PodReadyToStartContainers"), "True");
  EXPECT_EQ(pod.status.podIP, pod.status.podIPs.at(0).ip);
  EXPECT_EQ(pod.status.hostIP, "192.168.0.1");
  EXPECT_EQ(pod.status.qosClass, "BestEffort");
  EXPECT_TRUE(has_event("web", "Pulling: Pulling image \"web\""));
  EXPECT_TRUE(has_event("web", "Started: Container started"));
}

TEST_F(KubeletTest, NothingIsWrittenWhenNothingChanges) {
  start();
  sim.api->put(make("web"));
  sim.run_for(5s);
  std::string version = get("web").metadata.resourceVersion;
  sim.run_for(5min);
  EXPECT_EQ(get("web").metadata.resourceVersion, version);
}

TEST_F(KubeletTest, ACrashingContainerBacksOff) {
  start();
  sim.api->put(make("bad", "crash"));
  sim.run_for(8s);
  corev1::Pod pod = get("bad");
  const corev1::ContainerStatus& status = pod.status.containerStatuses[0];
  EXPECT_EQ(pod.status.phase, "Running");
  ASSERT_TRUE(status.state.waiting);
  EXPECT_EQ(status.state.waiting->reason, "CrashLoopBackOff");
  EXPECT_EQ(status.state.waiting->message,
            "back-off 10s restarting failed container=main pod=bad_default(uid-bad)");
  ASSERT_TRUE(status.lastState.terminated);
  EXPECT_EQ(status.lastState.terminated->exitCode, 1);
  EXPECT_EQ(count("start_container main"), 2U);
  sim.run_for(10s);
  EXPECT_EQ(count("start_container main"), 3U);
  sim.run_for(12s);
  EXPECT_EQ(count("start_container main"), 3U);
  sim.run_for(8s);
  EXPECT_EQ(count("start_container main"), 4U);
  EXPECT_TRUE(
      has_event("bad", "BackOff: Back-off restarting failed container main in pod bad_default(uid-bad)"));
}

TEST_F(KubeletTest, APodThatIsDoneSucceeds) {
  start();
  corev1::Pod pod = make("job", "once");
  pod.spec.restartPolicy = "OnFailure";
  sim.api->put(pod);
  sim.run_for(5s);
  pod = get("job");
  EXPECT_EQ(pod.status.phase, "Succeeded");
  EXPECT_EQ(pod.status.containerStatuses[0].state.terminated->reason, "Completed");
  EXPECT_EQ(condition(pod, "Ready"), "False");
}

TEST_F(KubeletTest, NeverRestartedFailureFailsThePod) {
  start();
  corev1::Pod pod = make("job", "crash");
  pod.spec.restartPolicy = "Never";
  sim.api->put(pod);
  sim.run_for(5s);
  EXPECT_EQ(get("job").status.phase, "Failed");
  EXPECT_EQ(count("start_container main"), 1U);
}

TEST_F(KubeletTest, InitContainersRunInOrderBeforeTheMainOnes) {
  start();
  corev1::Pod pod = make("web");
  for (const char* name : {"first", "second"}) {
    corev1::Container& container = pod.spec.initContainers.emplace_back();
    container.name = name;
    container.image = "once";
  }
  corev1::Container& sidecar = pod.spec.initContainers.emplace_back();
  sidecar.name = "sidecar";
  sidecar.image = "proxy";
  sidecar.restartPolicy = "Always";
  sim.api->put(pod);
  sim.run_for(1500ms);
  EXPECT_EQ(get("web").status.phase, "Pending");
  EXPECT_EQ(get("web").status.containerStatuses[0].state.waiting->reason, "PodInitializing");
  sim.run_for(4s);
  std::vector<std::string> starts;
  for (const std::string& call : runtime->calls()) {
    if (call.starts_with("start_container")) starts.push_back(call.substr(16));
  }
  EXPECT_EQ(starts, (std::vector<std::string>{"first", "second", "sidecar", "main"}));
  EXPECT_EQ(get("web").status.phase, "Running");
  EXPECT_EQ(condition(get("web"), "Initialized"), "True");
}

TEST_F(KubeletTest, DeletionStopsThenRemovesThenDeletesTheObject) {
  start();
  sim.api->put(make("web"));
  sim.run_for(3s);
  mark_deleted("web", 30);
  sim.run_for(5s);
  EXPECT_FALSE(exists("web"));
  const auto& calls = runtime->calls();
  auto at = [&](std::string_view call) {
    return std::find(calls.begin(), calls.end(), call) - calls.begin();
  };
  EXPECT_LT(at("stop_container main"), at("stop_pod_sandbox web"));
  EXPECT_LT(at("stop_pod_sandbox web"), at("remove_pod_sandbox web"));
  EXPECT_LT(at("remove_pod_sandbox web"), static_cast<long>(calls.size()));
  EXPECT_TRUE(has_event("web", "Killing: Stopping container main"));
  EXPECT_TRUE(kubelet->pods().empty());
}

TEST_F(KubeletTest, ForcedRemovalStillTearsDown) {
  start();
  sim.api->put(make("web"));
  sim.run_for(3s);
  sim.api->remove<corev1::Pod>("default", "web");
  sim.run_for(40s);
  EXPECT_EQ(count("remove_pod_sandbox web"), 1U);
}

TEST_F(KubeletTest, ARestartedKubeletAdoptsContainers) {
  start();
  sim.api->put(make("web"));
  sim.run_for(3s);
  std::string id = get("web").status.containerStatuses[0].containerID;
  stop();
  start();
  sim.run_for(5s);
  EXPECT_EQ(get("web").status.containerStatuses[0].containerID, id);
  EXPECT_EQ(get("web").status.phase, "Running");
  EXPECT_EQ(count("run_pod_sandbox web"), 1U);
  EXPECT_EQ(count("create_container main"), 1U);
}

TEST_F(KubeletTest, OrphansOfAnEarlierRunAreRemoved) {
  start();
  sim.api->put(make("web"));
  sim.run_for(3s);
  stop();
  sim.api->remove<corev1::Pod>("default", "web");
  start();
  sim.run_for(10s);
  EXPECT_EQ(count("remove_pod_sandbox web"), 1U);
}

TEST_F(KubeletTest, ASubPathOfVariablesStaysInTheVolume) {
  start();
  int number = 0;
  auto message = [&](const std::string& value) {
    corev1::Pod pod = make("web" + std::to_string(++number));
    corev1::Container& container = pod.spec.containers[0];
    corev1::Volume& volume = pod.spec.volumes.emplace_back();
    volume.name = "scratch";
    volume.emptyDir.emplace();
    corev1::EnvVar& variable = container.env.emplace_back();
    variable.name = "WHERE";
    variable.value = value;
    corev1::VolumeMount& mount = container.volumeMounts.emplace_back();
    mount.name = "scratch";
    mount.mountPath = "/data";
    mount.subPathExpr = "$(WHERE)";
    sim.api->put(pod);
    sim.run_for(3s);
    const auto waiting = get(pod.metadata.name).status.containerStatuses[0].state.waiting;
    return waiting ? waiting->reason + ": " + waiting->message : std::string();
  };
  EXPECT_EQ(message("/etc"), "CreateContainerConfigError: error SubPath `/etc` must not be an absolute path");
  EXPECT_EQ(message("a/../../b"),
            "CreateContainerConfigError: unable to provision SubPath `a/../../b`: must not contain '..'");
  EXPECT_EQ(message("a..b"), "");
}

TEST_F(KubeletTest, AMissingSecretIsWaitedFor) {
  start();
  corev1::Pod pod = make("web");
  corev1::EnvVar& variable = pod.spec.containers[0].env.emplace_back();
  variable.name = "PASSWORD";
  auto& ref = variable.valueFrom.emplace().secretKeyRef.emplace();
  ref.name = "db";
  ref.key = "password";
  sim.api->put(pod);
  sim.run_for(3s);
  const auto waiting = get("web").status.containerStatuses[0].state.waiting;
  ASSERT_TRUE(waiting);
  EXPECT_EQ(waiting->reason, "CreateContainerConfigError");
  EXPECT_EQ(waiting->message, "secret \"db\" not found");
  corev1::Secret secret;
  secret.metadata.name = "db";
  secret.metadata.namespace_ = "default";
  secret.data["password"] = api::Bytes("x");
  sim.api->put(secret);
  sim.run_for(5s);
  EXPECT_EQ(get("web").status.phase, "Running");
}

TEST_F(KubeletTest, AnImageThatCannotBePulledBacksOff) {
  start();
  Status missing = Status(404, "", "");
  missing.message = "rpc error: code = NotFound desc = no such image";
  runtime->inject("pull_image", missing, 2);
  sim.api->put(make("web"));
  // ErrImagePull is short-lived: the pod is looked at again when its own status has changed.
  sim.run_for(5s);
  EXPECT_EQ(get("web").status.containerStatuses[0].state.waiting->reason, "ImagePullBackOff");
  EXPECT_EQ(get("web").status.containerStatuses[0].state.waiting->message,
            "Back-off pulling image \"web\": ErrImagePull: rpc error: code = NotFound desc = no such image");
  EXPECT_TRUE(has_event("web", "Failed: Error: ErrImagePull"));
  EXPECT_TRUE(has_event("web", "BackOff: Back-off pulling image \"web\""));
  sim.run_for(40s);
  EXPECT_EQ(get("web").status.phase, "Running");
}

TEST_F(KubeletTest, AContainerThatCannotBeMadeOrStartedSaysWhyInTheRuntimesWords) {
  start();
  runtime->inject("create_container", cri::rpc_error(2, "no room"), 1);
  runtime->inject("start_container", cri::rpc_error(2, "exec: \"no\": not found"), 1);
  sim.api->put(make("web"));
  sim.run_for(60s);
  EXPECT_TRUE(has_event("web", "Failed: Error: no room"));
  EXPECT_TRUE(has_event("web", "Failed: Error: exec: \"no\": not found"));
  EXPECT_EQ(get("web").status.phase, "Running");
}

TEST_F(KubeletTest, ANeverPulledImageThatIsMissingIsReported) {
  start();
  corev1::Pod pod = make("web");
  pod.spec.containers[0].imagePullPolicy = "Never";
  sim.api->put(pod);
  sim.run_for(1s);
  EXPECT_EQ(get("web").status.containerStatuses[0].state.waiting->reason, "ErrImageNeverPull");
}

TEST_F(KubeletTest, AFailedLivenessProbeRestartsTheContainer) {
  bool healthy = true;
  runtime->set_exec_handler(
      [&](const cri::ContainerStatus&, const std::vector<std::string>&) -> Result<cri::ExecSyncResult> {
        cri::ExecSyncResult result;
        result.exit_code = healthy ? 0 : 1;
        result.out = healthy ? "" : "sick";
        return result;
      });
  start();
  corev1::Pod pod = make("web");
  corev1::Probe& probe = pod.spec.containers[0].livenessProbe.emplace();
  probe.exec.emplace().command = {"check"};
  probe.periodSeconds = 1;
  probe.failureThreshold = 3;
  probe.successThreshold = 1;
  probe.timeoutSeconds = 1;
  sim.api->put(pod);
  sim.run_for(10s);
  EXPECT_EQ(get("web").status.containerStatuses[0].restartCount, 0);
  healthy = false;
  sim.run_for(4s);
  healthy = true;
  sim.run_for(10s);
  EXPECT_EQ(get("web").status.containerStatuses[0].restartCount, 1);
  EXPECT_TRUE(has_event("web", "Unhealthy: Liveness probe failed: sick"));
  EXPECT_TRUE(has_event("web", "Killing: Container main failed liveness probe, will be restarted"));
}

TEST_F(KubeletTest, AContainerIsReadyWhenItsProbeSaysSo) {
  bool healthy = false;
  runtime->set_exec_handler(
      [&](const cri::ContainerStatus&, const std::vector<std::string>&) -> Result<cri::ExecSyncResult> {
        cri::ExecSyncResult result;
        result.exit_code = healthy ? 0 : 1;
        return result;
      });
  start();
  corev1::Pod pod = make("web");
  corev1::Probe& probe = pod.spec.containers[0].readinessProbe.emplace();
  probe.exec.emplace().command = {"check"};
  probe.periodSeconds = 1;
  probe.failureThreshold = 1;
  probe.successThreshold = 1;
  sim.api->put(pod);
  sim.run_for(5s);
  EXPECT_EQ(condition(get("web"), "Ready"), "False");
  EXPECT_EQ(get("web").status.phase, "Running");
  healthy = true;
  sim.run_for(3s);
  EXPECT_EQ(condition(get("web"), "Ready"), "True");
}

TEST_F(KubeletTest, ANewImageRestartsTheContainerInPlace) {
  start();
  sim.api->put(make("web"));
  sim.run_for(3s);
  corev1::Pod pod = get("web");
  pod.spec.containers[0].image = "web:2";
  sim.api->put(pod);
  sim.run_for(40s);
  pod = get("web");
  EXPECT_EQ(pod.status.containerStatuses[0].restartCount, 1);
  EXPECT_EQ(pod.status.containerStatuses[0].image, "web:2");
  EXPECT_EQ(count("run_pod_sandbox web"), 1U);
}

TEST_F(KubeletTest, ADeadSandboxIsMadeAnew) {
  start();
  sim.api->put(make("web"));
  sim.run_for(3s);
  std::string sandbox = kubelet->sandbox_id("uid-web");
  runtime->kill_sandbox(sandbox);
  sim.run_for(5s);
  EXPECT_NE(kubelet->sandbox_id("uid-web"), sandbox);
  EXPECT_EQ(get("web").status.phase, "Running");
  EXPECT_TRUE(has_event("web", "SandboxChanged: Pod sandbox changed, it will be killed and re-created."));
}

TEST_F(KubeletTest, AnExceededDeadlineFailsThePod) {
  start();
  corev1::Pod pod = make("web");
  pod.spec.activeDeadlineSeconds = 10;
  sim.api->put(pod);
  sim.run_for(50s);
  EXPECT_EQ(get("web").status.phase, "Failed");
  EXPECT_EQ(get("web").status.reason, "DeadlineExceeded");
}

}  // namespace
}  // namespace xebec::kubelet
