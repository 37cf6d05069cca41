#include "controllers/servicecidrs/controller.h"

#include "controllers/servicecidrs/prefix.h"
#include "controllers/testing/harness.h"

namespace xebec::controllers {
namespace {

using networkingv1::IPAddress;
using networkingv1::ServiceCIDR;
using std::chrono::seconds;

XEBEC_CONTROLLER_SUITE(ServiceCidrControllerTest);

ServiceCIDR range(std::string name, std::vector<std::string> cidrs) {
  ServiceCIDR out;
  out.metadata.name = std::move(name);
  out.spec.cidrs = std::move(cidrs);
  return out;
}

IPAddress address(std::string name) {
  IPAddress out;
  out.metadata.name = std::move(name);
  out.metadata.labels["ipaddress.kubernetes.io/managed-by"] = "ipallocator.k8s.io";
  return out;
}

// What DELETE makes of an object with a finalizer.
void begin_deletion(testing::Harness<ServiceCidrController>& h, std::string_view name) {
  ServiceCIDR stored = *h.sim.api->get<ServiceCIDR>("", name);
  const auto now = std::chrono::floor<seconds>(h.sim.clock.now());
  stored.metadata.deletionTimestamp = api::Time{now.time_since_epoch().count()};
  h.sim.api->put(stored);
}

std::string ready(testing::Harness<ServiceCidrController>& h, std::string_view name) {
  auto stored = h.sim.api->get<ServiceCIDR>("", name);
  if (!stored) return "gone";
  if (stored->status.conditions.empty()) return "-";
  const metav1::Condition& condition = stored->status.conditions[0];
  return condition.type + "=" + condition.status + " " + condition.reason + ": " + condition.message;
}

constexpr std::string_view kTerminating =
    "Ready=False Terminating: There are still IPAddresses referencing the ServiceCIDR, please remove them or "
    "create a new ServiceCIDR";

TEST(Prefixes, KnowWhatTheyContain) {
  const Prefix wide = *Prefix::parse("10.0.0.0/8"), narrow = *Prefix::parse("10.96.0.0/12");
  EXPECT_TRUE(wide.contains(narrow));
  EXPECT_FALSE(narrow.contains(wide));
  EXPECT_TRUE(narrow.contains(narrow));
  EXPECT_FALSE(narrow.contains(*Prefix::parse("10.112.0.0/12")));
  EXPECT_TRUE(narrow.offers(*Prefix::parse("10.96.0.1")));
  EXPECT_FALSE(narrow.offers(*Prefix::parse("10.96.0.0")));
  EXPECT_FALSE(narrow.offers(*Prefix::parse("10.111.255.255")));
  EXPECT_FALSE(narrow.offers(*Prefix::parse("fd00::1")));
  EXPECT_TRUE(Prefix::parse("fd00::/112")->offers(*Prefix::parse("fd00::ffff")));
  EXPECT_FALSE(Prefix::parse("10.0.0.0/33"));
  EXPECT_FALSE(Prefix::parse("x"));
}

TEST_P(ServiceCidrControllerTest, ARangeIsProtectedAndReady) {
  testing::Harness<ServiceCidrController> h(GetParam());
  h.sim.api->put(range("a", {"10.96.0.0/12"}));
  h.sim.run_for(seconds(10));
  EXPECT_EQ(ready(h, "a"), "Ready=True : Kubernetes Service CIDR is ready");
  EXPECT_EQ(h.sim.api->get<ServiceCIDR>("", "a")->metadata.finalizers,
            std::vector<std::string>{"networking.k8s.io/service-cidr-finalizer"});
}

TEST_P(ServiceCidrControllerTest, ARangeStaysUntilItsAddressesAreGone) {
  testing::Harness<ServiceCidrController> h(GetParam());
  h.sim.api->put(range("a", {"10.96.0.0/12"}));
  h.sim.api->put(address("10.96.0.1"));
  h.sim.api->put(address("192.168.0.1"));
  h.sim.run_for(seconds(10));
  begin_deletion(h, "a");
  h.sim.run_for(seconds(60));
  EXPECT_EQ(ready(h, "a"), kTerminating);
  h.sim.api->remove<IPAddress>("", "10.96.0.1");
  h.sim.run_for(seconds(20));
  EXPECT_EQ(ready(h, "a"), "gone");
}

TEST_P(ServiceCidrControllerTest, ARangeWithinAnotherGoesAfterAWhile) {
  testing::Harness<ServiceCidrController> h(GetParam());
  h.sim.api->put(range("a", {"10.96.0.0/16"}));
  h.sim.api->put(address("10.96.0.1"));
  h.sim.run_for(seconds(10));
  begin_deletion(h, "a");
  h.sim.run_for(seconds(30));
  EXPECT_EQ(ready(h, "a"), kTerminating);
  h.sim.api->put(range("b", {"10.0.0.0/8"}));
  h.sim.run_for(seconds(20));
  EXPECT_EQ(ready(h, "a"), "gone");
  EXPECT_EQ(ready(h, "b"), "Ready=True : Kubernetes Service CIDR is ready");
}

TEST_P(ServiceCidrControllerTest, AnUnusedRangeWaitsForTheServersToKnow) {
  testing::Harness<ServiceCidrController> h(GetParam());
  h.sim.api->put(range("a", {"10.96.0.0/16", "fd00::/112"}));
  h.sim.run_for(seconds(10));
  begin_deletion(h, "a");
  h.sim.run_for(seconds(7));
  EXPECT_NE(ready(h, "a"), "gone");
  h.sim.run_for(seconds(10));
  EXPECT_EQ(ready(h, "a"), "gone");
}

}  // namespace
}  // namespace xebec::controllers
