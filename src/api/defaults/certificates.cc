// Defaults of certificates (k8s.io/kubernetes/pkg/apis/certificates/*/defaults.go).
#include "api/defaults/groups.h"
#include "api/defaults/util.h"
#include "api/gen/certificatesv1beta1.h"

namespace xebec::api {
namespace {

// The signer's name, which may be left out as well, comes from what is asked for: the registry's strategy.
void set_request_defaults(certificatesv1beta1::CertificateSigningRequest& request) {
  if (request.spec.usages.empty()) request.spec.usages = {"digital signature", "key encipherment"};
  for (auto& condition : request.status.conditions) default_to(condition.status, "True");
}

}  // namespace

void add_certificates_defaults(DefaultsTable& table) {
  add_defaults<certificatesv1beta1::CertificateSigningRequest>(
      table, [](auto& request) { set_request_defaults(request); });
  add_defaults<certificatesv1beta1::PodCertificateRequest>(
      table, [](auto& request) { default_to(request.spec.maxExpirationSeconds, 24 * 60 * 60); });
}

}  // namespace xebec::api
