#include <gtest/gtest.h>

#include "api/gen/certificatesv1.h"
#include "apiserver/admission/plugins.h"
#include "apiserver/authz/authorizer.h"
#include "base/scope.h"
#include "security/pki/pki.h"

namespace xebec::apiserver {
namespace {

using Csr = certificatesv1::CertificateSigningRequest;

// Allows one verb on one signer.
struct OneRight final : Authorizer {
  Verdict authorize(const AuthorizationAttributes& a) override {
    bool yes =
        a.group == "certificates.k8s.io" && a.resource == "signers" && a.verb == verb && a.name == signer;
    Verdict out;
    out.decision = yes ? Decision::kAllow : Decision::kNoOpinion;
    return out;
  }
  std::string verb, signer;
};

class Certificates : public ::testing::Test {
 protected:
  Certificates() {
    csr.metadata.name = "x";
    csr.spec.signerName = "kubernetes.io/kubelet-serving";
    dependencies.authorizer = right;
  }
  std::string refusal(AdmissionPlugin& plugin, const char* subresource, Operation operation, const Csr& old) {
    api::Object object = api::Object::of(csr), before = api::Object::of(old);
    AdmissionAttributes a;
    a.operation = operation;
    a.user = std::make_shared<UserInfo>();
    a.name = "x";
    a.subresource = subresource;
    a.object = &object;
    a.old_object = &before;
    EXPECT_TRUE(plugin.handles(operation));
    Context context;
    Result<void> done = block_on(plugin.validate(context, a));
    return done ? "" : done.error().message;
  }
  static constexpr const char* kStart = "certificatesigningrequests.certificates.k8s.io \"x\" is forbidden: ";

  std::shared_ptr<OneRight> right = std::make_shared<OneRight>();
  AdmissionDependencies dependencies;
  Csr csr;
};

TEST_F(Certificates, WhoApprovesNeedsTheRightForTheSigner) {
  auto plugin = make_certificate_approval(dependencies);
  EXPECT_EQ(refusal(*plugin, "approval", Operation::kUpdate, csr),
            std::string(kStart) +
                "user not permitted to approve requests with signerName \"kubernetes.io/kubelet-serving\"");
  EXPECT_EQ(refusal(*plugin, "status", Operation::kUpdate, csr), "");
  right->verb = "approve";
  right->signer = "kubernetes.io/kubelet-serving";
  EXPECT_EQ(refusal(*plugin, "approval", Operation::kUpdate, csr), "");
  right->signer = "kubernetes.io/*";
  EXPECT_EQ(refusal(*plugin, "approval", Operation::kUpdate, csr), "");
  right->signer = "example.com/*";
  EXPECT_NE(refusal(*plugin, "approval", Operation::kUpdate, csr), "");
}

TEST_F(Certificates, WhoSignsNeedsTheRightForTheSigner) {
  auto plugin = make_certificate_signing(dependencies);
  Csr old = csr;
  EXPECT_EQ(refusal(*plugin, "status", Operation::kUpdate, old), "") << "nothing is signed";
  csr.status.certificate = api::Bytes("x");
  EXPECT_EQ(refusal(*plugin, "status", Operation::kUpdate, old),
            std::string(kStart) +
                "user not permitted to sign requests with signerName \"kubernetes.io/kubelet-serving\"");
  right->verb = "sign";
  right->signer = "kubernetes.io/kubelet-serving";
  EXPECT_EQ(refusal(*plugin, "status", Operation::kUpdate, old), "");
}

TEST_F(Certificates, NobodyBecomesAMasterByRequest) {
  auto plugin = make_certificate_subject_restriction();
  pki::PrivateKey key = pki::PrivateKey::generate_ecdsa().value();
  auto ask = [&](const char* signer, std::vector<std::string> groups) {
    csr.spec.signerName = signer;
    csr.spec.request = api::Bytes(pki::make_certificate_request(key, {"jane", groups}, {}, {}).value());
    return refusal(*plugin, "", Operation::kCreate, csr);
  };
  EXPECT_EQ(ask("kubernetes.io/kube-apiserver-client", {"people"}), "");
  EXPECT_EQ(ask("kubernetes.io/kube-apiserver-client", {"people", "system:masters"}),
            std::string(kStart) +
                "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed");
  EXPECT_EQ(ask("example.com/own", {"system:masters"}), "") << "others' signers are theirs";
}

}  // namespace
}  // namespace xebec::apiserver
