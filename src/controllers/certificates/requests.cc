#include "controllers/certificates/requests.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace xebec::controllers {
namespace {

using Usages = std::set<std::string, std::less<>>;

std::unexpected<Status> refuse(std::string message) { return fail(errors::bad_request(std::move(message))); }

// Keys of elliptic curves encipher nothing: key encipherment may be left out.
Result<void> check_usages(const std::vector<std::string>& usages, const std::string& purpose) {
  Usages have(usages.begin(), usages.end());
  const Usages with = {"digital signature", "key encipherment", purpose},
               without = {"digital signature", purpose};
  if (have == with || have == without) return {};
  return refuse(fmt::format("usages did not match [{}]", fmt::join(with, " ")));
}

Result<void> check_node_subject(const pki::CertificateRequest& request) {
  if (request.subject.organizations != std::vector<std::string>{"system:nodes"})
    return refuse("subject organization is not system:nodes");
  return {};
}

Result<void> check_node_name(const pki::CertificateRequest& request) {
  if (!request.subject.common_name.starts_with("system:node:"))
    return refuse("subject common name does not begin with system:node:");
  return {};
}

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

Result<void> check_kubelet_client(const pki::CertificateRequest& request,
                                  const std::vector<std::string>& usages) {
  TRY_VOID(check_node_subject(request));
  if (!request.dns_names.empty()) return refuse("DNS subjectAltNames are not allowed");
  if (!request.email_addresses.empty()) return refuse("Email subjectAltNames are not allowed");
  if (!request.ip_addresses.empty()) return refuse("IP subjectAltNames are not allowed");
  if (!request.uris.empty()) return refuse("URI subjectAltNames are not allowed");
  TRY_VOID(check_node_name(request));
  return check_usages(usages, "client auth");
}

Result<void> check_kubelet_serving(const pki::CertificateRequest& request,
                                   const std::vector<std::string>& usages) {
  TRY_VOID(check_node_subject(request));
  if (request.dns_names.empty() && request.ip_addresses.empty())
    return refuse("DNS or IP subjectAltName is required");
  if (!request.email_addresses.empty()) return refuse("Email subjectAltNames are not allowed");
  if (!request.uris.empty()) return refuse("URI subjectAltNames are not allowed");
  TRY_VOID(check_usages(usages, "server auth"));
  return check_node_name(request);
}

Result<void> check_for_signer(const Csr& csr, const pki::CertificateRequest& request) {
  const std::string& signer = csr.spec.signerName;
  if (signer == kKubeletClientSigner) return check_kubelet_client(request, csr.spec.usages);
  if (signer == kKubeletServingSigner) return check_kubelet_serving(request, csr.spec.usages);
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
