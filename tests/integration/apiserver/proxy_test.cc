// The proxies of Pods, Services and nodes, with servers on real sockets behind them.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cluster.h"
#include "codec/json.h"
#include "codec/value.h"
#include "echo.h"

namespace xebec::integration {
namespace {

using testing::HasSubstr;

// Tells what it was asked.
class Backend final : public http::Handler {
 public:
  Task<http::Response> handle(Context, http::Request request) override {
    if (request.headers.has("Upgrade")) co_return echoing(request);
    http::Response response;
    if (request.path == "/page") {
      response.headers.add("Content-Type", "text/html; charset=utf-8");
      response.headers.add("Access-Control-Allow-Origin", "*");
      response.set_body(R"(<a href="/next">next</a><a href="other">other</a>)");
    } else if (request.path == "/moved") {
      response.status = 302;
      response.headers.add("Location", "/next?a=b");
    } else {
      response.status = request.path == "/teapot" ? 418 : 200;
      response.headers.add("Content-Type", "text/plain");
      response.set_body(fmt::format("{} {}?{} {} uri={} auth={}", request.method, request.path, request.query,
                                    request.body, request.headers.get("X-Forwarded-Uri"),
                                    request.headers.get("Authorization")));
    }
    co_return response;
  }
};

class Proxies : public testing::Test {
 protected:
  void SetUp() override {
    if (!have_kubectl()) GTEST_SKIP() << "no kubectl on this machine";
    cluster = std::make_unique<Cluster>();
    plain = listen(http::ServerOptions());
    secure = listen(cluster->server_options("a Pod"));
    cluster->make_default_service_account();
    make_objects();
    client = cluster->client(true);
  }
  void TearDown() override {
    client.reset();
    plain.reset();
    secure.reset();
    cluster.reset();
  }

  std::unique_ptr<http::Server> listen(http::ServerOptions options) {
    auto listening = http::Server::listen(cluster->pool(), std::move(options), backend);
    EXPECT_TRUE(listening) << listening.error().message;
    return std::move(*listening);
  }

  void make_objects() {
    cluster->ok("create -f -", fmt::format(R"(
apiVersion: v1
kind: Pod
metadata: {{name: web}}
spec: {{containers: [{{name: c, image: i, ports: [{{containerPort: {0}}}]}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: local}}
spec: {{containers: [{{name: c, image: i}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{ports: [{{name: http, port: 80}}, {{name: https, port: 443}}]}}
---
apiVersion: v1
kind: Endpoints
metadata: {{name: web}}
subsets:
- addresses: [{{ip: {2}, targetRef: {{kind: Pod, name: web, namespace: default}}}}]
  ports: [{{name: http, port: {0}}}, {{name: https, port: {1}}}]
---
apiVersion: v1
kind: Service
metadata: {{name: foreign}}
spec: {{ports: [{{port: 80}}]}}
---
apiVersion: v1
kind: Endpoints
metadata: {{name: foreign}}
subsets: [{{addresses: [{{ip: {2}}}], ports: [{{port: {0}}}]}}]
)",
                                           plain->port(), secure->port(), kPodAddress));
    const auto address = [this](const std::string& pod, const std::string& ip) {
      cluster->ok("patch pod " + pod + " --subresource=status --type=merge -p '" +
                  fmt::format(R"({{"status":{{"podIP":"{0}","podIPs":[{{"ip":"{0}"}}]}}}})", ip) + "'");
    };
    address("web", kPodAddress);
    address("local", "127.0.0.1");
  }

  struct Answer {
    int status = 0;
    http::Headers headers;
    std::string body;
  };
  Answer ask(const std::string& path, const std::string& method = "GET", const std::string& body = "") {
    http::Request request;
    request.method = method;
    const size_t question = path.find('?');
    request.path = path.substr(0, question);
    if (question != std::string::npos) request.query = path.substr(question + 1);
    request.body = body;
    Result<http::Response> response = block_on(client->send(Context(), std::move(request)));
    if (!response) return {0, {}, response.error().message};
    Result<std::string> text = block_on(response->read_body());
    return {response->status, response->headers, text ? *text : text.error().message};
  }
  // What a Status says.
  std::string message(const Answer& answer) {
    auto status = codec::parse_json(answer.body);
    const codec::Value* text = status ? status->at_path({"message"}) : nullptr;
    return fmt::format("{} {}", answer.status, text ? std::string(text->string_or()) : answer.body);
  }

  Backend backend;
  std::unique_ptr<Cluster> cluster;
  std::unique_ptr<http::Server> plain, secure;
  std::unique_ptr<http::Client> client;
};

const std::string kNamespace = "/api/v1/namespaces/default/";

TEST_F(Proxies, PodsAreReachedByAllForms) {
  const std::string port = std::to_string(plain->port()), tls = std::to_string(secure->port());
  for (const std::string& path :
       {kNamespace + "pods/web/proxy", kNamespace + "pods/web:" + port + "/proxy",
        kNamespace + "pods/http:web:" + port + "/proxy", kNamespace + "pods/https:web:" + tls + "/proxy",
        std::string("/api/v1/proxy/namespaces/default/pods/web"),
        "/api/v1/proxy/namespaces/default/pods/web:" + port,
        "/api/v1/proxy/namespaces/default/pods/https:web:" + tls}) {
    const Answer answer = ask(path + "/a/b%20c/?d=e");
    EXPECT_EQ(answer.status, 200) << path << ": " << answer.body;
    EXPECT_EQ(answer.body, "GET /a/b%20c/?d=e  uri=" + path + "/a/b%20c/ auth=") << path;
  }
  EXPECT_EQ(ask(kNamespace + "pods/web/proxy/x", "POST", "body").body,
            "POST /x? body uri=" + kNamespace + "pods/web/proxy/x auth=");
  EXPECT_EQ(ask(kNamespace + "pods/web/proxy/teapot").status, 418);
  const Answer bare = ask(kNamespace + "pods/web/proxy?a=b");
  EXPECT_EQ(bare.status, 301);
  EXPECT_EQ(bare.headers.get("Location"), kNamespace + "pods/web/proxy/?a=b");
}

TEST_F(Proxies, ServicesAreReachedByNameOrNumberOfThePort) {
  for (const char* name : {"web:http", "web:80", "http:web:80", "https:web:https", "https:web:443"}) {
    const std::string path = kNamespace + "services/" + name + "/proxy";
    EXPECT_EQ(ask(path + "/x").body, "GET /x?  uri=" + path + "/x auth=") << name;
    const std::string old = std::string("/api/v1/proxy/namespaces/default/services/") + name;
    EXPECT_EQ(ask(old + "/x").body, "GET /x?  uri=" + old + "/x auth=") << name;
  }
}

TEST_F(Proxies, LinksAndRedirectionsLeadThroughTheProxy) {
  const std::string path = kNamespace + "services/web:http/proxy";
  const Answer page = ask(path + "/page");
  EXPECT_EQ(page.body, R"(<a href=")" + path + R"(/next">next</a><a href="other">other</a>)");
  EXPECT_FALSE(page.headers.has("Access-Control-Allow-Origin"));
  const Answer moved = ask(path + "/moved");
  EXPECT_EQ(moved.status, 302);
  EXPECT_EQ(moved.headers.get("Location"), path + "/next?a=b");
}

TEST_F(Proxies, MistakesAreToldInUpstreamsWords) {
  EXPECT_EQ(message(ask(kNamespace + "pods/a:b:c:d/proxy/")), "400 invalid pod request \"a:b:c:d\"");
  EXPECT_EQ(message(ask(kNamespace + "services/ftp:web:80/proxy/")),
            "400 invalid service request \"ftp:web:80\"");
  EXPECT_EQ(message(ask(kNamespace + "pods/none/proxy/")), "404 pods \"none\" not found");
  EXPECT_EQ(message(ask(kNamespace + "pods/local:80/proxy/")), "400 address not allowed");
  EXPECT_EQ(message(ask(kNamespace + "services/none/proxy/")), "404 endpoints \"none\" not found");
  EXPECT_EQ(message(ask(kNamespace + "services/web:81/proxy/")),
            "503 no service port 81 found for service \"web\"");
  EXPECT_EQ(message(ask(kNamespace + "services/web/proxy/")),
            "503 no endpoints available for service \"web\"");
  // An address that is no Pod's is none of the API server's business.
  EXPECT_EQ(message(ask(kNamespace + "services/foreign/proxy/")),
            "503 no endpoints available for service \"foreign\"");
  EXPECT_THAT(message(ask(kNamespace + "pods/web:1/proxy/")),
              HasSubstr("503 error trying to reach service: "));
  EXPECT_EQ(ask("/api/v1/proxy/namespaces/default/configmaps/web/").status, 404);
}

http::Request socket_request(std::string path) {
  http::Request request;
  request.method = "GET";
  request.path = std::move(path);
  request.headers.add("Connection", "Upgrade");
  request.headers.add("Upgrade", "websocket");
  request.headers.add("Sec-WebSocket-Version", "13");
  request.headers.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  return request;
}

TEST_F(Proxies, UpgradedConnectionsAreJoined) {
  for (const std::string& path :
       {kNamespace + "pods/web/proxy/socket", kNamespace + "services/https:web:443/proxy/"}) {
    Result<std::string> got = block_on(hear_echo(client.get(), socket_request(path)));
    ASSERT_TRUE(got) << path << ": " << got.error().message;
    EXPECT_EQ(*got, "HELLO");
  }
}

}  // namespace
}  // namespace xebec::integration
