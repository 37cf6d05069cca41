// What it costs to know who asks, whether they may, and what admission says: stages of a ConfigMap's CREATE
// in docs/performance.md.
#include <benchmark/benchmark.h>

#include "apiserver/admission/plugins.h"
#include "apiserver/authn/x509.h"
#include "apiserver/authz/modes.h"
#include "apiserver/bench_world.h"

namespace xebec::apiserver {
namespace {

using bench::must;
using bench::World;

void authentication(benchmark::State& state) {
  World& world = World::get();
  auto authenticator =
      make_x509_authenticator(must(pki::CertPool::parse_pem(world.client_ca_pem)), *world.clock);
  const http::Request request = world.post(0);
  const Context context;
  for (auto _ : state)
    if (!world.run(authenticator->authenticate(context, request))) state.SkipWithError("not authenticated");
}
BENCHMARK(authentication);

// By the bootstrap policy's bindings; system:masters need none.
void authorization(benchmark::State& state) {
  World& world = World::get();
  rbac::Authorizer authorizer(world.policy);
  UserInfo user;
  user.name = "system:serviceaccount:kube-system:namespace-controller";
  user.groups = {"system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"};
  AuthorizationAttributes asked;
  asked.user = std::make_shared<const UserInfo>(std::move(user));
  asked.verb = "delete";
  asked.namespace_ = "default";
  asked.version = "v1";
  asked.resource = "configmaps";
  for (auto _ : state)
    if (authorizer.authorize(asked).decision != Decision::kAllow) state.SkipWithError("not allowed");
}
BENCHMARK(authorization);

void admission(benchmark::State& state) {
  World& world = World::get();
  AdmissionDependencies dependencies;
  dependencies.registries = &world.instance->registries();
  dependencies.authorizer = make_always_allow_authorizer();
  dependencies.policy = world.policy;
  dependencies.rng = world.rng.get();
  AdmissionChain chain = must(make_admission_chain(dependencies, AdmissionOptions()));
  api::Object object = api::Object::of(world.object(0));
  UserInfo user;
  user.name = "bench";
  AdmissionAttributes attributes;
  attributes.user = std::make_shared<const UserInfo>(std::move(user));
  attributes.kind = {"", "v1", "ConfigMap"};
  attributes.resource = {"", "v1", "configmaps"};
  attributes.namespace_ = "default";
  attributes.name = "bench-0";
  attributes.object = &object;
  const Context context;
  for (auto _ : state) {
    if (!world.run(chain.admit(context, attributes))) state.SkipWithError("not admitted");
    if (!world.run(chain.validate(context, attributes))) state.SkipWithError("not admitted");
  }
}
BENCHMARK(admission);

}  // namespace
}  // namespace xebec::apiserver
