#include "kubelet/pods/environment.h"

#include <gtest/gtest.h>

namespace xebec::kubelet {
namespace {

TEST(Expand, ReplacesKnownNamesAndKeepsTheRest) {
  std::map<std::string, std::string> values = {{"A", "1"}, {"B", "two"}};
  EXPECT_EQ(expand("x$(A)y$(B)", values), "x1ytwo");
  EXPECT_EQ(expand("$(C) $A $$(A) $$$(A) $", values), "$(C) $A $(A) $1 $");
  EXPECT_EQ(expand("$(A", values), "$(A");
}

TEST(ServiceVariables, NameHostPortsAndLinks) {
  auto service = std::make_shared<corev1::Service>();
  service->metadata.namespace_ = "default";
  service->metadata.name = "red-is";
  service->spec.clusterIP = "10.96.0.7";
  corev1::ServicePort& port = service->spec.ports.emplace_back();
  port.name = "main-port";
  port.protocol = "TCP";
  port.port = 6379;
  auto vars = service_variables({service}, "default", true);
  EXPECT_EQ(vars["RED_IS_SERVICE_HOST"], "10.96.0.7");
  EXPECT_EQ(vars["RED_IS_SERVICE_PORT"], "6379");
  EXPECT_EQ(vars["RED_IS_SERVICE_PORT_MAIN_PORT"], "6379");
  EXPECT_EQ(vars["RED_IS_PORT"], "tcp://10.96.0.7:6379");
  EXPECT_EQ(vars["RED_IS_PORT_6379_TCP"], "tcp://10.96.0.7:6379");
  EXPECT_EQ(vars["RED_IS_PORT_6379_TCP_PROTO"], "tcp");
  EXPECT_EQ(vars["RED_IS_PORT_6379_TCP_ADDR"], "10.96.0.7");
  EXPECT_TRUE(service_variables({service}, "default", false).empty());
  EXPECT_TRUE(service_variables({service}, "other", true).empty());
}

TEST(ServiceVariables, TheApiServerIsAlwaysKnownAndHeadlessServicesAreNot) {
  auto master = std::make_shared<corev1::Service>();
  master->metadata.namespace_ = "default";
  master->metadata.name = "kubernetes";
  master->spec.clusterIP = "10.96.0.1";
  master->spec.ports.emplace_back().port = 443;
  auto headless = std::make_shared<corev1::Service>(*master);
  headless->metadata.namespace_ = "other";
  headless->metadata.name = "db";
  headless->spec.clusterIP = "None";
  auto vars = service_variables({master, headless}, "other", false);
  EXPECT_EQ(vars["KUBERNETES_SERVICE_HOST"], "10.96.0.1");
  EXPECT_FALSE(service_variables({master, headless}, "other", true).contains("DB_SERVICE_HOST"));
}

}  // namespace
}  // namespace xebec::kubelet
