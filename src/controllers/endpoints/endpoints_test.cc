// The Endpoints and EndpointSlice controllers over the same Pods.
#include "controllers/endpoints/endpoints_controller.h"
#include "controllers/endpoints/slice_controller.h"
#include "controllers/testing/harness.h"

namespace xebec::controllers {
namespace {

using std::chrono::seconds;

XEBEC_CONTROLLER_SUITE(EndpointsControllerTest);
XEBEC_CONTROLLER_SUITE(EndpointSliceControllerTest);

corev1::Service service_of(std::vector<std::string> families = {"IPv4"}) {
  corev1::Service service;
  service.metadata.name = "hue";
  service.metadata.namespace_ = "default";
  service.metadata.labels["team"] = "light";
  service.spec.selector["app"] = "hue";
  service.spec.clusterIP = "10.96.0.10";
  service.spec.ipFamilies = std::move(families);
  corev1::ServicePort& port = service.spec.ports.emplace_back();
  port.name = "http";
  port.protocol = "TCP";
  port.port = 80;
  port.targetPort = api::IntOrString("web");
  return service;
}

corev1::Pod pod_of(std::string name, std::string ip, bool ready = true, int32_t port = 8080) {
  corev1::Pod pod;
  pod.metadata.name = std::move(name);
  pod.metadata.namespace_ = "default";
  pod.metadata.labels["app"] = "hue";
  pod.spec.nodeName = "n";
  corev1::Container& container = pod.spec.containers.emplace_back();
  corev1::ContainerPort& named = container.ports.emplace_back();
  named.name = "web";
  named.protocol = "TCP";
  named.containerPort = port;
  pod.status.phase = "Running";
  pod.status.podIP = ip;
  pod.status.podIPs.emplace_back().ip = std::move(ip);
  corev1::PodCondition& condition = pod.status.conditions.emplace_back();
  condition.type = "Ready";
  condition.status = ready ? "True" : "False";
  return pod;
}

corev1::Pod terminating(corev1::Pod pod) {
  pod.metadata.deletionTimestamp = api::Time{1764460800};
  pod.metadata.finalizers = {"test/keep"};
  return pod;
}

corev1::Node node_of(std::string name, std::string zone) {
  corev1::Node node;
  node.metadata.name = std::move(name);
  node.metadata.labels["topology.kubernetes.io/zone"] = std::move(zone);
  return node;
}

std::vector<discoveryv1::EndpointSlice> slices(client::testing::Sim& sim) {
  return sim.api->list<discoveryv1::EndpointSlice>("default");
}

std::map<std::string, discoveryv1::Endpoint> endpoints(client::testing::Sim& sim) {
  std::map<std::string, discoveryv1::Endpoint> out;
  for (auto& slice : slices(sim)) {
    for (auto& endpoint : slice.endpoints) {
      EXPECT_FALSE(out.contains(endpoint.addresses[0])) << "in two slices";
      out[endpoint.addresses[0]] = endpoint;
    }
  }
  return out;
}

TEST_P(EndpointSliceControllerTest, AnEndpointTellsWhatBecomesOfItsPod) {
  testing::Harness<EndpointSliceController> h(GetParam());
  h.sim.api->put(node_of("n", "west"));
  corev1::Pod named = pod_of("ready", "10.0.0.1");
  named.spec.hostname = "first";
  named.spec.subdomain = "hue";
  h.sim.api->put(named);
  h.sim.api->put(pod_of("sick", "10.0.0.2", false));
  h.sim.api->put(terminating(pod_of("leaving", "10.0.0.3")));
  corev1::Pod finished = pod_of("finished", "10.0.0.4");
  finished.status.phase = "Succeeded";
  h.sim.api->put(finished);
  h.sim.api->put(service_of());
  h.sim.run_for(seconds(30));
  auto found = endpoints(h.sim);
  ASSERT_EQ(found.size(), 3u);
  const auto& ready = found["10.0.0.1"];
  EXPECT_EQ(ready.conditions.ready, true);
  EXPECT_EQ(ready.conditions.serving, true);
  EXPECT_EQ(ready.conditions.terminating, false);
  EXPECT_EQ(ready.hostname, "first");
  EXPECT_EQ(ready.nodeName, "n");
  EXPECT_EQ(ready.zone, "west");
  EXPECT_EQ(ready.targetRef->name, "ready");
  EXPECT_EQ(found["10.0.0.2"].conditions.ready, false);
  EXPECT_EQ(found["10.0.0.2"].conditions.serving, false);
  EXPECT_EQ(found["10.0.0.3"].conditions.ready, false);
  EXPECT_EQ(found["10.0.0.3"].conditions.serving, true);
  EXPECT_EQ(found["10.0.0.3"].conditions.terminating, true);
  discoveryv1::EndpointSlice slice = slices(h.sim)[0];
  EXPECT_EQ(slice.ports[0].port, 8080);
  EXPECT_EQ(slice.addressType, "IPv4");
  EXPECT_EQ(slice.metadata.labels.value_or("team", ""), "light");
  EXPECT_EQ(slice.metadata.labels.value_or("kubernetes.io/service-name", ""), "hue");
}

// Ready is what traffic needs; whether the Pod serves is another matter.
TEST_P(EndpointSliceControllerTest, PublishNotReadyMakesReadyButNotServing) {
  testing::Harness<EndpointSliceController> h(GetParam());
  corev1::Service service = service_of();
  service.spec.publishNotReadyAddresses = true;
  h.sim.api->put(service);
  h.sim.api->put(pod_of("sick", "10.0.0.2", false));  // its node is not known, and that does not matter here
  h.sim.run_for(seconds(30));
  auto found = endpoints(h.sim);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found["10.0.0.2"].conditions.ready, true);
  EXPECT_EQ(found["10.0.0.2"].conditions.serving, false);
}

TEST_P(EndpointSliceControllerTest, APodOfAnUnknownNodeIsLeftOutUntilTheNodeIsKnown) {
  testing::Harness<EndpointSliceController> h(GetParam());
  h.sim.api->put(service_of());
  h.sim.api->put(pod_of("a", "10.0.0.1"));
  h.sim.run_for(seconds(30));
  EXPECT_TRUE(endpoints(h.sim).empty());
  EXPECT_EQ(slices(h.sim).size(), 1u);  // the placeholder
  h.sim.api->put(node_of("n", "west"));
  h.sim.run_for(seconds(30));
  EXPECT_EQ(endpoints(h.sim).size(), 1u);
  EXPECT_EQ(slices(h.sim).size(), 1u);
}

TEST_P(EndpointSliceControllerTest, BothFamiliesHaveSlicesOfTheirOwn) {
  testing::Harness<EndpointSliceController> h(GetParam());
  h.sim.api->put(node_of("n", "west"));
  h.sim.api->put(service_of({"IPv4", "IPv6"}));
  corev1::Pod pod = pod_of("a", "10.0.0.1");
  pod.status.podIPs.emplace_back().ip = "fd00::1";
  h.sim.api->put(pod);
  h.sim.run_for(seconds(30));
  std::map<std::string, std::string> found;
  for (const auto& slice : slices(h.sim)) found[slice.addressType] = slice.endpoints.at(0).addresses.at(0);
  EXPECT_EQ(found, (std::map<std::string, std::string>{{"IPv4", "10.0.0.1"}, {"IPv6", "fd00::1"}}));
  h.sim.api->put(service_of({"IPv6"}));
  h.sim.run_for(seconds(30));
  ASSERT_EQ(slices(h.sim).size(), 1u);
  EXPECT_EQ(slices(h.sim)[0].addressType, "IPv6");
}

TEST_P(EndpointSliceControllerTest, HintsFollowTheTrafficDistribution) {
  testing::Harness<EndpointSliceController> h(GetParam());
  h.sim.api->put(node_of("n", "west"));
  h.sim.api->put(pod_of("a", "10.0.0.1"));
  h.sim.api->put(pod_of("sick", "10.0.0.2", false));
  corev1::Service service = service_of();
  service.spec.trafficDistribution = "PreferClose";
  h.sim.api->put(service);
  h.sim.run_for(seconds(30));
  auto found = endpoints(h.sim);
  ASSERT_TRUE(found["10.0.0.1"].hints);
  EXPECT_EQ(found["10.0.0.1"].hints->forZones.at(0).name, "west");
  EXPECT_TRUE(found["10.0.0.1"].hints->forNodes.empty());
  EXPECT_FALSE(found["10.0.0.2"].hints);
  service.spec.trafficDistribution = "PreferSameNode";
  h.sim.api->put(service);
  h.sim.run_for(seconds(30));
  found = endpoints(h.sim);
  EXPECT_EQ(found["10.0.0.1"].hints->forNodes.at(0).name, "n");
}

TEST_P(EndpointSliceControllerTest, AHeadlessServiceIsLabelledAndMayHaveNoPorts) {
  testing::Harness<EndpointSliceController> h(GetParam());
  h.sim.api->put(node_of("n", "west"));
  h.sim.api->put(pod_of("a", "10.0.0.1"));
  corev1::Service service = service_of();
  service.spec.clusterIP = "None";
  service.spec.ports.clear();
  h.sim.api->put(service);
  h.sim.run_for(seconds(30));
  ASSERT_EQ(slices(h.sim).size(), 1u);
  EXPECT_TRUE(slices(h.sim)[0].metadata.labels.contains("service.kubernetes.io/headless"));
  EXPECT_TRUE(slices(h.sim)[0].ports.empty());
  EXPECT_EQ(slices(h.sim)[0].endpoints.size(), 1u);
}

TEST_P(EndpointSliceControllerTest, ManyPodsThatComeAndGoAreInOneSliceEachAtMost) {
  ControllerOptions options;
  options.max_endpoints_per_slice = 10;
  testing::Harness<EndpointSliceController> h(GetParam(), options);
  h.sim.api->put(node_of("n", "west"));
  h.sim.api->put(service_of());
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 7; ++i) {
      int id = round * 7 + i;
      h.sim.api->put(pod_of("pod-" + std::to_string(id), "10.0.0." + std::to_string(id)));
      h.sim.run_for(std::chrono::milliseconds(130));
    }
    h.sim.api->remove<corev1::Pod>("default", "pod-" + std::to_string(round * 7));
  }
  h.sim.run_for(std::chrono::minutes(2));
  EXPECT_EQ(endpoints(h.sim).size(), 30u);
  for (const auto& slice : slices(h.sim)) EXPECT_LE(slice.endpoints.size(), 10u);
  EXPECT_LE(slices(h.sim).size(), 5u);
}

corev1::Endpoints stored(client::testing::Sim& sim) {
  return *sim.api->get<corev1::Endpoints>("default", "hue");
}

TEST_P(EndpointsControllerTest, ReadyAndNotReadyPodsByTheirPorts) {
  testing::Harness<EndpointsController> h(GetParam());
  h.sim.api->put(pod_of("b", "10.0.0.2"));
  h.sim.api->put(pod_of("a", "10.0.0.1"));
  h.sim.api->put(pod_of("sick", "10.0.0.3", false));
  h.sim.api->put(pod_of("other", "10.0.0.4", true, 9090));
  h.sim.api->put(terminating(pod_of("leaving", "10.0.0.5")));
  h.sim.api->put(service_of());
  h.sim.run_for(seconds(30));
  corev1::Endpoints found = stored(h.sim);
  ASSERT_EQ(found.subsets.size(), 2u);
  EXPECT_EQ(found.subsets[0].ports[0].port, 8080);
  ASSERT_EQ(found.subsets[0].addresses.size(), 2u);
  EXPECT_EQ(found.subsets[0].addresses[0].ip, "10.0.0.1");
  EXPECT_EQ(found.subsets[0].notReadyAddresses.at(0).ip, "10.0.0.3");
  EXPECT_EQ(found.subsets[1].ports[0].port, 9090);
  EXPECT_EQ(found.metadata.labels.value_or("endpoints.kubernetes.io/managed-by", ""), "endpoint-controller");
}

TEST_P(EndpointsControllerTest, TheFirstFamilyOfTheServiceCounts) {
  testing::Harness<EndpointsController> h(GetParam());
  corev1::Pod pod = pod_of("a", "10.0.0.1");
  pod.status.podIPs.emplace_back().ip = "fd00::1";
  h.sim.api->put(pod);
  h.sim.api->put(service_of({"IPv6", "IPv4"}));
  h.sim.run_for(seconds(30));
  EXPECT_EQ(stored(h.sim).subsets.at(0).addresses.at(0).ip, "fd00::1");
}

TEST_P(EndpointsControllerTest, TheyGoWithTheServiceWhoeverWroteThem) {
  testing::Harness<EndpointsController> h(GetParam());
  corev1::Service service = service_of();
  service.spec.selector.clear();
  h.sim.api->put(service);
  corev1::Endpoints own;
  own.metadata.name = "hue";
  own.metadata.namespace_ = "default";
  own.subsets.emplace_back().addresses.emplace_back().ip = "192.0.2.1";
  h.sim.api->put(own);
  own.metadata.name = "alone";
  h.sim.api->put(own);
  h.sim.run_for(seconds(30));
  EXPECT_EQ(stored(h.sim).subsets.at(0).addresses.at(0).ip, "192.0.2.1");
  h.sim.api->remove<corev1::Service>("default", "hue");
  h.sim.run_for(seconds(30));
  EXPECT_FALSE(h.sim.api->get<corev1::Endpoints>("default", "hue").has_value());
  EXPECT_TRUE(h.sim.api->get<corev1::Endpoints>("default", "alone").has_value());
}

TEST_P(EndpointsControllerTest, AThousandAddressesAreTheMost) {
  testing::Harness<EndpointsController> h(0);
  h.sim.api->put(service_of());
  for (int i = 0; i < 1010; ++i) {
    std::string ip = "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    h.sim.api->put(pod_of("pod-" + std::to_string(i), ip, i % 2 == 0));
  }
  h.sim.run_for(seconds(60));
  corev1::Endpoints found = stored(h.sim);
  EXPECT_EQ(found.subsets.at(0).addresses.size(), 505u);
  EXPECT_EQ(found.subsets.at(0).notReadyAddresses.size(), 495u);
  EXPECT_EQ(found.metadata.annotations.value_or("endpoints.kubernetes.io/over-capacity", ""), "truncated");
  h.sim.api->remove<corev1::Pod>("default", "pod-0");
  for (int i = 990; i < 1010; ++i) h.sim.api->remove<corev1::Pod>("default", "pod-" + std::to_string(i));
  h.sim.run_for(seconds(60));
  EXPECT_FALSE(stored(h.sim).metadata.annotations.contains("endpoints.kubernetes.io/over-capacity"));
}

TEST(TruncateEndpoints, ReadyOnesGoFirstAndSubsetsShareTheRoom) {
  std::vector<corev1::EndpointSubset> subsets(2);
  subsets[0].addresses.resize(30);
  subsets[1].addresses.resize(10);
  subsets[1].notReadyAddresses.resize(5);
  EXPECT_FALSE(truncate_endpoints(subsets, 45));
  EXPECT_TRUE(truncate_endpoints(subsets, 20));
  EXPECT_EQ(subsets[0].addresses.size(), 15u);
  EXPECT_EQ(subsets[1].addresses.size(), 5u);
  EXPECT_TRUE(subsets[1].notReadyAddresses.empty());
}

}  // namespace
}  // namespace xebec::controllers
