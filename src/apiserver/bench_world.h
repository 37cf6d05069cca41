// For benchmarks: a cluster's API server over a memory store in virtual time, so that neither sockets nor
// disk nor waiting are in the figures.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>

#include "api/gen/corev1.h"
#include "apiserver/authz/rbac/feed.h"
#include "apiserver/http/body.h"
#include "apiserver/instance.h"
#include "apiserver/registry/generic_registry.h"
#include "base/scope.h"
#include "base/sim_executor.h"
#include "security/pki/pki.h"
#include "storage/memory/memory_store.h"

namespace xebec::apiserver::bench {

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "error: %s\n", result.error().message.c_str());
  std::exit(1);
}

// A cluster of its own, ready, and what the stages need of it.
class World {
 public:
  static World& get() {
    static World* const world = new World;  // never taken down: its tasks run as long as the program
    return *world;
  }

  template <class T>
  T run(Task<T> task) {
    std::optional<T> out;
    scope_.spawn(store_result(std::move(task), out));
    executor.run_while_not([&] { return out.has_value(); }, std::chrono::hours(1));
    return std::move(*out);
  }

  http::Request post(int i) const {
    http::Request request;
    request.method = "POST";
    request.path = "/api/v1/namespaces/default/configmaps";
    request.query = "fieldManager=bench&fieldValidation=Strict";
    request.headers.add("Content-Type", "application/json");
    request.headers.add("Accept", "application/json");
    request.headers.add("User-Agent", "bench/v1 (linux/amd64)");
    request.body = body(i);
    request.connection = connection;
    return request;
  }

  static std::string body(int i) {
    return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bench-)" + std::to_string(i) +
           R"(","namespace":"default","labels":{"app":"bench"}},"data":{"a":")" + std::string(700, 'x') +
           R"(","b":"two"}})";
  }

  corev1::ConfigMap object(int i) const {
    std::vector<std::string> warnings;
    api::Object decoded = must(decode_body(post(i), expected, codec::Strictness::Strict, warnings));
    return decoded.get<corev1::ConfigMap>();
  }

  WriteOptions write_options() const {
    WriteOptions options;
    options.field_manager = "bench";
    options.request_kind = {"", "v1", "ConfigMap"};
    options.request_resource = {"", "v1", "configmaps"};
    return options;
  }

  GenericRegistry& config_maps() { return *instance->registries().generic("", "configmaps"); }

  SimExecutor executor;
  std::shared_ptr<SimClock> clock;
  std::unique_ptr<Rng> rng = make_seeded_rng(7);
  std::unique_ptr<storage::Store> store;
  Metrics metrics;
  std::unique_ptr<Instance> instance;
  std::shared_ptr<http::Connection> connection = std::make_shared<http::Connection>();
  std::string client_ca_pem;
  std::shared_ptr<rbac::Policy> policy =
      std::make_shared<rbac::Policy>();  // follows the stored roles and bindings
  Expected expected{&api::type_of<corev1::ConfigMap>(), {"", "v1", "ConfigMap"}};

 private:
  World()
      : clock(std::make_shared<SimClock>(executor, WallTime(std::chrono::seconds(1'800'000'000)))),
        scope_(executor) {
    storage::MemoryOptions memory;
    memory.clock = clock;
    memory.executor = &executor;
    store = storage::make_memory_store(std::move(memory));
    auto ca = must(pki::CertificateAuthority::create("bench", std::chrono::hours(24), clock->now()));
    pki::IssueSpec spec;
    spec.subject = {"admin", {"system:masters"}};
    spec.usages = {pki::Usage::kClient};
    pki::KeyPair admin = must(ca.issue(spec, clock->now()));
    connection->peer_chain = {must(pki::Certificate::parse_pem(admin.certificate_pem)).der()};
    client_ca_pem = ca.certificate().pem();
    InstanceEnv env;
    env.store = store.get();
    env.clock = clock;
    env.rng = rng.get();
    env.executor = &executor;
    env.metrics = &metrics;
    InstanceOptions options;
    options.client_ca_pem = client_ca_pem;
    options.service_account_key_pem = must(pki::PrivateKey::generate_ecdsa()).pem();
    instance = must(run(Instance::start(std::move(env), std::move(options))));
    run(instance->wait_ready());
    run(wait(rbac::feed_policy(scope_, instance->registries(), policy)));
  }

  static Task<bool> wait(OneShot<bool> fed) { co_return co_await fed; }

  template <class T>
  static Task<void> store_result(Task<T> task, std::optional<T>& out) {
    out.emplace(co_await std::move(task));
  }

  Scope scope_;
};

inline int next_name() {
  static int n = 0;
  return n++;
}

}  // namespace xebec::apiserver::bench
