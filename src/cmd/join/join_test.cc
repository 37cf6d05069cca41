#include <gtest/gtest.h>

#include <filesystem>

#include "api/gen/certificatesv1.h"
#include "apiserver/bootstrap/joining.h"
#include "client/testing/sim.h"
#include "cmd/join/certificate_request.h"
#include "cmd/join/certificate_store.h"
#include "cmd/join/discovery.h"
#include "cmd/join/serving_keys.h"
#include "cmd/join/switching_client.h"
#include "security/bootstrap_token.h"

namespace xebec::cmd {
namespace {

using namespace std::chrono_literals;

const WallTime kNow(1764460800s);

const pki::CertificateAuthority& ca() {
  static const pki::CertificateAuthority made =
      pki::CertificateAuthority::create("kubernetes", std::chrono::hours(24 * 3650), kNow).value();
  return made;
}

class Discovery : public ::testing::Test {
 protected:
  Discovery() {
    options.server = "https://10.0.0.1:6443";
    options.token = "abcdef.0123456789abcdef";
    options.ca_hashes = {public_key_hash(ca().certificate().pem())};
    std::string kubeconfig =
        apiserver::cluster_info_kubeconfig({"https://10.0.0.1:6443", ca().certificate().pem()});
    data["kubeconfig"] = kubeconfig;
    data["jws-kubeconfig-abcdef"] = bootstrap_token::sign(kubeconfig, *bootstrap_token::parse(options.token));
  }
  std::string why_not() {
    Result<std::string> trusted = trusted_ca(data, options);
    if (trusted) {
      EXPECT_EQ(*trusted, ca().certificate().pem());
    }
    return trusted ? "" : trusted.error().message;
  }
  std::string misuse() {
    Result<void> checked = check_join(options);
    return checked ? "" : checked.error().message;
  }

  JoinOptions options;
  api::FlatMap<std::string> data;
};

TEST_F(Discovery, BelievesWhatTheTokenHasSignedAndThePinKnows) { EXPECT_EQ(why_not(), ""); }

TEST_F(Discovery, AnotherCaIsNotThePinnedOne) {
  pki::CertificateAuthority other = pki::CertificateAuthority::create("kubernetes", 24h, kNow).value();
  std::string real = options.ca_hashes[0];
  options.ca_hashes = {public_key_hash(other.certificate().pem())};
  EXPECT_EQ(why_not(), "cluster CA found in cluster-info ConfigMap is invalid: none of the public keys \"" +
                           real + "\" are pinned");
  options.ca_hashes.push_back(real);
  EXPECT_EQ(why_not(), "") << "one of several will do";
}

TEST_F(Discovery, WhatWasChangedOnTheWayIsNotBelieved) {
  data["kubeconfig"] += "\n";
  EXPECT_EQ(why_not(),
            "failed to verify JWS signature of received cluster info object, can't trust this API Server");
  data.erase("jws-kubeconfig-abcdef");
  EXPECT_EQ(why_not(),
            "could not find a JWS signature in the cluster-info ConfigMap for token ID \"abcdef\"");
  data.erase("kubeconfig");
  EXPECT_EQ(why_not(), "there is no kubeconfig key in the cluster-info ConfigMap");
}

TEST_F(Discovery, FlagsThatCannotWorkAreRefused) {
  EXPECT_EQ(misuse(), "");
  options.ca_hashes.clear();
  EXPECT_EQ(misuse(),
            "--discovery-token-ca-cert-hash is needed, or --discovery-token-unsafe-skip-ca-verification");
  options.unsafe_skip_ca = true;
  EXPECT_EQ(misuse(), "");
  options.ca_hashes = {"md5:00"};
  EXPECT_NE(misuse(), "");
  options.ca_hashes.clear();
  options.token = "short";
  EXPECT_NE(misuse(), "");
  options.token = "abcdef.0123456789abcdef";
  options.server = "";
  EXPECT_EQ(misuse(), "--token needs --server");
}

TEST(CertificateStore, KeepsTheNewestUnderOneName) {
  char name[] = "/tmp/xebec-cs-XXXXXX";
  std::string dir = mkdtemp(name);
  CertificateStore store(dir + "/pki", "kubelet-client");
  EXPECT_FALSE(store.load(kNow));
  pki::IssueSpec spec;
  spec.subject.common_name = "one";
  spec.usages = {pki::Usage::kClient};
  spec.validity = 1h;
  ASSERT_TRUE(store.save(ca().issue(spec, kNow).value(), kNow));
  spec.subject.common_name = "two";
  ASSERT_TRUE(store.save(ca().issue(spec, kNow).value(), kNow + 1s));
  std::optional<pki::KeyPair> keys = store.load(kNow);
  ASSERT_TRUE(keys);
  EXPECT_EQ(pki::Certificate::parse_pem(keys->certificate_pem)->subject().common_name, "two");
  EXPECT_TRUE(std::filesystem::is_symlink(store.current_path()));
  EXPECT_FALSE(store.load(kNow + 2h)) << "it is over";
  pki::KeyPair mixed = ca().issue(spec, kNow).value();
  mixed.key_pem = ca().issue(spec, kNow)->key_pem;
  ASSERT_TRUE(store.save(mixed, kNow + 2s));
  EXPECT_FALSE(store.load(kNow)) << "the key of another certificate";
  std::filesystem::remove_all(dir);
}

TEST(CertificateStore, RenewalIsAfterSeventyToNinetyPercent) {
  pki::IssueSpec spec;
  spec.subject.common_name = "one";
  spec.validity = 100min;
  pki::Certificate certificate = pki::Certificate::parse_pem(ca().issue(spec, kNow)->certificate_pem).value();
  auto whole = certificate.not_after() - certificate.not_before();
  auto off = [&](double part, int tenths) {
    auto exact = certificate.not_before() + whole * tenths / 10;
    return std::abs((renewal_time(certificate, part) - exact).count());
  };
  EXPECT_LT(off(0, 7), 1000000) << "nanoseconds";
  EXPECT_LT(off(1, 9), 1000000);
}

// Somebody approves and signs, or does not.
class Request : public ::testing::Test {
 protected:
  using Csr = certificatesv1::CertificateSigningRequest;
  Task<void> ask(CertificateWish wish) {
    CancelToken never;
    answer = co_await request_certificate(sim.rest, std::move(wish), std::move(never));
  }
  Csr only() {
    std::vector<Csr> all = sim.api->list<Csr>();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? Csr() : all[0];
  }
  std::optional<Result<pki::KeyPair>> answer;
  client::testing::Sim sim;
};

TEST_F(Request, WaitsForTheCertificateAndKeepsTheKey) {
  sim.scope.spawn(ask(kubelet_serving_wish("n1", "10.0.0.7")));
  sim.run_for(10s);
  EXPECT_FALSE(answer);
  Csr csr = only();
  EXPECT_EQ(csr.spec.signerName, "kubernetes.io/kubelet-serving");
  EXPECT_EQ(csr.spec.usages, (std::vector<std::string>{"digital signature", "server auth"}));
  pki::CertificateRequest request = pki::CertificateRequest::parse_pem(csr.spec.request.data).value();
  EXPECT_EQ(request.subject.common_name, "system:node:n1");
  EXPECT_EQ(request.ip_addresses, std::vector<std::string>{"10.0.0.7"});
  std::vector<pki::Usage> usages = {pki::Usage::kServer};
  csr.status.certificate = api::Bytes(ca().sign(request, usages, 1h, kNow).value());
  sim.api->put(csr);
  sim.run_for(1s);
  ASSERT_TRUE(answer && answer->has_value());
  pki::PrivateKey key = pki::PrivateKey::parse_pem((*answer)->key_pem).value();
  pki::Certificate certificate = pki::Certificate::parse_pem((*answer)->certificate_pem).value();
  EXPECT_TRUE(key.public_key() == certificate.public_key());
}

TEST_F(Request, ADenialEndsTheWait) {
  sim.scope.spawn(ask(kubelet_client_wish("n1")));
  sim.run_for(1s);
  Csr csr = only();
  EXPECT_EQ(csr.spec.signerName, "kubernetes.io/kube-apiserver-client-kubelet");
  auto& condition = csr.status.conditions.emplace_back();
  condition.type = "Denied";
  condition.reason = "Unknown";
  condition.message = "never seen it";
  sim.api->put(csr);
  sim.run_for(1s);
  ASSERT_TRUE(answer && !answer->has_value());
  EXPECT_EQ(answer->error().message,
            "Internal error occurred: certificate signing request is denied, reason: Unknown, message: never "
            "seen it");
}

TEST_F(Request, WithoutADecisionTheWaitEnds) {
  sim.scope.spawn(ask(kubelet_client_wish("n1")));
  sim.run_for(16min);
  EXPECT_TRUE(answer && !answer->has_value());
}

TEST(ServingKeys, FollowersHearOfNewOnes) {
  ServingKeys keys(pki::KeyPair{"a", "b"});
  std::vector<std::string> heard;
  int id = keys.follow([&](const pki::KeyPair& pair) { heard.push_back(pair.certificate_pem); });
  keys.set(pki::KeyPair{"c", "d"});
  keys.leave(id);
  keys.set(pki::KeyPair{"e", "f"});
  EXPECT_EQ(heard, std::vector<std::string>{"c"});
  EXPECT_EQ(keys.current().certificate_pem, "e");
}

TEST(SwitchingClient, FailsUntilThereAreCredentials) {
  client::testing::Sim sim;
  auto client = std::make_shared<SwitchingClient>();
  http::Request request;
  request.method = "GET";
  request.path = "/";
  Result<http::Response> none = sim.await(client->send(Context(), request));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, 503);
  auto user = std::make_shared<UserInfo>();
  client->set(std::make_shared<client::InProcessClient>(sim.api, sim.executor, user));
  EXPECT_TRUE(sim.await(client->send(Context(), request)));
}

}  // namespace
}  // namespace xebec::cmd
