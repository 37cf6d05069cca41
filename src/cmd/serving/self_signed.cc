#include "cmd/serving/self_signed.h"

#include <fmt/format.h>

#include <filesystem>

#include "cmd/cluster_pki.h"

namespace xebec::cmd {
namespace {

constexpr Duration kValidity = std::chrono::hours(24 * 365);

}  // namespace

Result<pki::KeyPair> self_signed(const std::string& name, std::vector<std::string> dns_names,
                                 std::vector<std::string> ip_addresses, WallTime now) {
  TRY(pki::CertificateAuthority ca, pki::CertificateAuthority::create(name + "-ca", kValidity, now));
  pki::IssueSpec spec;
  spec.subject.common_name = name;
  spec.dns_names = std::move(dns_names);
  spec.ip_addresses = std::move(ip_addresses);
  spec.usages = {pki::Usage::kServer};
  TRY(pki::KeyPair keys, ca.issue(spec, now));
  keys.certificate_pem += ca.certificate().pem();
  return keys;
}

Result<pki::KeyPair> kept_self_signed(const std::string& dir, const std::string& file,
                                      const std::string& name, std::vector<std::string> dns_names,
                                      std::vector<std::string> ip_addresses, WallTime now) {
  const std::string certificate_file = dir + "/" + file + ".crt", key_file = dir + "/" + file + ".key";
  if (std::filesystem::exists(certificate_file)) {
    TRY(pki::KeyPair kept, read_key_pair(certificate_file, key_file));
    TRY(pki::Certificate certificate, pki::Certificate::parse_pem(kept.certificate_pem));
    if (certificate.not_after() > now + kValidity / 10) return kept;
  }
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) return fail(errors::internal(fmt::format("cannot make {}: {}", dir, error.message())));
  TRY(pki::KeyPair keys, self_signed(name, std::move(dns_names), std::move(ip_addresses), now));
  TRY_VOID(pki::write_file_atomic(key_file, keys.key_pem));
  TRY_VOID(pki::write_file_atomic(certificate_file, keys.certificate_pem, 0644));
  return keys;
}

}  // namespace xebec::cmd
