// What certificate signing requests may ask for, by signer (KEP-1513; k8s.io/kubernetes
// pkg/apis/certificates, pkg/controller/certificates).
#pragma once

#include <string>

#include "api/gen/certificatesv1.h"
#include "base/result.h"
#include "security/pki/pki.h"

namespace xebec::controllers {

inline constexpr std::string_view kApiClientSigner = "kubernetes.io/kube-apiserver-client";
inline constexpr std::string_view kKubeletClientSigner = "kubernetes.io/kube-apiserver-client-kubelet";
inline constexpr std::string_view kKubeletServingSigner = "kubernetes.io/kubelet-serving";
inline constexpr std::string_view kLegacySigner = "kubernetes.io/legacy-unknown";

using Csr = certificatesv1::CertificateSigningRequest;

bool has_condition(const Csr& csr, std::string_view type);
// Approved or denied, or there is a certificate already.
bool is_decided(const Csr& csr);
// Errors in upstream's words.
Result<pki::CertificateRequest> parse_request(const Csr& csr);
// What the signer demands: of any of the four.
Result<void> check_for_signer(const Csr& csr, const pki::CertificateRequest& request);
// The condition Approved, as a controller adds it.
void approve(Csr& csr, std::string message);

}  // namespace xebec::controllers
