#include "apiserver/authn/protocol_token.h"

#include <gtest/gtest.h>

#include "apiserver/test_instance.h"
#include "apiserver/walk/backend.h"
#include "security/pki/digest.h"

namespace xebec::apiserver {
namespace {

const std::string kToken = "base64url.bearer.authorization.k8s.io.dG9rZW4";  // "token"

http::Request socket(const std::vector<std::string>& protocols) {
  http::Request request;
  request.headers.add("Connection", "keep-alive, Upgrade");
  request.headers.add("Upgrade", "WebSocket");
  for (const std::string& list : protocols) request.headers.add("Sec-WebSocket-Protocol", list);
  return request;
}

TEST(ProtocolToken, StandsAmongTheSubprotocolsOfAWebSocket) {
  EXPECT_EQ(protocol_token(socket({kToken + ", v5.channel.k8s.io"})), "token");
  EXPECT_EQ(protocol_token(socket({"v5.channel.k8s.io", kToken})), "token");
  EXPECT_EQ(protocol_token(socket({"v5.channel.k8s.io"})), "");
  http::Request plain = socket({kToken + ", v5.channel.k8s.io"});
  plain.headers.set("Upgrade", "SPDY/3.1");
  EXPECT_EQ(protocol_token(plain), "");
}

TEST(ProtocolToken, IsRefusedWhenItIsNotAsItMustBe) {
  const std::string prefix = "base64url.bearer.authorization.k8s.io.";
  auto refusal = [](const std::vector<std::string>& protocols) {
    const Result<std::string> token = protocol_token(socket(protocols));
    return token ? "(none)" : token.error().message;
  };
  EXPECT_EQ(refusal({kToken}), "missing additional subprotocol");
  EXPECT_EQ(refusal({kToken, kToken, "a"}), "multiple base64.bearer.authorization tokens specified");
  EXPECT_EQ(refusal({prefix + "!!", "a"}), "invalid base64.bearer.authorization token encoding");
  EXPECT_EQ(refusal({prefix + "_w", "a"}), "invalid base64.bearer.authorization token");
}

TEST(ProtocolToken, IsDroppedFromWhatIsPassedOn) {
  http::Request request = socket({"a, " + kToken, "b"});
  drop_protocol_token(request.headers);
  EXPECT_EQ(request.headers.all("Sec-WebSocket-Protocol").size(), 1u);
  EXPECT_EQ(request.headers.get("Sec-WebSocket-Protocol"), "a,b");
  request = socket({"a, b"});
  drop_protocol_token(request.headers);
  EXPECT_EQ(request.headers.get("Sec-WebSocket-Protocol"), "a, b");
  request = socket({kToken});
  drop_protocol_token(request.headers);
  EXPECT_FALSE(request.headers.has("Sec-WebSocket-Protocol"));
}

// A kubelet that remembers what it was sent.
class Witness final : public http::Client {
 public:
  Task<Result<http::Response>> send(Context, http::Request) override { co_return http::Response(); }
  Task<Result<std::unique_ptr<http::ByteStream>>> upgrade(Context, http::Request request,
                                                          http::Headers& answered) override {
    headers = request.headers;
    answered.add("Upgrade", "websocket");
    std::unique_ptr<http::ByteStream> stream = std::make_unique<testing::SilentStream>();
    co_return stream;
  }
  http::Headers headers;
};

TEST(ProtocolToken, AuthenticatesAndDoesNotReachKubelets) {
  auto kubelet = std::make_shared<Witness>();
  InstanceOptions options;
  options.kubelet_clients = [kubelet](const std::string&, int) { return kubelet; };
  testing::TestInstance instance(std::move(options));
  instance.create("/api/v1/namespaces/default/serviceaccounts", R"({"metadata":{"name":"default"}})");
  instance.create("/api/v1/namespaces/default/serviceaccounts", R"({"metadata":{"name":"robot"}})");
  instance.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
                  R"({"metadata":{"name":"robot"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io",)"
                  R"("kind":"ClusterRole","name":"cluster-admin"},)"
                  R"("subjects":[{"kind":"ServiceAccount","name":"robot","namespace":"default"}]})");
  instance.create(
      "/api/v1/nodes",
      R"({"metadata":{"name":"n"},"status":{"addresses":[{"type":"InternalIP","address":"192.0.2.1"}]}})");
  instance.create(
      "/api/v1/namespaces/default/pods",
      R"({"metadata":{"name":"p"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"i"}]}})");
  const codec::Value made =
      instance.create("/api/v1/namespaces/default/serviceaccounts/robot/token", R"({"spec":{}})");
  const std::string token = pki::base64url(testing::at(made, {"status", "token"}));
  testing::Call call;
  call.method = "GET";
  call.target = "/api/v1/namespaces/default/pods/p/exec?command=ls&stdout=1";
  call.user = "";
  call.headers = {{"Connection", "Upgrade"},
                  {"Upgrade", "websocket"},
                  {"Sec-WebSocket-Protocol", "v5.channel.k8s.io, base64url.bearer.authorization.k8s.io." +
                                                 token + ", v4.channel.k8s.io"}};
  EXPECT_EQ(instance.send(call).status, 101);
  EXPECT_EQ(kubelet->headers.get("Sec-WebSocket-Protocol"), "v5.channel.k8s.io,v4.channel.k8s.io");
  EXPECT_EQ(kubelet->headers.get("Upgrade"), "websocket");
  for (const auto& [name, value] : kubelet->headers) EXPECT_EQ(value.find(token), std::string::npos) << name;
  // Another one is nobody's.
  call.headers.back().second = "v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.bm9uc2Vuc2U";
  EXPECT_EQ(instance.send(call).status, 401);
}

}  // namespace
}  // namespace xebec::apiserver
