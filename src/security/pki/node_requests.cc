#include "security/pki/node_requests.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

namespace xebec::pki {
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

Result<void> check_node_subject(const CertificateRequest& request) {
  if (request.subject.organizations != std::vector<std::string>{"system:nodes"})
    return refuse("subject organization is not system:nodes");
  return {};
}

Result<void> check_node_name(const CertificateRequest& request) {
  if (!request.subject.common_name.starts_with("system:node:"))
    return refuse("subject common name does not begin with system:node:");
  return {};
}

}  // namespace

Result<void> check_kubelet_client(const CertificateRequest& request, const std::vector<std::string>& usages) {
  TRY_VOID(check_node_subject(request));
  if (!request.dns_names.empty()) return refuse("DNS subjectAltNames are not allowed");
  if (!request.email_addresses.empty()) return refuse("Email subjectAltNames are not allowed");
  if (!request.ip_addresses.empty()) return refuse("IP subjectAltNames are not allowed");
  if (!request.uris.empty()) return refuse("URI subjectAltNames are not allowed");
  TRY_VOID(check_node_name(request));
  return check_usages(usages, "client auth");
}

Result<void> check_kubelet_serving(const CertificateRequest& request,
                                   const std::vector<std::string>& usages) {
  TRY_VOID(check_node_subject(request));
  if (request.dns_names.empty() && request.ip_addresses.empty())
    return refuse("DNS or IP subjectAltName is required");
  if (!request.email_addresses.empty()) return refuse("Email subjectAltNames are not allowed");
  if (!request.uris.empty()) return refuse("URI subjectAltNames are not allowed");
  TRY_VOID(check_usages(usages, "server auth"));
  return check_node_name(request);
}

}  // namespace xebec::pki
