// ClusterTrustBundles: certificates that are trusted, by a signer's name or by nobody's.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apiserver/validation/certificates.h"
#include "security/pki/pki.h"

namespace xebec::apiserver::validation {
namespace {

constexpr size_t kLongestBundle = 1 << 20;

// "example.com:signer:" begins the names of a signer's bundles; those of no signer have no colon.
api::Messages name_errors(std::string_view name, std::string_view signer, bool prefix) {
  if (signer.empty()) {
    if (name.find(':') != std::string_view::npos)
      return {"ClusterTrustBundle without signer name must not have \":\" in its name"};
    return api::name_is_dns_subdomain(name, prefix);
  }
  std::string begin(signer);
  std::replace(begin.begin(), begin.end(), '/', ':');
  begin += ':';
  if (!name.starts_with(begin))
    return {fmt::format("ClusterTrustBundle for signerName {} must be named with prefix {}", signer, begin)};
  return api::name_is_dns_subdomain(name.substr(begin.size()), prefix);
}

void check_name(Errors& errors, const TrustBundle& bundle) {
  const Path path("metadata");
  const auto& meta = bundle.metadata;
  const std::string& signer = bundle.spec.signerName;
  if (!meta.generateName.empty()) {
    check_messages(errors, path.child("generateName"), meta.generateName,
                   name_errors(meta.generateName, signer, true));
  }
  if (!meta.name.empty())
    check_messages(errors, path.child("name"), meta.name, name_errors(meta.name, signer, false));
}

// Empty when the block is a certificate of an authority, which is then in `der`.
std::string block_error(const PemBlock& block, size_t at, std::string& der) {
  if (block.type != "CERTIFICATE") return fmt::format("entry {} has bad block type: {}", at, block.type);
  if (block.headers) return fmt::format("entry {} has PEM block headers", at);
  const Result<pki::Certificate> parsed = pki::Certificate::parse_pem(block.text);
  if (!parsed) return fmt::format("entry {} does not parse as X.509", at);
  if (!parsed->is_ca()) return fmt::format("entry {} does not have the CA bit set", at);
  der = parsed->der();
  return {};
}

void check_certificates(Errors& errors, const Path& path, std::string_view pem) {
  if (pem.size() > kLongestBundle) return void(errors.push_back(field::too_long(path, kLongestBundle)));
  auto refuse = [&](std::string_view why) {
    errors.push_back(field::invalid_string(path, "<value omitted>", why));
  };
  const size_t before = errors.size();
  std::vector<std::pair<std::string, std::vector<size_t>>> anchors;
  size_t at = 0;
  for (std::optional<PemBlock> block; (block = next_block(pem)); ++at) {
    std::string der;
    if (const std::string wrong = block_error(*block, at, der); !wrong.empty()) {
      refuse(wrong);
      continue;
    }
    auto same = std::find_if(anchors.begin(), anchors.end(), [&](const auto& a) { return a.first == der; });
    if (same == anchors.end()) same = anchors.insert(anchors.end(), {der, {}});
    same->second.push_back(at);
  }
  if (errors.size() != before) return;
  if (anchors.empty()) refuse("at least one trust anchor must be provided");
  for (const auto& [der, places] : anchors)
    if (places.size() > 1)
      refuse(fmt::format("duplicate trust anchor (indices [{}])", fmt::join(places, " ")));
}

void check_names(Errors& errors, const TrustBundle& bundle) {
  check_name(errors, bundle);
  if (!bundle.spec.signerName.empty())
    check_signer_name(errors, Path("spec").child("signerName"), bundle.spec.signerName);
}

}  // namespace

Errors validate_trust_bundle(const TrustBundle& bundle) {
  Errors errors;
  check_names(errors, bundle);
  check_certificates(errors, Path("spec").child("trustBundle"), bundle.spec.trustBundle);
  return errors;
}

Errors validate_trust_bundle_update(const TrustBundle& bundle, const TrustBundle& old) {
  Errors errors;
  check_names(errors, bundle);
  if (bundle.spec.trustBundle != old.spec.trustBundle)
    check_certificates(errors, Path("spec").child("trustBundle"), bundle.spec.trustBundle);
  check_immutable(errors, Path("spec").child("signerName"), bundle.spec.signerName == old.spec.signerName,
                  field::quote(bundle.spec.signerName));
  return errors;
}

}  // namespace xebec::apiserver::validation
