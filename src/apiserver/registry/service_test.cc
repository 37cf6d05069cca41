#include "api/gen/networkingv1.h"
#include "apiserver/registry/test_server.h"
#include "codec/protobuf.h"

namespace xebec::apiserver::testing {
namespace {

corev1::Service service(std::string name, std::string type = "ClusterIP") {
  corev1::Service out;
  out.metadata.name = std::move(name);
  out.spec.type = std::move(type);
  out.spec.selector["app"] = "a";
  auto& port = out.spec.ports.emplace_back();
  port.port = 80;
  api::apply_defaults(api::type_of<corev1::Service>(), &out);
  return out;
}

GenericRegistry& services(TestServer& server) { return server.registry("", "services"); }

Result<corev1::Service> made(TestServer& server, corev1::Service sent) {
  TRY(WriteResult result, server.create(services(server), "default", api::Object::of(std::move(sent))));
  return result.object.get<corev1::Service>();
}

size_t used_ips(TestServer& server) {
  auto page = server.list(server.registry("networking.k8s.io", "ipaddresses"), ListRequest());
  return page ? page->items.size() : 9999;
}
// As they are stored.
std::set<int32_t> stored_ports(TestServer& server) {
  Result<storage::GetResult> stored = server.run(server.store->get(ServiceAllocator::kPortsKey));
  if (!stored || !stored->kv) return {};
  auto object = codec::decode_protobuf_envelope(api::type_of<corev1::RangeAllocation>(), *stored->kv->value);
  EXPECT_EQ(object->get<corev1::RangeAllocation>().range, "30000-32767");
  return PortRange(30000, 32767).ports_of(object->get<corev1::RangeAllocation>().data.view());
}
size_t used_ports(TestServer& server) {
  const size_t known = server.registries->pools().allocator().ports().used();
  EXPECT_EQ(stored_ports(server).size(), known);
  return known;
}

TEST(Services, GetAnAddress) {
  TestServer server;
  auto got = made(server, service("a"));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_TRUE(got->spec.clusterIP.starts_with("10.")) << got->spec.clusterIP;
  EXPECT_EQ(got->spec.clusterIPs, std::vector<std::string>{got->spec.clusterIP});
  EXPECT_EQ(got->spec.ipFamilies, std::vector<std::string>{"IPv4"});
  EXPECT_EQ(got->spec.ipFamilyPolicy, "SingleStack");
  EXPECT_EQ(got->spec.ports[0].nodePort, 0);
}

TEST(Services, KeepAChosenAddressToThemselves) {
  TestServer server;
  corev1::Service first = service("a");
  first.spec.clusterIP = "10.96.0.10";
  ASSERT_TRUE(made(server, first));
  corev1::Service second = service("b");
  second.spec.clusterIP = "10.96.0.10";
  auto refused = made(server, second);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "Service \"b\" is invalid: spec.clusterIPs: Invalid value: [\"10.96.0.10\"]: failed to "
            "allocate IP "
            "10.96.0.10: provided IP is already allocated");
  second.spec.clusterIP = "192.168.1.1";
  EXPECT_EQ(made(server, second).error().message,
            "Service \"b\" is invalid: spec.clusterIPs: Invalid value: [\"192.168.1.1\"]: failed to "
            "allocate IP "
            "192.168.1.1: the provided network does not match the current range");
  ASSERT_TRUE(server.remove(services(server), "default", "a"));
  second.spec.clusterIP = "10.96.0.10";
  EXPECT_TRUE(made(server, second));
}

TEST(Services, AreRememberedAcrossARestart) {
  TestServer server;
  corev1::Service first = service("a", "NodePort");
  first.spec.clusterIP = "10.96.0.10";
  first.spec.ports[0].nodePort = 30080;
  ASSERT_TRUE(made(server, first));
  server.restart();
  EXPECT_EQ(used_ips(server), 1u);
  EXPECT_EQ(used_ports(server), 1u);
  corev1::Service second = service("b", "NodePort");
  second.spec.ports[0].nodePort = 30080;
  EXPECT_EQ(made(server, second).error().message,
            "Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is "
            "already allocated");
  EXPECT_EQ(used_ips(server), 1u) << "a refused service keeps nothing";
}

TEST(Services, ChangeTheirType) {
  TestServer server;
  auto got = made(server, service("a"));
  ASSERT_TRUE(got);
  const std::string ip = got->spec.clusterIP;
  auto exposed = server.update<corev1::Service>(services(server), "default", "a", [](corev1::Service& s) {
    s.spec.type = "NodePort";
    api::apply_defaults(api::type_of<corev1::Service>(), &s);
  });
  ASSERT_TRUE(exposed) << exposed.error().message;
  const int32_t port = exposed->object.get<corev1::Service>().spec.ports[0].nodePort;
  EXPECT_GE(port, 30000);
  EXPECT_LE(port, 32767);
  // A PUT by a client that does not know what was allocated.
  corev1::Service plain = service("a", "NodePort");
  auto kept = server.put(services(server), "default", plain);
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(kept->object.get<corev1::Service>().spec.clusterIP, ip);
  EXPECT_EQ(kept->object.get<corev1::Service>().spec.ports[0].nodePort, port);
  auto external = server.update<corev1::Service>(services(server), "default", "a", [](corev1::Service& s) {
    s.spec.type = "ExternalName";
    s.spec.externalName = "example.com";
  });
  ASSERT_TRUE(external) << external.error().message;
  EXPECT_TRUE(external->object.get<corev1::Service>().spec.clusterIP.empty());
  EXPECT_EQ(used_ips(server), 0u);
  EXPECT_EQ(used_ports(server), 0u);
}

TEST(Services, MayBeHeadless) {
  TestServer server;
  corev1::Service headless = service("a");
  headless.spec.clusterIP = "None";
  auto got = made(server, headless);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->spec.clusterIPs, std::vector<std::string>{"None"});
  EXPECT_EQ(used_ips(server), 0u);
}

TEST(Services, DryRunsTakeNothing) {
  TestServer server;
  WriteOptions dry;
  dry.dry_run = true;
  auto got = server.create(services(server), "default", api::Object::of(service("a", "NodePort")), dry);
  ASSERT_TRUE(got) << got.error().message;
  // Nothing is looked for either: what it answers nobody has.
  EXPECT_EQ(got->object.get<corev1::Service>().spec.clusterIP, "10.96.0.0");
  EXPECT_EQ(got->object.get<corev1::Service>().spec.ports[0].nodePort, 32769);
  EXPECT_EQ(used_ips(server), 0u);
  EXPECT_EQ(used_ports(server), 0u);
}

TEST(Services, DryRunsLookAtPortsAndNotAtAddresses) {
  TestServer server;
  WriteOptions dry;
  dry.dry_run = true;
  auto tried = [&](corev1::Service sent) {
    return server.create(services(server), "default", api::Object::of(std::move(sent)), dry);
  };
  corev1::Service first = service("a", "NodePort");
  first.spec.clusterIP = "10.96.0.10";
  first.spec.ports[0].nodePort = 30080;
  ASSERT_TRUE(made(server, first));

  corev1::Service second = service("b", "NodePort");
  second.spec.clusterIP = "10.96.0.10";
  auto same_address = tried(second);
  ASSERT_TRUE(same_address) << same_address.error().message;
  EXPECT_EQ(same_address->object.get<corev1::Service>().spec.clusterIP, "10.96.0.10");
  second.spec.clusterIP = "192.168.1.1";
  EXPECT_EQ(tried(second).error().message,
            "Service \"b\" is invalid: spec.clusterIPs: Invalid value: [\"192.168.1.1\"]: failed to "
            "allocate IP 192.168.1.1: the provided IP (192.168.1.1) is not in the valid range. The range of "
            "valid IPs is 10.96.0.0/12");

  second.spec.clusterIP.clear();
  second.spec.ports[0].nodePort = 30080;
  EXPECT_EQ(
      tried(second).error().message,
      "Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already "
      "allocated");
  // Beyond the range is as good as within; automatic ones follow the highest.
  second.spec.ports[0].nodePort = 100;
  second.spec.ports.push_back(second.spec.ports[0]);
  second.spec.ports[0].name = "one";
  second.spec.ports[1].name = "two";
  second.spec.ports[1].port = 81;
  second.spec.ports[1].nodePort = 0;
  auto beyond = tried(second);
  ASSERT_TRUE(beyond) << beyond.error().message;
  EXPECT_EQ(beyond->object.get<corev1::Service>().spec.ports[0].nodePort, 100);
  EXPECT_EQ(beyond->object.get<corev1::Service>().spec.ports[1].nodePort, 101);
  EXPECT_EQ(used_ports(server), 1u);
}

networkingv1::IPAddress address(TestServer& server, const std::string& name) {
  auto got = server.get(server.registry("networking.k8s.io", "ipaddresses"), "", name);
  if (!got) return {};
  return (*(*got)->object())->get<networkingv1::IPAddress>();
}

TEST(ServiceAddresses, AreObjectsThatNameTheService) {
  TestServer server;
  auto got = made(server, service("a"));
  ASSERT_TRUE(got) << got.error().message;
  const networkingv1::IPAddress ip = address(server, got->spec.clusterIP);
  EXPECT_EQ(ip.metadata.labels.value_or("ipaddress.kubernetes.io/ip-family", ""), "IPv4");
  EXPECT_EQ(ip.metadata.labels.value_or("ipaddress.kubernetes.io/managed-by", ""), "ipallocator.k8s.io");
  EXPECT_FALSE(ip.metadata.uid.empty());
  ASSERT_TRUE(ip.spec.parentRef);
  EXPECT_EQ(ip.spec.parentRef->resource, "services");
  EXPECT_EQ(ip.spec.parentRef->namespace_ + "/" + ip.spec.parentRef->name, "default/a");
  ASSERT_TRUE(server.remove(services(server), "default", "a"));
  EXPECT_EQ(used_ips(server), 0u);
}

TEST(ServiceAddresses, OfOthersAreNotGivenOut) {
  TestServer server;
  networkingv1::IPAddress ip;
  ip.metadata.name = "10.96.0.10";
  ip.spec.parentRef.emplace().resource = "gateways";
  ip.spec.parentRef->name = "g";
  ASSERT_TRUE(server.create(server.registry("networking.k8s.io", "ipaddresses"), "", api::Object::of(ip)));
  corev1::Service wanted = service("a");
  wanted.spec.clusterIP = "10.96.0.10";
  auto refused = made(server, wanted);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("provided IP is already allocated"), std::string::npos);
}

TEST(ServiceAddresses, ComeFromServiceCidrsThatAreReady) {
  TestServer server;
  const auto range = [&](const std::string& name, const std::string& cidr, const std::string& ready) {
    networkingv1::ServiceCIDR out;
    out.metadata.name = name;
    out.spec.cidrs = {cidr};
    GenericRegistry& ranges = server.registry("networking.k8s.io", "servicecidrs");
    ASSERT_TRUE(server.create(ranges, "", api::Object::of(out)));
    metav1::Condition& condition = out.status.conditions.emplace_back();
    condition.type = "Ready";
    condition.status = ready;
    WriteOptions status;
    status.subresource = "status";
    ASSERT_TRUE(server.put(ranges, "", out, status));
    ASSERT_TRUE(server.list(ranges, ListRequest()));  // seen by now
  };
  range("a", "172.30.0.0/29", "True");
  range("b", "172.31.0.0/29", "False");
  corev1::Service wanted = service("a");
  wanted.spec.clusterIP = "172.31.0.1";
  EXPECT_FALSE(made(server, wanted));
  for (int i = 0; i < 6; ++i) {
    auto got = made(server, service("s" + std::to_string(i)));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_TRUE(got->spec.clusterIP.starts_with("172.30.0.")) << got->spec.clusterIP;
  }
  EXPECT_EQ(made(server, service("full")).error().message,
            "Internal error occurred: failed to allocate a serviceIP: range is full");
}

TEST(ServiceAddresses, AndPortsAreRepaired) {
  TestServer server;
  auto got = made(server, service("a", "NodePort"));
  ASSERT_TRUE(got);
  const std::string ip = got->spec.clusterIP;
  GenericRegistry& addresses = server.registry("networking.k8s.io", "ipaddresses");
  // One is lost, one is left over, and what is stored of ports says nothing.
  ASSERT_TRUE(server.remove(addresses, "", ip));
  networkingv1::IPAddress left;
  left.metadata.name = "10.96.0.77";
  left.metadata.labels["ipaddress.kubernetes.io/managed-by"] = "ipallocator.k8s.io";
  left.spec.parentRef.emplace().resource = "services";
  left.spec.parentRef->namespace_ = "default";
  left.spec.parentRef->name = "gone";
  ASSERT_TRUE(server.create(addresses, "", api::Object::of(left)));
  storage::Txn txn;
  const PortRange ports(30000, 32767);
  txn.ops.emplace_back(storage::Put{ServiceAllocator::kPortsKey,
                                    ServiceAllocator::port_allocation(ports, ports.bitmap_of({31111}))});
  ASSERT_TRUE(server.run(server.store->txn(std::move(txn))));
  server.executor.run_for(std::chrono::minutes(4));
  EXPECT_EQ(address(server, ip).spec.parentRef ? address(server, ip).spec.parentRef->name : "", "a");
  EXPECT_EQ(used_ips(server), 1u);
  EXPECT_TRUE(stored_ports(server).contains(got->spec.ports[0].nodePort));
  EXPECT_TRUE(stored_ports(server).contains(31111)) << "somebody may be about to use it";
  server.executor.run_for(std::chrono::minutes(10));
  EXPECT_EQ(stored_ports(server), std::set<int32_t>{got->spec.ports[0].nodePort});
}

TEST(ServiceAddresses, OfAnOlderStoreAreRecordedAtTheStart) {
  TestServer server;
  auto got = made(server, service("a", "NodePort"));
  ASSERT_TRUE(got);
  storage::Txn txn;
  txn.ops.emplace_back(storage::Delete{"/registry/ipaddresses/" + got->spec.clusterIP});
  txn.ops.emplace_back(storage::Delete{ServiceAllocator::kPortsKey});
  ASSERT_TRUE(server.run(server.store->txn(std::move(txn))));
  server.restart();
  EXPECT_EQ(address(server, got->spec.clusterIP).metadata.name, got->spec.clusterIP);
  EXPECT_EQ(stored_ports(server), std::set<int32_t>{got->spec.ports[0].nodePort});
}

RegistriesOptions dual() {
  RegistriesOptions options;
  options.service_cidr = "10.96.0.0/12,fd00::/108";
  return options;
}

std::string families(const corev1::Service& service) {
  std::string out = service.spec.ipFamilyPolicy.value_or("-");
  for (const std::string& family : service.spec.ipFamilies) out += " " + family;
  for (const std::string& ip : service.spec.clusterIPs)
    out += ip.find(':') == std::string::npos ? " 4" : " 6";
  return out;
}

TEST(DualStack, ServicesHaveTheFamiliesTheyAskFor) {
  TestServer server(dual());
  EXPECT_EQ(families(*made(server, service("plain"))), "SingleStack IPv4 4");
  corev1::Service wanted = service("prefer");
  wanted.spec.ipFamilyPolicy = "PreferDualStack";
  EXPECT_EQ(families(*made(server, wanted)), "PreferDualStack IPv4 IPv6 4 6");
  wanted = service("require");
  wanted.spec.ipFamilyPolicy = "RequireDualStack";
  wanted.spec.ipFamilies = {"IPv6"};
  EXPECT_EQ(families(*made(server, wanted)), "RequireDualStack IPv6 IPv4 6 4");
  wanted = service("six");
  wanted.spec.ipFamilies = {"IPv6"};
  EXPECT_EQ(families(*made(server, wanted)), "SingleStack IPv6 6");
  wanted = service("chosen");
  wanted.spec.ipFamilyPolicy = "PreferDualStack";
  wanted.spec.clusterIP = "fd00::77";
  auto chosen = made(server, wanted);
  ASSERT_TRUE(chosen) << chosen.error().message;
  EXPECT_EQ(families(*chosen), "PreferDualStack IPv6 IPv4 6 4");
  EXPECT_EQ(chosen->spec.clusterIPs[0], "fd00::77");
  EXPECT_EQ(address(server, "fd00::77").metadata.labels.value_or("ipaddress.kubernetes.io/ip-family", ""),
            "IPv6");
  corev1::Service headless = service("headless");
  headless.spec.clusterIP = "None";
  headless.spec.selector.clear();
  EXPECT_EQ(families(*made(server, headless)), "RequireDualStack IPv4 IPv6 4");
}

TEST(DualStack, ServicesGainAndLoseTheSecondFamily) {
  TestServer server(dual());
  auto got = made(server, service("a"));
  ASSERT_TRUE(got);
  const std::string first = got->spec.clusterIP;
  auto more = server.update<corev1::Service>(services(server), "default", "a", [](corev1::Service& s) {
    s.spec.ipFamilyPolicy = "RequireDualStack";
  });
  ASSERT_TRUE(more) << more.error().message;
  const corev1::Service both = more->object.get<corev1::Service>();
  EXPECT_EQ(families(both), "RequireDualStack IPv4 IPv6 4 6");
  EXPECT_EQ(both.spec.clusterIP, first);
  EXPECT_EQ(used_ips(server), 2u);
  auto reduced = server.update<corev1::Service>(services(server), "default", "a",
                                                [](corev1::Service& s) { s.spec.clusterIPs.resize(1); });
  ASSERT_FALSE(reduced);
  EXPECT_EQ(reduced.error().message,
            "Service \"a\" is invalid: spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": must be "
            "'SingleStack' to release the secondary cluster IP");
  auto less = server.update<corev1::Service>(
      services(server), "default", "a", [](corev1::Service& s) { s.spec.ipFamilyPolicy = "SingleStack"; });
  ASSERT_TRUE(less) << less.error().message;
  EXPECT_EQ(families(less->object.get<corev1::Service>()), "SingleStack IPv4 4");
  EXPECT_EQ(used_ips(server), 1u);
}

TEST(DualStack, MistakesAreToldInUpstreamsWords) {
  const auto refused = [](TestServer& server, const corev1::Service& wanted) {
    auto got = made(server, wanted);
    return got ? std::string("accepted") : got.error().message;
  };
  TestServer one;
  corev1::Service wanted = service("a");
  wanted.spec.ipFamilyPolicy = "RequireDualStack";
  EXPECT_EQ(
      refused(one, wanted),
      "Service \"a\" is invalid: spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster "
      "is not configured for dual-stack services");
  wanted = service("a");
  wanted.spec.ipFamilies = {"IPv6"};
  EXPECT_EQ(refused(one, wanted),
            "Service \"a\" is invalid: spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this "
            "cluster");
  wanted = service("a");
  wanted.spec.clusterIP = "fd00::1";
  EXPECT_EQ(
      refused(one, wanted),
      "Service \"a\" is invalid: spec.clusterIPs[0]: Invalid value: [\"fd00::1\"]: IPv6 is not configured "
      "on this cluster");
  TestServer two(dual());
  wanted = service("a");
  wanted.spec.ipFamilyPolicy = "SingleStack";
  wanted.spec.ipFamilies = {"IPv4", "IPv6"};
  EXPECT_EQ(refused(two, wanted),
            "Service \"a\" is invalid: spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be "
            "'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified");
}

}  // namespace
}  // namespace xebec::apiserver::testing
