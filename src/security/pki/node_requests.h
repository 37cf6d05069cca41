// Whether a certificate signing request is one that a kubelet makes (KEP-1513; k8s.io/kubernetes
// pkg/apis/certificates/helpers.go). Errors are BadRequest in upstream's words.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "security/pki/pki.h"

namespace xebec::pki {

// A client certificate of a node, with these key usages.
Result<void> check_kubelet_client(const CertificateRequest& request, const std::vector<std::string>& usages);
// A serving certificate of a node.
Result<void> check_kubelet_serving(const CertificateRequest& request, const std::vector<std::string>& usages);

}  // namespace xebec::pki
