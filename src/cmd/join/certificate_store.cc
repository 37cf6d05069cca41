#include "cmd/join/certificate_store.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

namespace xebec::cmd {

std::optional<pki::KeyPair> CertificateStore::load(WallTime now) const {
  Result<std::string> text = pki::read_file(current_path());
  if (!text) return std::nullopt;
  Result<pki::Certificate> certificate = pki::Certificate::parse_pem(*text);
  Result<pki::PrivateKey> key = pki::PrivateKey::parse_pem(*text);
  if (!certificate || !key || certificate->not_after() <= now) return std::nullopt;
  if (!(key->public_key() == certificate->public_key())) return std::nullopt;
  return pki::KeyPair{*text, key->pem()};
}

Result<void> CertificateStore::save(const pki::KeyPair& keys, WallTime now) const {
  std::error_code error;
  std::filesystem::create_directories(dir_, error);
  if (error) return fail(errors::internal(fmt::format("cannot make {}: {}", dir_, error.message())));
  std::time_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  std::string file = fmt::format("{}-{:%Y-%m-%d-%H-%M-%S}.pem", name_, fmt::gmtime(seconds));
  TRY_VOID(pki::write_file_atomic(dir_ + "/" + file, keys.certificate_pem + keys.key_pem));
  // The link changes at once: whoever reads it finds one pair or the other.
  std::string next = dir_ + "/" + name_ + "-updated.pem";
  ::unlink(next.c_str());
  std::filesystem::create_symlink(file, next, error);
  if (!error) std::filesystem::rename(next, current_path(), error);
  if (error)
    return fail(errors::internal(fmt::format("cannot link {}: {}", current_path(), error.message())));
  return {};
}

WallTime renewal_time(const pki::Certificate& certificate, double part) {
  auto whole = static_cast<double>((certificate.not_after() - certificate.not_before()).count());
  return certificate.not_before() + Duration(static_cast<int64_t>(whole * (0.7 + 0.2 * part)));
}

}  // namespace xebec::cmd
