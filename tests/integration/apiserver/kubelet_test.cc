// Logs and upgraded connections through the API server, with a stand-in for a kubelet behind it.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cluster.h"
#include "echo.h"

namespace xebec::integration {
namespace {

class FakeKubelet final : public http::Handler {
 public:
  Task<http::Response> handle(Context, http::Request request) override {
    if (request.headers.has("Upgrade")) co_return echoing(request);
    http::Response response;
    response.headers.add("Content-Type", "text/plain");
    response.set_body(fmt::format("{}?{}\n", request.path, request.query));
    co_return response;
  }
};

class Kubelet : public testing::Test {
 protected:
  void SetUp() override {
    if (!have_kubectl()) GTEST_SKIP() << "no kubectl on this machine";
    cluster = std::make_unique<Cluster>();
    auto listening =
        http::Server::listen(cluster->pool(), cluster->server_options("system:node:node-1"), kubelet);
    ASSERT_TRUE(listening) << listening.error().message;
    server = std::move(*listening);

    cluster->make_default_service_account();
    cluster->ok("create -f -", "apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\n");
    cluster->ok(
        "patch node node-1 --subresource=status --type=merge -p '" +
        fmt::format(
            R"({{"status":{{"addresses":[{{"type":"InternalIP","address":"127.0.0.1"}}],"daemonEndpoints":{{"kubeletEndpoint":{{"Port":{}}}}}}}}})",
            server->port()) +
        "'");
    cluster->ok("create -f -", R"(
apiVersion: v1
kind: Pod
metadata: {name: one}
spec: {nodeName: node-1, containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: two}
spec: {containers: [{name: a, image: i}, {name: b, image: i}]}
)");
  }
  void TearDown() override {
    server.reset();
    cluster.reset();
  }
  FakeKubelet kubelet;
  std::unique_ptr<Cluster> cluster;
  std::unique_ptr<http::Server> server;
};

TEST_F(Kubelet, LogsComeFromIt) {
  EXPECT_EQ(cluster->ok("logs one --tail=5 --timestamps"),
            "/containerLogs/default/one/c?tailLines=5&timestamps=true\n");
}

TEST_F(Kubelet, MistakesAreToldInUpstreamsWords) {
  std::string path = "/api/v1/namespaces/default/pods/";
  EXPECT_THAT(cluster->kubectl("get --raw '" + path + "one/log?container=x'").text,
              testing::HasSubstr("container x is not valid for pod one"));
  EXPECT_THAT(cluster->kubectl("get --raw '" + path + "two/log'").text,
              testing::HasSubstr("a container name must be specified for pod two, choose one of: [a b]"));
  EXPECT_THAT(
      cluster->kubectl("get --raw '" + path + "one/log?tailLines=-1&limitBytes=0&stream=Stdout'").text,
      testing::HasSubstr("The PodLogOptions \"one\" is invalid: \n"
                         "* tailLines: Invalid value: -1: must be greater than or equal to 0\n"
                         "* limitBytes: Invalid value: 0: must be greater than 0\n"
                         "* stream: Forbidden: may not be specified\n"));
  EXPECT_THAT(cluster->kubectl("exec two -c a -- ls").text,
              testing::HasSubstr("pod two does not have a host assigned"));
}

TEST_F(Kubelet, NodesAreProxied) {
  EXPECT_EQ(cluster->ok("get --raw '/api/v1/nodes/node-1/proxy/stats/summary?a=b'"), "/stats/summary?a=b\n");
  EXPECT_EQ(cluster->ok(fmt::format("get --raw '/api/v1/nodes/https:node-1:{}/proxy/x/'", server->port())),
            "/x/?\n");
  EXPECT_EQ(cluster->ok("get --raw '/api/v1/proxy/nodes/node-1/pods'"), "/pods?\n");
  // Other ports of a node, but not of this machine.
  EXPECT_THAT(cluster->kubectl("get --raw /api/v1/nodes/node-1:1/proxy/").text,
              testing::HasSubstr("address not allowed"));
  EXPECT_THAT(cluster->kubectl("get --raw /api/v1/nodes/ftp:node-1:1/proxy/").text,
              testing::HasSubstr("invalid node request \"ftp:node-1:1\""));
}

http::Request exec_request() {
  http::Request request;
  request.method = "POST";
  request.path = "/api/v1/namespaces/default/pods/one/exec";
  request.query = "command=cat&stdin=true&stdout=true";
  request.headers.add("Connection", "Upgrade");
  request.headers.add("Upgrade", "SPDY/3.1");
  return request;
}

TEST_F(Kubelet, UpgradedConnectionsAreJoined) {
  std::unique_ptr<http::Client> client = cluster->client(true);
  Result<std::string> got = block_on(hear_echo(client.get(), exec_request()));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(*got, "HELLO");
}

}  // namespace
}  // namespace xebec::integration
