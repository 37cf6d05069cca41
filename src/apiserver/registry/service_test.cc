#include "apiserver/registry/test_server.h"

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
            "192.168.1.1: the provided IP (192.168.1.1) is not in the valid range. The range of valid IPs is "
            "10.96.0.0/12");
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
  EXPECT_EQ(server.registries->services().used_ips(), 1u);
  EXPECT_EQ(server.registries->services().used_ports(), 1u);
  corev1::Service second = service("b", "NodePort");
  second.spec.ports[0].nodePort = 30080;
  EXPECT_EQ(made(server, second).error().message,
            "Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is "
            "already allocated");
  EXPECT_EQ(server.registries->services().used_ips(), 1u) << "a refused service keeps nothing";
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
  EXPECT_EQ(server.registries->services().used_ips(), 0u);
  EXPECT_EQ(server.registries->services().used_ports(), 0u);
}

TEST(Services, MayBeHeadless) {
  TestServer server;
  corev1::Service headless = service("a");
  headless.spec.clusterIP = "None";
  auto got = made(server, headless);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->spec.clusterIPs, std::vector<std::string>{"None"});
  EXPECT_EQ(server.registries->services().used_ips(), 0u);
}

TEST(Services, DryRunsTakeNothing) {
  TestServer server;
  WriteOptions dry;
  dry.dry_run = true;
  auto got = server.create(services(server), "default", api::Object::of(service("a", "NodePort")), dry);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_FALSE(got->object.get<corev1::Service>().spec.clusterIP.empty());
  EXPECT_EQ(server.registries->services().used_ips(), 0u);
  EXPECT_EQ(server.registries->services().used_ports(), 0u);
}

}  // namespace
}  // namespace xebec::apiserver::testing
