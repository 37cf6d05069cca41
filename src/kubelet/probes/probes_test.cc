// Probes and what they do to a pod.
#include "kubelet/kubelet_fixture.h"

namespace xebec::kubelet {
namespace {

// Answers as the test says, and remembers what it was asked.
class ScriptedNet final : public NetProber {
 public:
  Task<ProbeAnswer> http_get(HttpProbe probe) override {
    asked.push_back(probe.scheme + "://" + probe.host + ":" + std::to_string(probe.port) + probe.path);
    co_return answer;
  }
  Task<ProbeAnswer> tcp(std::string host, int32_t port, Duration) override {
    asked.push_back("tcp " + host + ":" + std::to_string(port));
    co_return answer;
  }
  Task<ProbeAnswer> grpc(std::string host, int32_t port, std::string service, Duration) override {
    asked.push_back("grpc " + host + ":" + std::to_string(port) + "/" + service);
    co_return answer;
  }

  ProbeAnswer answer;
  std::vector<std::string> asked;
};

class ProbesTest : public KubeletTest {
 protected:
  ProbesTest() {
    auto scripted = std::make_unique<ScriptedNet>();
    script = scripted.get();
    net = std::move(scripted);
  }
  static corev1::Probe& every_second(corev1::Probe& probe) {
    probe.periodSeconds = 1;
    probe.timeoutSeconds = 1;
    probe.failureThreshold = 2;
    probe.successThreshold = 1;
    return probe;
  }
  void say(ProbeOutcome outcome, std::string message) {
    script->answer.outcome = outcome;
    script->answer.message = std::move(message);
  }

  ScriptedNet* script = nullptr;
};

TEST_F(ProbesTest, HandlersAskThePodByNameOrNumberOfThePort) {
  start();
  corev1::Pod pod = make("web");
  corev1::Container& container = pod.spec.containers[0];
  corev1::ContainerPort& port = container.ports.emplace_back();
  port.name = "health";
  port.containerPort = 8081;
  auto& get = every_second(container.readinessProbe.emplace()).httpGet.emplace();
  get.port = api::IntOrString("health");
  get.path = "/ok";
  get.scheme = "HTTPS";
  every_second(container.livenessProbe.emplace()).tcpSocket.emplace().port = api::IntOrString(22);
  auto& grpc = every_second(container.startupProbe.emplace()).grpc.emplace();
  grpc.port = 9000;
  grpc.service = "shop";
  sim.api->put(pod);
  sim.run_for(4s);
  EXPECT_EQ(script->asked.at(0), "grpc 10.244.0.2:9000/shop")
      << "nothing else before the start-up probe has passed";
  EXPECT_EQ(std::count(script->asked.begin(), script->asked.end(), script->asked[0]), 1);
  EXPECT_NE(std::find(script->asked.begin(), script->asked.end(), "https://10.244.0.2:8081/ok"),
            script->asked.end());
  EXPECT_NE(std::find(script->asked.begin(), script->asked.end(), "tcp 10.244.0.2:22"), script->asked.end());
}

TEST_F(ProbesTest, UntilStartedAContainerIsNeitherReadyNorKilledByItsLiveness) {
  say(ProbeOutcome::kFailure, "HTTP probe failed with statuscode: 503");
  start();
  corev1::Pod pod = make("web");
  auto& startup = every_second(pod.spec.containers[0].startupProbe.emplace());
  startup.httpGet.emplace().port = api::IntOrString(80);
  startup.failureThreshold = 8;
  every_second(pod.spec.containers[0].livenessProbe.emplace()).tcpSocket.emplace().port =
      api::IntOrString(80);
  sim.api->put(pod);
  sim.run_for(5s);
  EXPECT_EQ(status_of("web").started, false);
  EXPECT_FALSE(status_of("web").ready);
  EXPECT_TRUE(has_event("web", "Unhealthy: Startup probe failed: HTTP probe failed with statuscode: 503"));
  sim.run_for(6s);
  EXPECT_TRUE(has_event("web", "Killing: Container main failed startup probe, will be restarted"));
  say(ProbeOutcome::kSuccess, "");
  sim.run_for(30s);
  EXPECT_EQ(status_of("web").started, true);
  EXPECT_TRUE(status_of("web").ready);
  EXPECT_GE(status_of("web").restartCount, 1);
}

TEST_F(ProbesTest, AnInitialDelayIsKept) {
  start();
  corev1::Pod pod = make("web");
  auto& probe = every_second(pod.spec.containers[0].readinessProbe.emplace());
  probe.tcpSocket.emplace().port = api::IntOrString(80);
  probe.initialDelaySeconds = 10;
  sim.api->put(pod);
  sim.run_for(9s);
  EXPECT_TRUE(script->asked.empty());
  EXPECT_EQ(condition(get("web"), "Ready"), "False");
  sim.run_for(4s);
  EXPECT_EQ(condition(get("web"), "Ready"), "True");
}

TEST_F(ProbesTest, WarningsAreSuccessesThatAreToldOf) {
  say(ProbeOutcome::kWarning, "Probe terminated redirects, Response body: elsewhere");
  start();
  corev1::Pod pod = make("web");
  every_second(pod.spec.containers[0].readinessProbe.emplace()).httpGet.emplace().port = api::IntOrString(80);
  sim.api->put(pod);
  sim.run_for(5s);
  EXPECT_EQ(condition(get("web"), "Ready"), "True");
  EXPECT_TRUE(has_event(
      "web", "ProbeWarning: Readiness probe warning: Probe terminated redirects, Response body: elsewhere"));
}

TEST_F(ProbesTest, ErrorsChangeNothing) {
  start();
  corev1::Pod pod = make("web");
  every_second(pod.spec.containers[0].livenessProbe.emplace()).httpGet.emplace().port = api::IntOrString(80);
  sim.api->put(pod);
  sim.run_for(3s);
  say(ProbeOutcome::kError, "no route to the runtime");
  sim.run_for(10s);
  EXPECT_EQ(status_of("web").restartCount, 0);
  EXPECT_TRUE(has_event(
      "web", "Unhealthy: Liveness probe errored and resulted in unknown state: no route to the runtime"));
}

TEST_F(ProbesTest, APortThatNobodyNamedIsAnError) {
  start();
  corev1::Pod pod = make("web");
  corev1::Container& container = pod.spec.containers[0];
  every_second(container.readinessProbe.emplace()).httpGet.emplace().port = api::IntOrString("nope");
  every_second(container.livenessProbe.emplace()).tcpSocket.emplace().port = api::IntOrString("70000");
  sim.api->put(pod);
  sim.run_for(5s);
  EXPECT_TRUE(script->asked.empty());
  EXPECT_EQ(status_of("web").restartCount, 0);
  EXPECT_TRUE(has_event("web",
                        "Unhealthy: Readiness probe errored and resulted in unknown state: strconv.Atoi: "
                        "parsing \"nope\": invalid syntax"));
  EXPECT_TRUE(has_event(
      "web", "Unhealthy: Liveness probe errored and resulted in unknown state: invalid port number: 70000"));
}

TEST_F(ProbesTest, ASidecarsProbeSpeaksOfIt) {
  say(ProbeOutcome::kFailure, "down");
  start();
  corev1::Pod pod = make("web");
  corev1::Container& sidecar = pod.spec.initContainers.emplace_back();
  sidecar.name = "proxy";
  sidecar.image = "proxy";
  sidecar.restartPolicy = "Always";
  every_second(sidecar.readinessProbe.emplace()).tcpSocket.emplace().port = api::IntOrString(80);
  sim.api->put(pod);
  sim.run_for(6s);
  bool found = false;
  for (const corev1::Event& event : sim.api->list<corev1::Event>("default")) {
    if (event.reason == "Unhealthy") found |= event.involvedObject.fieldPath == "spec.initContainers{proxy}";
  }
  EXPECT_TRUE(found);
  EXPECT_EQ(whole_condition(get("web"), "Ready"),
            "False ContainersNotReady: containers with unready status: [proxy]");
}

TEST_F(ProbesTest, ReadinessGoesOnWhileAPodEnds) {
  start();
  corev1::Pod pod = make("deaf", "deaf");
  every_second(pod.spec.containers[0].readinessProbe.emplace()).tcpSocket.emplace().port =
      api::IntOrString(80);
  sim.api->put(pod);
  sim.run_for(5s);
  EXPECT_EQ(condition(get("deaf"), "Ready"), "True");
  delete_gracefully("deaf", 30);
  say(ProbeOutcome::kFailure, "down");
  sim.run_for(6s);
  EXPECT_EQ(condition(get("deaf"), "Ready"), "False");
  EXPECT_EQ(status_of("deaf").restartCount, 0);
}

TEST_F(ProbesTest, ResultsAreCounted) {
  start();
  corev1::Pod pod = make("web");
  every_second(pod.spec.containers[0].readinessProbe.emplace()).tcpSocket.emplace().port =
      api::IntOrString(80);
  sim.api->put(pod);
  sim.run_for(5s);
  EXPECT_NE(kubelet->probe_metrics().find(
                "prober_probe_total{probe_type=\"Readiness\",result=\"successful\","
                "container=\"main\",pod=\"web\",namespace=\"default\",pod_uid=\"uid-web\"}"),
            std::string::npos)
      << kubelet->probe_metrics();
}

}  // namespace
}  // namespace xebec::kubelet
