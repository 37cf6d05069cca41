#include "controllers/certificates/requests.h"

#include <fmt/format.h>

#include <algorithm>

#include "security/pki/node_requests.h"

namespace xebec::controllers {
namespace {

std::unexpected<Status> refuse(std::string message) { return fail(errors::bad_request(std::move(message))); }

Result<void> check_api_client(const std::vector<std::string>& usages) {
  static constexpr std::string_view kAllowed[] = {"digital signature", "key encipherment", "client auth"};
  for (const std::string& usage : usages) {
    if (std::ranges::find(kAllowed, usage) == std::end(kAllowed))
      return refuse(fmt::format("invalid usage for client certificate: {}", usage));
  }
  if (std::ranges::find(usages, "client auth") == usages.end())
    return refuse("missing required usage for client certificate: client auth");
  return {};
}

}  // namespace

bool has_condition(const Csr& csr, std::string_view type) {
  return std::ranges::any_of(csr.status.conditions, [&](const auto& c) { return c.type == type; });
}

bool is_decided(const Csr& csr) {
  return !csr.status.certificate.data.empty() || has_condition(csr, "Approved") ||
         has_condition(csr, "Denied");
}

Result<pki::CertificateRequest> parse_request(const Csr& csr) {
  Result<pki::CertificateRequest> request = pki::CertificateRequest::parse_pem(csr.spec.request.data);
  if (request) return request;
  return refuse(fmt::format("unable to parse csr \"{}\": {}", csr.metadata.name, request.error().message));
}

Result<void> check_for_signer(const Csr& csr, const pki::CertificateRequest& request) {
  const std::string& signer = csr.spec.signerName;
  if (signer == kKubeletClientSigner) return pki::check_kubelet_client(request, csr.spec.usages);
  if (signer == kKubeletServingSigner) return pki::check_kubelet_serving(request, csr.spec.usages);
  if (signer == kApiClientSigner) return check_api_client(csr.spec.usages);
  return {};
}

void approve(Csr& csr, std::string message) {
  certificatesv1::CertificateSigningRequestCondition& condition = csr.status.conditions.emplace_back();
  condition.type = "Approved";
  condition.status = "True";
  condition.reason = "AutoApproved";
  condition.message = std::move(message);
}

}  // namespace xebec::controllers
