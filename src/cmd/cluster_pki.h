// The keys and certificates of a control plane, in files as kubeadm lays them out (pki/ca.crt, pki/sa.key,
// ...): made on first use, kept afterwards. Leaf certificates are made anew at every start.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "security/pki/pki.h"

namespace xebec::cmd {

class ClusterPki {
 public:
  // Reads `dir` (made when missing), and makes the CA and the service account key if they are not there.
  static Result<ClusterPki> open(const std::string& dir, WallTime now);

  const std::string& ca_pem() const { return ca_pem_; }
  const std::string& service_account_key_pem() const { return service_account_key_pem_; }
  const pki::CertificateAuthority& ca() const { return ca_; }

  Result<pki::KeyPair> server_certificate(std::string_view common_name, std::vector<std::string> dns_names,
                                          std::vector<std::string> ip_addresses, WallTime now) const;
  Result<pki::KeyPair> client_certificate(std::string_view user, std::vector<std::string> groups,
                                          WallTime now) const;

 private:
  ClusterPki(pki::CertificateAuthority ca, std::string ca_pem, std::string service_account_key_pem)
      : ca_(std::move(ca)),
        ca_pem_(std::move(ca_pem)),
        service_account_key_pem_(std::move(service_account_key_pem)) {}
  pki::CertificateAuthority ca_;
  std::string ca_pem_;
  std::string service_account_key_pem_;
};

// A certificate and its key from PEM files.
Result<pki::KeyPair> read_key_pair(const std::string& certificate_file, const std::string& key_file);

// Writes a kubeconfig for a client certificate.
Result<void> write_kubeconfig(const std::string& path, const std::string& server, const std::string& ca_pem,
                              const std::string& user, const pki::KeyPair& keys);

}  // namespace xebec::cmd
