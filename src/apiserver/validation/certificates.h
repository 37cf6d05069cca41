// Validation of certificates.k8s.io (k8s.io/kubernetes/pkg/apis/certificates/validation).
#pragma once

#include "api/gen/certificatesv1.h"
#include "api/gen/certificatesv1beta1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

// "example.com/signer".
void check_signer_name(Errors& errors, const Path& path, std::string_view name);

using Csr = certificatesv1::CertificateSigningRequest;
Errors validate_csr(const Csr& csr);
// Neither decides nor issues.
Errors validate_csr_update(const Csr& csr, const Csr& old);
// May issue, once.
Errors validate_csr_status_update(const Csr& csr, const Csr& old);
// May decide.
Errors validate_csr_approval_update(const Csr& csr, const Csr& old);

struct PemBlock {
  std::string_view type, text;
  bool headers = false;
};
// The next block of `pem`, which is cut off; nothing when there is none.
std::optional<PemBlock> next_block(std::string_view& pem);

// trust_bundle.cc
using TrustBundle = certificatesv1beta1::ClusterTrustBundle;
Errors validate_trust_bundle(const TrustBundle& bundle);
Errors validate_trust_bundle_update(const TrustBundle& bundle, const TrustBundle& old);

}  // namespace xebec::apiserver::validation
