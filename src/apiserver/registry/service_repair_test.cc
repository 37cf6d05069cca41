// What the repair of Services' addresses and ports tells: Events and metrics.
#include <gmock/gmock.h>

#include "api/gen/networkingv1.h"
#include "apiserver/registry/test_server.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ServiceRepair : public ::testing::Test {
 protected:
  corev1::Service service(const std::string& name, const std::string& type = "ClusterIP") {
    corev1::Service out;
    out.metadata.name = name;
    out.metadata.namespace_ = "ns";
    out.spec.type = type;
    out.spec.ports.emplace_back().port = 80;
    api::apply_defaults(api::type_of<corev1::Service>(), &out);
    return out;
  }
  corev1::Service made(corev1::Service sent) {
    auto result = server_.create(services(), "ns", api::Object::of(std::move(sent)));
    EXPECT_TRUE(result) << result.error().message;
    return result ? result->object.get<corev1::Service>() : corev1::Service();
  }
  GenericRegistry& services() { return server_.registry("", "services"); }
  GenericRegistry& addresses() { return server_.registry("networking.k8s.io", "ipaddresses"); }
  // Past everything that would refuse it.
  void store(corev1::Service object) {
    const std::string key = services().cache()->prefix() + "ns/" + object.metadata.name;
    auto bytes = services().cache()->format()->encode(api::Object::of(std::move(object)));
    ASSERT_TRUE(bytes);
    storage::Txn txn;
    txn.ops.emplace_back(storage::Put{key, *bytes});
    ASSERT_TRUE(server_.run(server_.store->txn(std::move(txn))));
  }
  void store_ports(const std::set<int32_t>& ports) {
    const PortRange range(30000, 32767);
    storage::Txn txn;
    txn.ops.emplace_back(storage::Put{ServiceAllocator::kPortsKey,
                                      ServiceAllocator::port_allocation(range, range.bitmap_of(ports))});
    ASSERT_TRUE(server_.run(server_.store->txn(std::move(txn))));
  }
  void pass(int seconds) { server_.executor.run_for(std::chrono::seconds(seconds)); }
  std::vector<corev1::Event> events() {
    std::vector<corev1::Event> out;
    auto page = server_.list(server_.registry("", "events"), ListRequest());
    EXPECT_TRUE(page);
    for (const EntryPtr& entry : page->items) out.push_back((*entry->object())->get<corev1::Event>());
    return out;
  }
  std::vector<std::string> told() {
    std::vector<std::string> out;
    for (const corev1::Event& event : events()) {
      out.push_back(event.involvedObject.kind + " " + event.involvedObject.name + " " + event.reason + " " +
                    event.action + ": " + event.message);
    }
    return out;
  }

  TestServer server_;
};

TEST_F(ServiceRepair, TellsOfWhatWasNotAllocated) {
  const corev1::Service lost = made(service("a", "NodePort"));
  const std::string ip = lost.spec.clusterIP, port = std::to_string(lost.spec.ports[0].nodePort);
  ASSERT_TRUE(server_.remove(addresses(), "", ip));
  store_ports({});
  EXPECT_THAT(events(), IsEmpty());
  pass(181);
  EXPECT_THAT(told(), ElementsAre("Service a ClusterIPNotAllocated ClusterIPAllocation: Cluster IP [IPv4]: " +
                                      ip + " is not allocated; repairing",
                                  "Service a PortNotAllocated PortAllocation: Port " + port +
                                      " is not allocated; repairing"));
  const corev1::Event first = events().at(0);
  EXPECT_EQ(first.metadata.namespace_, "ns");
  EXPECT_EQ(first.type, "Warning");
  EXPECT_EQ(first.reportingComponent, "ipallocator-repair-controller");
  EXPECT_TRUE(first.reportingInstance.starts_with("ipallocator-repair-controller-"))
      << first.reportingInstance;
  EXPECT_EQ(first.involvedObject.apiVersion, "v1");
  EXPECT_EQ(first.involvedObject.uid, lost.metadata.uid);
  EXPECT_FALSE(first.eventTime.is_zero());
  EXPECT_TRUE(first.metadata.name.starts_with("a.")) << first.metadata.name;
  EXPECT_EQ(events().at(1).reportingComponent, "portallocator-repair-controller");
  const std::string metrics = server_.metrics.text();
  EXPECT_THAT(metrics, HasSubstr("apiserver_clusterip_repair_ip_errors_total{type=\"repair\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("apiserver_nodeport_repair_port_errors_total{type=\"repair\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("apiserver_clusterip_repair_reconcile_errors_total 0\n"));
  // Once it is repaired there is nothing to say.
  pass(360);
  EXPECT_EQ(events().size(), 2u);
}

TEST_F(ServiceRepair, TellsOfWhatTwoServicesHave) {
  corev1::Service twin = made(service("a", "NodePort"));
  const std::string ip = twin.spec.clusterIP, port = std::to_string(twin.spec.ports[0].nodePort);
  twin.metadata.name = "b";
  store(twin);
  pass(181);
  EXPECT_THAT(told(),
              ElementsAre("Service b ClusterIPAlreadyAllocated ClusterIPAllocation: Cluster IP [IPv4]:" + ip +
                              " was assigned to multiple services; please recreate service",
                          "Service b PortAlreadyAllocated PortAllocation: Port " + port +
                              " was assigned to multiple services; please recreate service"));
  EXPECT_FALSE(events().at(0).series);
  // What is found again and again is one event.
  pass(180);
  ASSERT_EQ(events().size(), 2u);
  ASSERT_TRUE(events().at(0).series);
  EXPECT_EQ(events().at(0).series->count, 2);
  pass(180);
  EXPECT_EQ(events().at(0).series->count, 3);
  EXPECT_THAT(server_.metrics.text(),
              HasSubstr("apiserver_clusterip_repair_ip_errors_total{type=\"duplicate\"} 3\n"));
}

TEST_F(ServiceRepair, TellsOfWhatIsOutOfRange) {
  corev1::Service odd = service("a", "NodePort");
  odd.spec.clusterIP = "192.168.0.1";
  odd.spec.clusterIPs = {"192.168.0.1", "nonsense"};
  odd.spec.ports[0].nodePort = 80;
  store(odd);
  pass(181);
  EXPECT_THAT(
      told(),
      ElementsAre(
          "Service a ClusterIPOutOfRange ClusterIPAllocation: Cluster IP [IPv4]: 192.168.0.1 is not within "
          "any configured Service CIDR; please recreate service",
          "Service a ClusterIPNotValid ClusterIPValidation: Cluster IP <nil> is not a valid IP; please "
          "recreate Service",
          "Service a PortOutOfRange PortAllocation: Port 80 is not within the port range 30000-32767; "
          "please recreate service"));
}

TEST_F(ServiceRepair, TellsOfAddressesOfNobody) {
  networkingv1::IPAddress left;
  left.metadata.name = "10.96.0.77";
  left.metadata.labels["ipaddress.kubernetes.io/managed-by"] = "ipallocator.k8s.io";
  left.metadata.labels["ipaddress.kubernetes.io/ip-family"] = "IPv4";
  auto& parent = left.spec.parentRef.emplace();
  parent.resource = "services";
  parent.namespace_ = "ns";
  parent.name = "gone";
  ASSERT_TRUE(server_.create(addresses(), "", api::Object::of(left)));
  left.metadata.name = "10.96.0.78";
  left.spec.parentRef->resource = "gateways";
  ASSERT_TRUE(server_.create(addresses(), "", api::Object::of(left)));
  store_ports({30001});
  pass(181);
  EXPECT_THAT(
      told(),
      ElementsAre(
          "IPAddress 10.96.0.77 IPAddressNotAllocated IPAddressAllocation: IPAddress: 10.96.0.77 for Service "
          "ns/gone appears to have leaked: cleaning up",
          "IPAddress 10.96.0.78 IPAddressNotAllocated IPAddressAllocation: IPAddress 10.96.0.78 appears to "
          "have been modified, not referencing a Service "
          "&ParentReference{Group:,Resource:gateways,Namespace:ns,Name:gone,}: cleaning up"));
  EXPECT_EQ(events().at(0).metadata.namespace_, "default");
  EXPECT_THAT(server_.list(addresses(), ListRequest())->items, IsEmpty());
  EXPECT_THAT(server_.metrics.text(),
              HasSubstr("apiserver_clusterip_repair_ip_errors_total{type=\"leak\"} 2\n"));
  // A port goes when it has been seen without an owner several times.
  EXPECT_THAT(server_.metrics.text(), Not(HasSubstr("port_errors_total{type=\"leak\"}")));
  pass(540);
  EXPECT_THAT(server_.metrics.text(),
              HasSubstr("apiserver_nodeport_repair_port_errors_total{type=\"leak\"} 1\n"));
}

TEST_F(ServiceRepair, AllocationsAreCounted) {
  auto count = [&](const std::string& line) { EXPECT_THAT(server_.metrics.text(), HasSubstr(line + "\n")); };
  corev1::Service chosen = service("a", "NodePort");
  chosen.spec.clusterIP = "10.96.0.10";
  chosen.spec.ports[0].nodePort = 30080;
  made(chosen);
  made(service("b", "NodePort"));
  chosen.metadata.name = "c";
  EXPECT_FALSE(server_.create(services(), "ns", api::Object::of(chosen)));
  chosen.spec.clusterIP.clear();
  EXPECT_FALSE(server_.create(services(), "ns", api::Object::of(chosen)));
  WriteOptions dry;
  dry.dry_run = true;
  EXPECT_TRUE(server_.create(services(), "ns", api::Object::of(service("d", "NodePort")), dry));
  const std::string cidr = "cidr=\"10.96.0.0/12\"";
  count("kube_apiserver_clusterip_allocator_allocation_total{" + cidr + ",scope=\"static\"} 1");
  count("kube_apiserver_clusterip_allocator_allocation_errors_total{" + cidr + ",scope=\"static\"} 1");
  count("kube_apiserver_clusterip_allocator_allocation_total{" + cidr + ",scope=\"dynamic\"} 2");
  count("kube_apiserver_nodeport_allocator_allocation_total{scope=\"static\"} 1");
  count("kube_apiserver_nodeport_allocator_allocation_total{scope=\"dynamic\"} 1");
  count("kube_apiserver_nodeport_allocator_allocation_errors_total{scope=\"static\"} 1");
  server_.registries->pools().show_metrics();
  count("kube_apiserver_clusterip_allocator_allocated_ips{" + cidr + "} 2");
  count("kube_apiserver_clusterip_allocator_available_ips{" + cidr + "} 1048572");
  count("kube_apiserver_nodeport_allocator_allocated_ports 2");
  count("kube_apiserver_nodeport_allocator_available_ports 2766");
}

}  // namespace
}  // namespace xebec::apiserver::testing
