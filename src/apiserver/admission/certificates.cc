// Certificate signing requests: who approves needs the right to approve for the signer, who signs the right
// to sign, and nobody gets a client certificate for system:masters (kubernetes
// plugin/pkg/admission/certificates).
#include <fmt/format.h>

#include <algorithm>

#include "api/gen/certificatesv1.h"
#include "apiserver/admission/plugins.h"
#include "apiserver/authz/authorizer.h"
#include "security/pki/pki.h"

namespace xebec::apiserver {
namespace {

using Csr = certificatesv1::CertificateSigningRequest;

constexpr std::string_view kApiClientSigner = "kubernetes.io/kube-apiserver-client";
constexpr std::string_view kMasters = "system:masters";

std::unexpected<Status> forbid(const AdmissionAttributes& a, std::string why) {
  return fail(errors::forbidden({"certificates.k8s.io", "certificatesigningrequests"}, a.name, why));
}

// "sign" or "approve" on the signer itself or on all of its domain.
bool may(Authorizer& authorizer, const std::shared_ptr<const UserInfo>& user, const char* verb,
         const std::string& signer) {
  AuthorizationAttributes attributes;
  attributes.user = user;
  attributes.verb = verb;
  attributes.group = "certificates.k8s.io";
  attributes.version = "*";
  attributes.resource = "signers";
  attributes.name = signer;
  if (authorizer.authorize(attributes).decision == Decision::kAllow) return true;
  attributes.name = signer.substr(0, signer.find('/')) + "/*";
  return authorizer.authorize(attributes).decision == Decision::kAllow;
}

class CertificateApproval final : public AdmissionPlugin {
 public:
  explicit CertificateApproval(std::shared_ptr<Authorizer> authorizer) : authorizer_(std::move(authorizer)) {}
  std::string_view name() const override { return "CertificateApproval"; }
  bool handles(Operation operation) const override { return operation == Operation::kUpdate; }
  Task<Result<void>> validate(const Context&, const AdmissionAttributes& a) override { co_return check(a); }

 private:
  Result<void> check(const AdmissionAttributes& a) {
    const Csr* csr = a.subresource == "approval" && a.object != nullptr ? a.object->as<Csr>() : nullptr;
    if (csr == nullptr || !a.user || may(*authorizer_, a.user, "approve", csr->spec.signerName)) return {};
    return forbid(a, fmt::format("user not permitted to approve requests with signerName \"{}\"",
                                 csr->spec.signerName));
  }
  std::shared_ptr<Authorizer> authorizer_;
};

class CertificateSigning final : public AdmissionPlugin {
 public:
  explicit CertificateSigning(std::shared_ptr<Authorizer> authorizer) : authorizer_(std::move(authorizer)) {}
  std::string_view name() const override { return "CertificateSigning"; }
  bool handles(Operation operation) const override { return operation == Operation::kUpdate; }
  Task<Result<void>> validate(const Context&, const AdmissionAttributes& a) override { co_return check(a); }

 private:
  Result<void> check(const AdmissionAttributes& a) {
    const Csr* csr = a.subresource == "status" && a.object != nullptr ? a.object->as<Csr>() : nullptr;
    const Csr* old = csr != nullptr && a.old_object != nullptr ? a.old_object->as<Csr>() : nullptr;
    if (csr == nullptr || old == nullptr || !a.user) return {};
    if (old->status.certificate == csr->status.certificate &&
        old->status.conditions == csr->status.conditions)
      return {};
    if (may(*authorizer_, a.user, "sign", csr->spec.signerName)) return {};
    return forbid(
        a, fmt::format("user not permitted to sign requests with signerName \"{}\"", csr->spec.signerName));
  }
  std::shared_ptr<Authorizer> authorizer_;
};

class CertificateSubjectRestriction final : public AdmissionPlugin {
 public:
  std::string_view name() const override { return "CertificateSubjectRestriction"; }
  bool handles(Operation operation) const override { return operation == Operation::kCreate; }
  Task<Result<void>> validate(const Context&, const AdmissionAttributes& a) override { co_return check(a); }

 private:
  static Result<void> check(const AdmissionAttributes& a) {
    const Csr* csr = a.subresource.empty() && a.object != nullptr ? a.object->as<Csr>() : nullptr;
    if (csr == nullptr || csr->spec.signerName != kApiClientSigner) return {};
    Result<pki::CertificateRequest> request = pki::CertificateRequest::parse_pem(csr->spec.request.data);
    if (!request) return forbid(a, "failed to parse CSR: " + request.error().message);
    const auto& groups = request->subject.organizations;
    if (std::ranges::find(groups, kMasters) == groups.end()) return {};
    return forbid(a,
                  fmt::format("use of {} signer with {} group is not allowed", kApiClientSigner, kMasters));
  }
};

}  // namespace

std::unique_ptr<AdmissionPlugin> make_certificate_approval(const AdmissionDependencies& dependencies) {
  return std::make_unique<CertificateApproval>(dependencies.authorizer);
}
std::unique_ptr<AdmissionPlugin> make_certificate_signing(const AdmissionDependencies& dependencies) {
  return std::make_unique<CertificateSigning>(dependencies.authorizer);
}
std::unique_ptr<AdmissionPlugin> make_certificate_subject_restriction() {
  return std::make_unique<CertificateSubjectRestriction>();
}

}  // namespace xebec::apiserver
