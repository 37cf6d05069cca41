// Two servers over one store, each with its own view of what Services hold.
#include <set>

#include "apiserver/registry/test_server.h"

namespace xebec::apiserver {
namespace {

using testing::TestServer;

RegistriesOptions shared_options() {
  RegistriesOptions options;
  options.service_cidr = "10.96.0.0/28";
  options.first_node_port = 30000;
  options.last_node_port = 30019;
  options.shared_store = true;
  return options;
}

class SharedPools : public ::testing::Test {
 protected:
  SharedPools() : first_(shared_options()), scope_(first_.executor) {
    RegistryEnv env;
    env.scheme = &first_.scheme;
    env.store = first_.store.get();
    env.clock = first_.clock.get();
    env.rng = first_.rng.get();
    second_ = *Registries::make(env, shared_options(), Logger());
    EXPECT_TRUE(first_.run(second_->start()));
    scope_.spawn(second_->run(scope_.token()));
    corev1::Namespace ns;
    ns.metadata.name = "default";
    EXPECT_TRUE(first_.create(first_.registry("", "namespaces"), "", api::Object::of(std::move(ns))));
  }
  ~SharedPools() override {
    scope_.cancel();
    first_.executor.run_for(std::chrono::seconds(1));
    block_on(scope_.join());
  }

  GenericRegistry& services(int server) {
    return server == 0 ? first_.registry("", "services") : *second_->generic("", "services");
  }
  static corev1::Service service(const std::string& name, const std::string& ip = "") {
    corev1::Service out;
    out.metadata.name = name;
    out.metadata.namespace_ = "default";
    out.spec.type = "NodePort";
    out.spec.ports.emplace_back().port = 80;
    out.spec.clusterIP = ip;
    return out;
  }
  Result<corev1::Service> create(int server, corev1::Service wanted) {
    api::Object object = api::Object::of(std::move(wanted));
    api::apply_defaults(object);
    Result<WriteResult> made = first_.create(services(server), "default", std::move(object));
    if (!made) return fail(made.error());
    return made->object.get<corev1::Service>();
  }

  TestServer first_;
  Scope scope_;
  std::unique_ptr<Registries> second_;
};

TEST_F(SharedPools, NothingIsGivenOutTwice) {
  std::set<std::string> addresses;
  std::set<int32_t> ports;
  for (int i = 0; i < 14; ++i) {
    Result<corev1::Service> made = create(i % 2, service("s" + std::to_string(i)));
    ASSERT_TRUE(made) << i << ": " << made.error().message;
    EXPECT_TRUE(addresses.insert(made->spec.clusterIP).second) << made->spec.clusterIP;
    EXPECT_TRUE(ports.insert(made->spec.ports.at(0).nodePort).second) << made->spec.ports[0].nodePort;
  }
  Result<corev1::Service> full = create(0, service("full"));
  ASSERT_FALSE(full);
  EXPECT_NE(full.error().message.find("range is full"), std::string::npos) << full.error().message;
}

TEST_F(SharedPools, WhatTheOtherServerHasTakenIsRefusedAndFreeAgainWhenItIsGone) {
  Result<corev1::Service> taken = create(0, service("a"));
  ASSERT_TRUE(taken) << taken.error().message;
  const std::string address = taken->spec.clusterIP;
  Result<corev1::Service> again = create(1, service("b", address));
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find("provided IP is already allocated"), std::string::npos)
      << again.error().message;
  ASSERT_TRUE(first_.remove(services(0), "default", "a"));
  again = create(1, service("b", address));
  EXPECT_TRUE(again) << again.error().message;
}

TEST_F(SharedPools, AnUpdateThatTakesAPortSeesTheOthers) {
  corev1::Service inner = service("a");
  inner.spec.type = "ClusterIP";
  ASSERT_TRUE(create(0, inner));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(create(1, service("s" + std::to_string(i))));
  Result<WriteResult> opened =
      first_.update<corev1::Service>(services(0), "default", "a", [](corev1::Service& s) {
        s.spec.type = "NodePort";
        s.spec.externalTrafficPolicy = "Cluster";
      });
  ASSERT_TRUE(opened) << opened.error().message;
  const int32_t port = opened->object.get<corev1::Service>().spec.ports.at(0).nodePort;
  for (int i = 0; i < 10; ++i) {
    Result<EntryPtr> other = first_.get(services(1), "default", "s" + std::to_string(i));
    ASSERT_TRUE(other);
    EXPECT_NE((*(*other)->object())->get<corev1::Service>().spec.ports.at(0).nodePort, port);
  }
}

}  // namespace
}  // namespace xebec::apiserver
