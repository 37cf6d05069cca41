#include "cmd/cluster_pki.h"

#include <fmt/format.h>

#include <filesystem>

#include "client/kubeconfig.h"

namespace xebec::cmd {
namespace {

constexpr Duration kCaValidity = std::chrono::hours(24 * 3650);

bool exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

Result<pki::CertificateAuthority> open_ca(const std::string& dir, WallTime now) {
  const std::string certificate_path = dir + "/ca.crt", key_path = dir + "/ca.key";
  if (exists(certificate_path) && exists(key_path)) {
    TRY(std::string certificate, pki::read_file(certificate_path));
    TRY(std::string key, pki::read_file(key_path));
    return pki::CertificateAuthority::load(certificate, key);
  }
  TRY(pki::CertificateAuthority ca, pki::CertificateAuthority::create("kubernetes", kCaValidity, now));
  // The key first: a certificate without its key would be taken for a finished pair.
  TRY_VOID(pki::write_file_atomic(key_path, ca.key().pem()));
  TRY_VOID(pki::write_file_atomic(certificate_path, ca.certificate().pem(), 0644));
  return ca;
}

Result<std::string> open_service_account_key(const std::string& dir) {
  const std::string path = dir + "/sa.key";
  if (exists(path)) return pki::read_file(path);
  // ES256: an RSA key is slow to find and to sign with, and everything starts behind it.
  TRY(pki::PrivateKey key, pki::PrivateKey::generate_ecdsa());
  TRY_VOID(pki::write_file_atomic(path, key.pem()));
  TRY_VOID(pki::write_file_atomic(dir + "/sa.pub", key.public_key().pem(), 0644));
  return key.pem();
}

}  // namespace

Result<ClusterPki> ClusterPki::open(const std::string& dir, WallTime now) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) return fail(errors::internal(fmt::format("cannot make {}: {}", dir, error.message())));
  TRY(pki::CertificateAuthority ca, open_ca(dir, now));
  TRY(std::string service_account_key, open_service_account_key(dir));
  std::string pem = ca.certificate().pem();
  return ClusterPki(std::move(ca), std::move(pem), std::move(service_account_key));
}

Result<pki::KeyPair> ClusterPki::server_certificate(std::string_view common_name,
                                                    std::vector<std::string> dns_names,
                                                    std::vector<std::string> ip_addresses,
                                                    WallTime now) const {
  pki::IssueSpec spec;
  spec.subject.common_name = common_name;
  spec.dns_names = std::move(dns_names);
  spec.ip_addresses = std::move(ip_addresses);
  spec.usages = {pki::Usage::kServer};
  return ca_.issue(spec, now);
}

Result<pki::KeyPair> ClusterPki::client_certificate(std::string_view user, std::vector<std::string> groups,
                                                    WallTime now) const {
  pki::IssueSpec spec;
  spec.subject.common_name = user;
  spec.subject.organizations = std::move(groups);
  spec.usages = {pki::Usage::kClient};
  return ca_.issue(spec, now);
}

Result<pki::KeyPair> read_key_pair(const std::string& certificate_file, const std::string& key_file) {
  pki::KeyPair out;
  TRY(out.certificate_pem, pki::read_file(certificate_file));
  TRY(out.key_pem, pki::read_file(key_file));
  return out;
}

Result<void> write_kubeconfig(const std::string& path, const std::string& server, const std::string& ca_pem,
                              const std::string& user, const pki::KeyPair& keys) {
  client::KubeCluster cluster;
  cluster.name = "kubernetes";
  cluster.server = server;
  cluster.certificate_authority_data = ca_pem;
  client::KubeUser kube_user;
  kube_user.name = user;
  kube_user.client_certificate_data = keys.certificate_pem;
  kube_user.client_key_data = keys.key_pem;
  return client::Kubeconfig::simple(std::move(cluster), std::move(kube_user), user + "@kubernetes")
      .save(path);
}

}  // namespace xebec::cmd
