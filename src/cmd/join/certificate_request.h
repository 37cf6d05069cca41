// Asks the API server for a certificate and waits for it (k8s.io/client-go/util/certificate/csr).
#pragma once

#include <string>
#include <vector>

#include "client/rest.h"
#include "security/pki/pki.h"

namespace xebec::cmd {

struct CertificateWish {
  std::string name_prefix = "csr-";
  std::string signer;
  std::string purpose;  // "client auth" or "server auth"
  pki::Subject subject;
  std::vector<std::string> dns_names, ip_addresses;
};

// With a new key. An error when it is denied, has failed, or is not there in 15 minutes.
Task<Result<pki::KeyPair>> request_certificate(client::Rest rest, CertificateWish wish, CancelToken token);

// What a kubelet shows to the API server, and what it serves with.
CertificateWish kubelet_client_wish(const std::string& node);
CertificateWish kubelet_serving_wish(const std::string& node, const std::string& address);

}  // namespace xebec::cmd
