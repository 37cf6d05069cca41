#include "controllers/endpoints/mirroring_controller.h"

#include "controllers/testing/harness.h"

namespace xebec::controllers {
namespace {

using std::chrono::seconds;

XEBEC_CONTROLLER_SUITE(EndpointSliceMirroringControllerTest);

corev1::Service bare_service() {
  corev1::Service service;
  service.metadata.name = "db";
  service.metadata.namespace_ = "default";
  return service;
}

corev1::Endpoints endpoints_of(const std::vector<std::string>& ready,
                               const std::vector<std::string>& unready = {}) {
  corev1::Endpoints endpoints;
  endpoints.metadata.name = "db";
  endpoints.metadata.namespace_ = "default";
  endpoints.metadata.labels["team"] = "data";
  corev1::EndpointSubset& subset = endpoints.subsets.emplace_back();
  for (const std::string& ip : ready) subset.addresses.emplace_back().ip = ip;
  for (const std::string& ip : unready) subset.notReadyAddresses.emplace_back().ip = ip;
  corev1::EndpointPort& port = subset.ports.emplace_back();
  port.name = "sql";
  port.protocol = "TCP";
  port.port = 5432;
  return endpoints;
}

std::vector<discoveryv1::EndpointSlice> slices(client::testing::Sim& sim) {
  return sim.api->list<discoveryv1::EndpointSlice>("default");
}

TEST_P(EndpointSliceMirroringControllerTest, WhatPeopleWriteHasSlicesByFamily) {
  testing::Harness<EndpointSliceMirroringController> h(GetParam());
  h.sim.api->put(bare_service());
  h.sim.api->put(endpoints_of({"192.0.2.1", "2001:db8::1"}, {"192.0.2.2"}));
  h.sim.run_for(seconds(30));
  std::map<std::string, size_t> sizes;
  for (const auto& slice : slices(h.sim)) {
    sizes[slice.addressType] = slice.endpoints.size();
    EXPECT_EQ(slice.ports.at(0).port, 5432);
    EXPECT_EQ(slice.metadata.labels.value_or("team", ""), "data");
    EXPECT_EQ(slice.metadata.labels.value_or("endpointslice.kubernetes.io/managed-by", ""),
              "endpointslicemirroring-controller.k8s.io");
    EXPECT_EQ(slice.metadata.ownerReferences.at(0).kind, "Endpoints");
  }
  EXPECT_EQ(sizes, (std::map<std::string, size_t>{{"IPv4", 2}, {"IPv6", 1}}));
  h.sim.api->put(endpoints_of({"192.0.2.1"}));
  h.sim.run_for(seconds(30));
  ASSERT_EQ(slices(h.sim).size(), 1u);
  EXPECT_EQ(slices(h.sim)[0].endpoints.size(), 1u);
  h.sim.api->remove<corev1::Endpoints>("default", "db");
  h.sim.run_for(seconds(30));
  EXPECT_TRUE(slices(h.sim).empty());
}

TEST_P(EndpointSliceMirroringControllerTest, ServicesWithASelectorAndSkippedEndpointsAreNotMirrored) {
  testing::Harness<EndpointSliceMirroringController> h(GetParam());
  corev1::Service service = bare_service();
  service.spec.selector["app"] = "db";
  h.sim.api->put(service);
  h.sim.api->put(endpoints_of({"192.0.2.1"}));
  h.sim.run_for(seconds(30));
  EXPECT_TRUE(slices(h.sim).empty());
  h.sim.api->put(bare_service());
  corev1::Endpoints skipped = endpoints_of({"192.0.2.1"});
  skipped.metadata.labels["endpointslice.kubernetes.io/skip-mirror"] = "true";
  h.sim.api->put(skipped);
  h.sim.run_for(seconds(30));
  EXPECT_TRUE(slices(h.sim).empty());
  h.sim.api->put(endpoints_of({"192.0.2.1"}));
  h.sim.run_for(seconds(30));
  EXPECT_EQ(slices(h.sim).size(), 1u);
}

TEST_P(EndpointSliceMirroringControllerTest, BadAddressesAndTooManyAreTold) {
  ControllerOptions options;
  options.mirroring_max_endpoints_per_subset = 2;
  testing::Harness<EndpointSliceMirroringController> h(GetParam(), options);
  h.sim.api->put(bare_service());
  h.sim.api->put(endpoints_of({"192.0.2.1", "nonsense", "192.0.2.2", "192.0.2.3"}));
  h.sim.run_for(seconds(30));
  ASSERT_EQ(slices(h.sim).size(), 1u);
  EXPECT_EQ(slices(h.sim)[0].endpoints.size(), 2u);
  ASSERT_FALSE(h.events("InvalidIPAddress").empty());
  EXPECT_EQ(h.events("InvalidIPAddress")[0],
            "Skipped 1 invalid IP addresses when mirroring to EndpointSlices");
  ASSERT_FALSE(h.events("TooManyAddressesToMirror").empty());
  EXPECT_EQ(h.events("TooManyAddressesToMirror")[0],
            "A max of 2 addresses can be mirrored to EndpointSlices per Endpoints subset. 1 addresses were "
            "skipped");
}

}  // namespace
}  // namespace xebec::controllers
