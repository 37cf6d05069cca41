#include <gtest/gtest.h>

#include "api/gen/authorizationv1.h"
#include "controllers/certificates/approver.h"
#include "controllers/certificates/signer.h"
#include "controllers/testing/harness.h"

namespace xebec::controllers {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> kClientUsages = {"digital signature", "client auth"};
const std::vector<std::string> kServingUsages = {"digital signature", "server auth"};

Csr csr(const std::string& name, std::string_view signer, const std::string& common_name,
        std::vector<std::string> dns = {}, std::vector<std::string> ips = {},
        std::vector<std::string> organizations = {"system:nodes"}) {
  static const pki::PrivateKey key = pki::PrivateKey::generate_ecdsa().value();
  Csr out;
  out.metadata.name = name;
  out.metadata.creationTimestamp = api::Time::from_unix(1764460800);
  out.spec.signerName = signer;
  out.spec.request =
      api::Bytes(pki::make_certificate_request(key, {common_name, organizations}, dns, ips).value());
  out.spec.usages = signer == kKubeletServingSigner ? kServingUsages : kClientUsages;
  out.spec.username = common_name;
  out.spec.groups = {"system:nodes", "system:authenticated"};
  return out;
}

std::string refusal(const Csr& one) {
  Result<pki::CertificateRequest> request = parse_request(one);
  if (!request) return request.error().message;
  Result<void> right = check_for_signer(one, *request);
  return right ? "" : right.error().message;
}

TEST(CertificateRequests, OfKubeletClientsNameANodeAndNothingElse) {
  EXPECT_EQ(refusal(csr("a", kKubeletClientSigner, "system:node:n1")), "");
  EXPECT_EQ(refusal(csr("a", kKubeletClientSigner, "n1")),
            "subject common name does not begin with system:node:");
  EXPECT_EQ(refusal(csr("a", kKubeletClientSigner, "system:node:n1", {}, {}, {"system:masters"})),
            "subject organization is not system:nodes");
  EXPECT_EQ(
      refusal(csr("a", kKubeletClientSigner, "system:node:n1", {}, {}, {"system:nodes", "system:masters"})),
      "subject organization is not system:nodes");
  EXPECT_EQ(refusal(csr("a", kKubeletClientSigner, "system:node:n1", {"n1"})),
            "DNS subjectAltNames are not allowed");
  EXPECT_EQ(refusal(csr("a", kKubeletClientSigner, "system:node:n1", {}, {"10.0.0.1"})),
            "IP subjectAltNames are not allowed");
  Csr wrong = csr("a", kKubeletClientSigner, "system:node:n1");
  wrong.spec.usages = kServingUsages;
  EXPECT_EQ(refusal(wrong), "usages did not match [client auth digital signature key encipherment]");
  wrong.spec.usages = {"key encipherment", "digital signature", "client auth"};
  EXPECT_EQ(refusal(wrong), "");
  wrong.spec.request = api::Bytes("rubbish");
  EXPECT_NE(refusal(wrong).find("unable to parse csr \"a\": "), std::string::npos);
}

TEST(CertificateRequests, OfServingKubeletsHaveAnAddress) {
  EXPECT_EQ(refusal(csr("a", kKubeletServingSigner, "system:node:n1", {"n1"}, {"10.0.0.1"})), "");
  EXPECT_EQ(refusal(csr("a", kKubeletServingSigner, "system:node:n1")),
            "DNS or IP subjectAltName is required");
}

TEST(CertificateRequests, OfApiClientsAreForClients) {
  Csr client = csr("a", kApiClientSigner, "jane");
  EXPECT_EQ(refusal(client), "");
  client.spec.usages = kServingUsages;
  EXPECT_EQ(refusal(client), "invalid usage for client certificate: server auth");
  client.spec.usages = {"digital signature"};
  EXPECT_EQ(refusal(client), "missing required usage for client certificate: client auth");
}

// The API says who may create which subresource.
class Approving : public ::testing::Test {
 protected:
  Approving() {
    harness_.sim.api->set_hook([this](const http::Request& request) -> std::optional<http::Response> {
      if (!request.path.ends_with("/subjectaccessreviews")) return std::nullopt;
      bool yes = request.body.find("\"" + allowed_ + "\"") != std::string::npos ||
                 request.body.find(allowed_) != std::string::npos;
      reviews_.push_back(request.body);
      http::Response response;
      response.status = 201;
      response.headers.add("Content-Type", "application/json");
      response.set_body(
          std::string(
              R"({"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","status":{"allowed":)") +
          (yes && !allowed_.empty() ? "true}}" : "false}}"));
      return response;
    });
  }
  // The message of the approval; empty without one.
  std::string approval(const std::string& name) {
    auto found = harness_.sim.api->get<Csr>("", name);
    if (!found) return "(gone)";
    for (const auto& condition : found->status.conditions) {
      if (condition.type == "Approved") return condition.reason + ": " + condition.message;
    }
    return "";
  }
  void put(Csr one) {
    harness_.sim.api->put(std::move(one));
    harness_.sim.run_for(1s);
  }
  std::string allowed_;
  std::vector<std::string> reviews_;
  testing::Harness<CsrApprovingController> harness_;
};

TEST_F(Approving, ABootstrapperGetsACertificateForANewNode) {
  allowed_ = "nodeclient";
  Csr one = csr("new", kKubeletClientSigner, "system:node:n1");
  one.spec.username = "system:bootstrap:abcdef";
  one.spec.groups = {"system:bootstrappers", "system:authenticated"};
  put(one);
  EXPECT_EQ(approval("new"),
            "AutoApproved: Auto approving kubelet client certificate after SubjectAccessReview.");
  EXPECT_EQ(reviews_.size(), 1U) << "it is not its own node that it asks for";
}

TEST_F(Approving, ANodeRenewsItsOwn) {
  allowed_ = "selfnodeclient";
  put(csr("renew", kKubeletClientSigner, "system:node:n1"));
  EXPECT_EQ(approval("renew"),
            "AutoApproved: Auto approving self kubelet client certificate after SubjectAccessReview.");
}

TEST_F(Approving, NobodyElseIsApproved) {
  put(csr("refused", kKubeletClientSigner, "system:node:n1"));
  EXPECT_EQ(approval("refused"), "");
  EXPECT_GE(reviews_.size(), 2U);
  allowed_ = "nodeclient";
  put(csr("serving", kKubeletServingSigner, "system:node:n1", {"n1"}));
  put(csr("client", kApiClientSigner, "system:node:n1"));
  Csr master = csr("master", kKubeletClientSigner, "system:node:n1", {}, {}, {"system:masters"});
  put(master);
  Csr denied = csr("denied", kKubeletClientSigner, "system:node:n1");
  denied.status.conditions.emplace_back().type = "Denied";
  put(denied);
  for (const char* name : {"serving", "client", "master", "denied"}) EXPECT_EQ(approval(name), "") << name;
}

TEST(ServingApproval, IsForTheNodesOwnAddresses) {
  corev1::Node node;
  node.metadata.name = "n1";
  for (const char* address : {"10.0.0.1", "n1"}) node.status.addresses.emplace_back().address = address;
  auto why_not = [&](const Csr& one, const corev1::Node* of) {
    return serving_refusal(one, parse_request(one).value(), of);
  };
  Csr good = csr("a", kKubeletServingSigner, "system:node:n1", {"n1"}, {"10.0.0.1"});
  EXPECT_EQ(why_not(good, &node), "");
  EXPECT_EQ(why_not(good, nullptr), "node \"n1\" not found");
  EXPECT_EQ(why_not(csr("a", kKubeletServingSigner, "system:node:n1", {"n1"}, {"10.0.0.2"}), &node),
            "\"10.0.0.2\" is no address of the node");
  EXPECT_EQ(why_not(csr("a", kKubeletServingSigner, "system:node:n1", {"kubernetes.default"}), &node),
            "\"kubernetes.default\" is no address of the node");
  Csr other = good;
  other.spec.username = "system:node:n2";
  EXPECT_EQ(why_not(other, &node), "\"system:node:n2\" asks for a certificate of \"system:node:n1\"");
  Csr stranger = good;
  stranger.spec.groups = {"system:authenticated"};
  EXPECT_EQ(why_not(stranger, &node), "not requested by a node: user \"system:node:n1\"");
}

class Signing : public ::testing::Test {
 protected:
  static ControllerOptions options() {
    ControllerOptions out;
    out.signing_ca_pem = ca().certificate().pem();
    out.signing_key_pem = ca().key().pem();
    return out;
  }
  static const pki::CertificateAuthority& ca() {
    static const pki::CertificateAuthority made =
        pki::CertificateAuthority::create("kubernetes", std::chrono::hours(24 * 3650),
                                          WallTime(std::chrono::seconds(1764460800)))
            .value();
    return made;
  }
  Csr signed_(Csr one, bool approved = true) {
    if (approved) approve(one, "by hand");
    harness_.sim.api->put(one);
    harness_.sim.run_for(1s);
    return harness_.sim.api->get<Csr>("", one.metadata.name).value();
  }
  testing::Harness<CsrSigningController> harness_{0, options()};
};

TEST_F(Signing, ApprovedRequestsGetACertificateOfTheCa) {
  Csr done = signed_(csr("a", kKubeletServingSigner, "system:node:n1", {"n1"}, {"10.0.0.1"}));
  Result<pki::Certificate> certificate = pki::Certificate::parse_pem(done.status.certificate.data);
  ASSERT_TRUE(certificate);
  EXPECT_EQ(certificate->subject().common_name, "system:node:n1");
  EXPECT_EQ(certificate->subject().organizations, std::vector<std::string>{"system:nodes"});
  EXPECT_EQ(certificate->dns_names(), std::vector<std::string>{"n1"});
  EXPECT_EQ(certificate->ip_addresses(), std::vector<std::string>{"10.0.0.1"});
  EXPECT_TRUE(certificate->allows(pki::Usage::kServer));
  EXPECT_FALSE(certificate->allows(pki::Usage::kClient));
  Result<pki::CertPool> pool = pki::CertPool::parse_pem(ca().certificate().pem());
  std::vector<std::string> chain = {certificate->der()};
  EXPECT_TRUE(pool->verify(chain, pki::Usage::kServer, harness_.sim.clock.now()));
}

TEST_F(Signing, ARequestMaySayHowLongButNotLongerThanTheSigner) {
  auto lives = [&](const char* name, std::optional<int32_t> seconds) {
    Csr one = csr(name, kKubeletClientSigner, "system:node:n1");
    one.spec.expirationSeconds = seconds;
    Csr done = signed_(one);
    pki::Certificate certificate = pki::Certificate::parse_pem(done.status.certificate.data).value();
    auto left = certificate.not_after() - harness_.sim.clock.now();
    return std::chrono::round<std::chrono::minutes>(left).count();
  };
  EXPECT_EQ(lives("a", 3600), 60);
  EXPECT_EQ(lives("b", 60), 10) << "ten minutes are the least";
  EXPECT_EQ(lives("c", 10 * 365 * 24 * 3600), 365 * 24 * 60);
  EXPECT_EQ(lives("d", std::nullopt), 365 * 24 * 60);
}

TEST_F(Signing, WhatTheSignerDoesNotSignHasFailed) {
  Csr done = signed_(csr("a", kKubeletServingSigner, "system:node:n1"));
  EXPECT_TRUE(done.status.certificate.data.empty());
  ASSERT_TRUE(has_condition(done, "Failed"));
  EXPECT_EQ(done.status.conditions.back().reason, "SignerValidationFailure");
  EXPECT_EQ(done.status.conditions.back().message, "DNS or IP subjectAltName is required");
}

TEST_F(Signing, OthersAreLeftAlone) {
  EXPECT_TRUE(
      signed_(csr("a", kKubeletClientSigner, "system:node:n1"), false).status.certificate.data.empty());
  EXPECT_TRUE(signed_(csr("b", "example.com/signer", "system:node:n1")).status.certificate.data.empty());
  Csr denied = csr("c", kKubeletClientSigner, "system:node:n1");
  denied.status.conditions.emplace_back().type = "Denied";
  EXPECT_TRUE(signed_(denied).status.certificate.data.empty());
}

TEST(CsrCleaner, OldRequestsAreDeletedByWhatBecameOfThem) {
  WallTime start(std::chrono::seconds(1764460800));
  Csr pending = csr("p", kKubeletClientSigner, "system:node:n1");
  EXPECT_FALSE(is_old(pending, start + 23h));
  EXPECT_TRUE(is_old(pending, start + 25h));
  Csr denied = pending;
  denied.status.conditions.emplace_back().type = "Denied";
  denied.status.conditions[0].lastUpdateTime = api::Time::from_unix(1764460800);
  EXPECT_FALSE(is_old(denied, start + 59min));
  EXPECT_TRUE(is_old(denied, start + 61min));
  Csr waiting = pending;
  approve(waiting, "");
  waiting.status.conditions[0].lastUpdateTime = api::Time::from_unix(1764460800);
  EXPECT_FALSE(is_old(waiting, start + 23h)) << "approved, but not signed yet";
  EXPECT_TRUE(is_old(waiting, start + 25h));
  Csr issued = waiting;
  issued.status.certificate = api::Bytes("x");
  EXPECT_TRUE(is_old(issued, start + 61min));

  testing::Harness<CsrCleanerController> harness;
  harness.sim.api->put(pending);
  harness.sim.run_for(23h);
  EXPECT_TRUE(harness.sim.api->get<Csr>("", "p"));
  harness.sim.run_for(3h);
  EXPECT_FALSE(harness.sim.api->get<Csr>("", "p"));
}

}  // namespace
}  // namespace xebec::controllers
