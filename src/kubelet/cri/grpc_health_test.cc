#include "kubelet/cri/grpc_health.h"

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include "base/scope.h"
#include "containerd_events.grpc.pb.h"

namespace xebec::cri {
namespace {

using namespace std::chrono_literals;

class GrpcHealthTest : public ::testing::Test {
 protected:
  std::unique_ptr<grpc::Server> serve(bool health) {
    grpc::EnableDefaultHealthCheckService(health);
    grpc::ServerBuilder builder;
    builder.RegisterService(&other_);
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    return builder.BuildAndStart();
  }
  HealthAnswer ask(std::string service) {
    return block_on(grpc_health("127.0.0.1:" + std::to_string(port_), std::move(service), 2s));
  }
  containerd::services::events::v1::Events::Service other_;  // a server has to serve something
  int port_ = 1;
};

TEST_F(GrpcHealthTest, TheServersWordCounts) {
  auto server = serve(true);
  server->GetHealthCheckService()->SetServingStatus("shop", false);
  EXPECT_TRUE(ask("").serving);
  EXPECT_EQ(ask("").message, "service healthy");
  EXPECT_FALSE(ask("shop").serving);
  EXPECT_EQ(ask("shop").message, "service unhealthy (responded with \"NOT_SERVING\")");
  EXPECT_EQ(ask("nosuch").message.substr(0, 54), "error: health rpc probe failed: rpc error: code = 5 de");
  server->GetHealthCheckService()->SetServingStatus("shop", true);
  EXPECT_TRUE(ask("shop").serving);
}

TEST_F(GrpcHealthTest, WithoutAServerThereIsNoHealth) {
  HealthAnswer answer = ask("");
  EXPECT_FALSE(answer.serving);
  EXPECT_EQ(answer.message,
            "timeout: failed to connect service \"127.0.0.1:1\" within 2s: context deadline exceeded");
}

TEST_F(GrpcHealthTest, AServerWithoutTheServiceSaysSo) {
  auto server = serve(false);
  EXPECT_TRUE(ask("").message.starts_with(
      "error: this server does not implement the grpc health protocol (grpc.health.v1.Health):"));
}

}  // namespace
}  // namespace xebec::cri
