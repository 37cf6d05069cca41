// A whole instance (registries, authentication, RBAC, admission, bootstrap objects) over a memory store in
// virtual time, for tests. Requests come from named users; the store starts empty.
#pragma once

#include "apiserver/instance.h"
#include "apiserver/test_api.h"
#include "security/pki/pki.h"

namespace xebec::apiserver::testing {

inline constexpr WallTime kInstanceStart{std::chrono::seconds(1'800'000'000)};

// Keys take long to make and mean nothing to the tests: once for all of them.
inline const std::string& token_key_pem() {
  static const std::string pem = pki::PrivateKey::generate_ecdsa().value().pem();
  return pem;
}
inline const pki::CertificateAuthority& client_ca() {
  static const pki::CertificateAuthority ca =
      pki::CertificateAuthority::create("test", std::chrono::hours(24 * 365), kInstanceStart).value();
  return ca;
}

// "admin" is of system:masters; nodes and service accounts have the groups that belong to them.
inline std::shared_ptr<const UserInfo> test_user(const std::string& name,
                                                 std::vector<std::string> groups = {}) {
  UserInfo user;
  user.name = name;
  user.groups = std::move(groups);
  if (name == "admin") user.groups.emplace_back("system:masters");
  if (name.starts_with("system:node:")) user.groups.emplace_back("system:nodes");
  const std::string account = "system:serviceaccount:";
  if (name.starts_with(account)) {
    const std::string ns = name.substr(account.size(), name.find(':', account.size()) - account.size());
    user.groups.emplace_back("system:serviceaccounts");
    user.groups.push_back("system:serviceaccounts:" + ns);
  }
  user.groups.emplace_back("system:authenticated");
  return std::make_shared<const UserInfo>(std::move(user));
}

class TestInstance {
 public:
  explicit TestInstance(InstanceOptions options = {})
      : clock(std::make_shared<SimClock>(executor, kInstanceStart)),
        rng(make_seeded_rng(7)),
        scope_(executor) {
    storage::MemoryOptions memory;
    memory.clock = clock;
    memory.executor = &executor;
    store = storage::make_memory_store(std::move(memory));
    InstanceEnv env;
    env.store = store.get();
    env.clock = clock;
    env.rng = rng.get();
    env.executor = &executor;
    env.metrics = &metrics;
    if (options.client_ca_pem.empty()) options.client_ca_pem = client_ca().certificate().pem();
    if (options.service_account_key_pem.empty()) options.service_account_key_pem = token_key_pem();
    Result<std::unique_ptr<Instance>> started = run(Instance::start(std::move(env), std::move(options)));
    EXPECT_TRUE(started) << started.error().message;
    instance = std::move(*started);
    EXPECT_TRUE(run(instance->wait_ready()));
  }
  ~TestInstance() {
    bool stopped = false;
    scope_.spawn(stop(*instance, stopped));
    executor.run_while_not([&] { return stopped; }, std::chrono::minutes(5));
    executor.run_for(std::chrono::seconds(1));
  }

  template <class T>
  T run(Task<T> task) {
    std::optional<T> out;
    scope_.spawn(keep(std::move(task), out));
    EXPECT_TRUE(executor.run_while_not([&] { return out.has_value(); }, std::chrono::hours(1)));
    return std::move(*out);
  }

  // As call.user; without one the request authenticates itself, or is anonymous.
  http::Response send(const Call& call) {
    Context context;
    if (!call.user.empty()) context.user = test_user(call.user);
    return send(call, std::move(context));
  }
  http::Response send(const Call& call, Context context,
                      std::shared_ptr<const http::Connection> connection = nullptr) {
    http::Request request;
    request.method = call.method;
    const size_t question = call.target.find('?');
    request.path = call.target.substr(0, question);
    if (question != std::string::npos) request.query = call.target.substr(question + 1);
    request.body = call.body;
    request.connection = std::move(connection);
    for (const auto& [name, value] : call.headers) request.headers.add(name, value);
    return run(instance->handler().handle(std::move(context), std::move(request)));
  }
  std::string text(http::Response& response) { return run(response.read_body()).value_or("(broken)"); }
  std::pair<int, codec::Value> call(const Call& call) {
    http::Response response = send(call);
    Result<codec::Value> value = codec::parse_json(text(response));
    return {response.status, value ? std::move(*value) : codec::Value()};
  }
  std::string message(const Call& call) { return at(this->call(call).second, {"message"}); }
  // Creates as admin; must succeed.
  codec::Value create(const std::string& collection, const std::string& body) {
    auto [status, made] = call({"POST", collection, body});
    EXPECT_EQ(status, 201) << collection << ": " << codec::to_json(made);
    return std::move(made);
  }
  void advance(Duration time) { executor.run_for(time); }

  SimExecutor executor;
  std::shared_ptr<SimClock> clock;
  std::unique_ptr<Rng> rng;
  std::unique_ptr<storage::Store> store;
  Metrics metrics;
  std::unique_ptr<Instance> instance;

 private:
  template <class T>
  static Task<void> keep(Task<T> task, std::optional<T>& out) {
    T value = co_await std::move(task);
    out.emplace(std::move(value));
  }
  static Task<void> stop(Instance& instance, bool& done) {
    co_await instance.stop();
    done = true;
  }

  Scope scope_;
};

}  // namespace xebec::apiserver::testing
