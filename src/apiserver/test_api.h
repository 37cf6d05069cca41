// A whole API server over a memory store in virtual time, called as a handler, for tests.
#pragma once

#include <gtest/gtest.h>

#include "apiserver/registry/test_server.h"
#include "apiserver/server.h"
#include "codec/json.h"
#include "codec/value.h"

namespace xebec::apiserver::testing {

// Takes the user from X-Test-User; nobody without it.
class HeaderAuthenticator final : public Authenticator {
 public:
  Task<Result<std::shared_ptr<const UserInfo>>> authenticate(const Context&,
                                                             const http::Request& request) override {
    std::string_view name = request.headers.get("X-Test-User");
    if (name.empty()) co_return std::shared_ptr<const UserInfo>();
    UserInfo user;
    user.name = name;
    co_return std::make_shared<const UserInfo>(std::move(user));
  }
};

// Allows everything to everybody but "mallory"; only "admin" may act as others, or delete what cannot be
// read.
class NameAuthorizer final : public Authorizer {
 public:
  Verdict authorize(const AuthorizationAttributes& a) override {
    Verdict verdict;
    const bool special = a.verb == "impersonate" || a.verb == "unsafe-delete-ignore-read-errors";
    bool allowed = a.user->name != "mallory" && (!special || a.user->name == "admin");
    verdict.decision = allowed ? Decision::kAllow : Decision::kNoOpinion;
    return verdict;
  }
};

struct Call {
  std::string method, target;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string user = "admin";
};

// Of a server over these registries, for users named by a header.
inline ApiServerDependencies dependencies_of(TestServer& server, Metrics& metrics) {
  ApiServerDependencies deps;
  deps.scheme = &server.scheme;
  deps.registries = server.registries.get();
  deps.authenticator = std::make_shared<HeaderAuthenticator>();
  deps.authorizer = std::make_shared<NameAuthorizer>();
  deps.clock = server.clock.get();
  deps.rng = server.rng.get();
  deps.metrics = &metrics;
  return deps;
}

class TestApi {
 public:
  TestApi() { open(); }

  // Another server over the same store.
  void restart(RegistriesOptions options = {}) {
    api.reset();
    server.restart(std::move(options));
    open();
  }

  http::Response send(const Call& call) {
    http::Request request;
    request.method = call.method;
    size_t question = call.target.find('?');
    request.path = call.target.substr(0, question);
    if (question != std::string::npos) request.query = call.target.substr(question + 1);
    request.body = call.body;
    for (const auto& [name, value] : call.headers) request.headers.add(name, value);
    if (!call.user.empty()) request.headers.add("X-Test-User", call.user);
    return server.run(api->handle(Context(), std::move(request)));
  }
  std::string text(http::Response& response) { return server.run(response.read_body()).value_or("(broken)"); }
  codec::Value json(http::Response& response) {
    Result<codec::Value> value = codec::parse_json(text(response));
    EXPECT_TRUE(value) << value.error().message;
    return value ? std::move(*value) : codec::Value();
  }
  // Status code and the document of a call.
  std::pair<int, codec::Value> call(const Call& call) {
    http::Response response = send(call);
    return {response.status, json(response)};
  }
  // Creates a ConfigMap default/name with data k=value.
  void create_map(const std::string& name, const std::string& value = "v") {
    auto [status, made] =
        call({"POST", "/api/v1/namespaces/default/configmaps",
              R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":")" + name +
                  R"(","labels":{"app":")" + name + R"("}},"data":{"k":")" + value + R"("}})"});
    EXPECT_EQ(status, 201) << codec::to_json(made);
  }

  TestServer server;
  Metrics metrics;
  std::unique_ptr<ApiServer> api;

 private:
  void open() { api = std::make_unique<ApiServer>(ApiServerOptions(), dependencies_of(server, metrics)); }
};

inline std::string at(const codec::Value& value, std::initializer_list<std::string_view> path) {
  const codec::Value* found = value.at_path(path);
  if (!found) return "(absent)";
  return found->is_string() ? std::string(found->string_or()) : codec::to_json(*found);
}

}  // namespace xebec::apiserver::testing
