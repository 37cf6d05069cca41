#include "apiserver/validation/certificates.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "codec/json.h"
#include "security/pki/pki.h"

namespace xebec::apiserver::validation {
namespace {

using Condition = certificatesv1::CertificateSigningRequestCondition;

constexpr std::string_view kLegacySigner = "kubernetes.io/legacy-unknown";
constexpr int32_t kShortest = 600;  // seconds
constexpr size_t kLongestDomain = 253, kLongestSigner = 253 + 1 + 253 + 63 + 1;

constexpr std::array<std::string_view, 23> kUsages = {"any",
                                                      "cert sign",
                                                      "client auth",
                                                      "code signing",
                                                      "content commitment",
                                                      "crl sign",
                                                      "data encipherment",
                                                      "decipher only",
                                                      "digital signature",
                                                      "email protection",
                                                      "encipher only",
                                                      "ipsec end system",
                                                      "ipsec tunnel",
                                                      "ipsec user",
                                                      "key agreement",
                                                      "key encipherment",
                                                      "microsoft sgc",
                                                      "netscape sgc",
                                                      "ocsp signing",
                                                      "s/mime",
                                                      "server auth",
                                                      "signing",
                                                      "timestamping"};

bool is_usage(std::string_view usage) {
  return std::find(kUsages.begin(), kUsages.end(), usage) != kUsages.end();
}

bool has_repeated(const std::vector<std::string>& texts) {
  return std::set<std::string>(texts.begin(), texts.end()).size() != texts.size();
}

// What is overlooked because it is stored already, and what this way of writing may do.
struct Leniency {
  bool decides = false, issues = false;
  bool both_decisions = false, legacy_signer = false, repeated_types = false, no_type = false;
  bool any_certificate = false, unknown_usages = false, repeated_usages = false;
};

// Calls check(label) for the parts between dots until one is wrong.
template <class Check>
void for_each_label(std::string_view text, Check check) {
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('.', begin), text.size());
    if (!check(text.substr(begin, end - begin))) return;
    begin = end + 1;
  }
}

}  // namespace

std::optional<PemBlock> next_block(std::string_view& pem) {
  constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";
  const size_t begin = pem.find(kBegin);
  if (begin == std::string_view::npos) return {};
  const size_t name = begin + kBegin.size(), name_end = pem.find(kDashes, name);
  if (name_end == std::string_view::npos) return {};
  PemBlock out;
  out.type = pem.substr(name, name_end - name);
  const std::string footer = fmt::format("{}{}{}", kEnd, out.type, kDashes);
  const size_t footer_at = pem.find(footer, name_end);
  if (footer_at == std::string_view::npos) return {};
  const std::string_view body = pem.substr(name_end + kDashes.size(), footer_at - name_end - kDashes.size());
  out.headers = body.find(':') != std::string_view::npos;
  out.text = pem.substr(begin, footer_at + footer.size() - begin);
  pem.remove_prefix(footer_at + footer.size());
  return out;
}

namespace {

// Empty when the certificates are right.
std::string certificate_error(std::string_view pem) {
  if (pem.empty()) return {};
  size_t blocks = 0;
  while (std::optional<PemBlock> block = next_block(pem)) {
    if (block->type != "CERTIFICATE")
      return fmt::format("only CERTIFICATE PEM blocks are allowed, found {}", field::quote(block->type));
    if (block->headers) return "no PEM block headers are permitted";
    Result<pki::Certificate> parsed = pki::Certificate::parse_pem(block->text);
    if (!parsed) return "x509: malformed certificate";
    ++blocks;
  }
  return blocks == 0 ? "must contain at least one CERTIFICATE PEM block" : "";
}

void check_usages(Errors& errors, const Path& path, const std::vector<std::string>& usages,
                  const Leniency& leniency) {
  if (usages.empty()) errors.push_back(field::required(path));
  std::set<std::string_view> seen;
  for (size_t i = 0; i < usages.size() && !leniency.unknown_usages; ++i)
    if (!is_usage(usages[i])) errors.push_back(field::not_supported(path.index(i), usages[i], kUsages));
  for (size_t i = 0; i < usages.size() && !leniency.repeated_usages; ++i)
    if (!seen.insert(usages[i]).second) errors.push_back(field::duplicate(path.index(i), usages[i]));
}

void check_condition_status(Errors& errors, const Path& path, const Condition& condition) {
  // These say that something has happened.
  const bool only_true =
      condition.type == "Approved" || condition.type == "Denied" || condition.type == "Failed";
  if (only_true) {
    check_required_enum(errors, path, condition.status, {"True"});
  } else {
    check_required_enum(errors, path, condition.status, {"False", "True", "Unknown"});
  }
}

void check_csr_conditions(Errors& errors, const Path& path, const std::vector<Condition>& conditions,
                          const Leniency& leniency) {
  std::set<std::string_view> seen;
  for (size_t i = 0; i < conditions.size(); ++i) {
    const Condition& condition = conditions[i];
    if (condition.type.empty() && !leniency.no_type)
      errors.push_back(field::required(path.index(i).child("type")));
    check_condition_status(errors, path.index(i).child("status"), condition);
    const bool contradicts = (condition.type == "Approved" && seen.contains("Denied")) ||
                             (condition.type == "Denied" && seen.contains("Approved"));
    if (contradicts && !leniency.both_decisions) {
      errors.push_back(field::invalid_string(path, condition.type,
                                             "Approved and Denied conditions are mutually exclusive"));
    }
    if (!seen.insert(condition.type).second && !leniency.repeated_types)
      errors.push_back(field::duplicate(path.index(i).child("type"), condition.type));
  }
}

void check_request(Errors& errors, const Path& path, const api::Bytes& request) {
  Result<pki::CertificateRequest> parsed = pki::CertificateRequest::parse_pem(request.view());
  if (parsed) return;
  std::string value;
  codec::append_json_scalar(api::Kind::Bytes, &request, value);
  errors.push_back(field::invalid(path, request.empty() ? "null" : value, parsed.error().message));
}

Errors validate(const Csr& csr, const Leniency& leniency) {
  Errors errors;
  const Path spec("spec"), status("status");
  check_request(errors, spec.child("request"), csr.spec.request);
  check_usages(errors, spec.child("usages"), csr.spec.usages, leniency);
  const Path signer = spec.child("signerName");
  if (csr.spec.signerName == kLegacySigner && !leniency.legacy_signer) {
    errors.push_back(field::invalid_string(signer, csr.spec.signerName,
                                           "the legacy signerName is not allowed via this API version"));
  } else {
    check_signer_name(errors, signer, csr.spec.signerName);
  }
  if (csr.spec.expirationSeconds.value_or(kShortest) < kShortest) {
    errors.push_back(field::invalid_int(spec.child("expirationSeconds"), *csr.spec.expirationSeconds,
                                        "may not specify a duration less than 600 seconds (10 minutes)"));
  }
  check_csr_conditions(errors, status.child("conditions"), csr.status.conditions, leniency);
  const std::string wrong = leniency.any_certificate ? "" : certificate_error(csr.status.certificate.view());
  if (!wrong.empty())
    errors.push_back(field::invalid_string(status.child("certificate"), "<certificate data>", wrong));
  return errors;
}

std::vector<Condition> conditions_of(const Csr& csr, std::string_view type) {
  std::vector<Condition> out;
  for (const Condition& condition : csr.status.conditions)
    if (condition.type == type) out.push_back(condition);
  return out;
}

Leniency leniency_of(const Csr& csr, const Csr& old) {
  Leniency out;
  std::vector<std::string> types;
  for (const Condition& condition : old.status.conditions) types.push_back(condition.type);
  out.both_decisions = !conditions_of(old, "Approved").empty() && !conditions_of(old, "Denied").empty();
  out.legacy_signer = old.spec.signerName == kLegacySigner;
  out.repeated_types = has_repeated(types);
  out.no_type = std::find(types.begin(), types.end(), "") != types.end();
  out.any_certificate = csr.status.certificate == old.status.certificate ||
                        !certificate_error(old.status.certificate.view()).empty();
  out.unknown_usages = !std::all_of(old.spec.usages.begin(), old.spec.usages.end(), is_usage);
  out.repeated_usages = has_repeated(old.spec.usages);
  return out;
}

void check_condition_changes(Errors& errors, const Csr& csr, const Csr& old, const Leniency& leniency) {
  const Path path = Path("status").child("conditions");
  auto forbid = [&](std::string_view what, std::string_view type, std::string_view end = "") {
    errors.push_back(field::forbidden(
        path, fmt::format("updates may not {} a condition of type {}{}", what, field::quote(type), end)));
  };
  for (std::string_view type : {"Approved", "Denied", "Failed"})
    if (conditions_of(csr, type).size() < conditions_of(old, type).size()) forbid("remove", type);
  if (leniency.decides) return;
  for (std::string_view type : {"Approved", "Denied"}) {
    const std::vector<Condition> now = conditions_of(csr, type), before = conditions_of(old, type);
    if (now.size() > before.size()) forbid("add", type);
    if (now.size() == before.size() && now != before) forbid("modify", type, "\n");
  }
}

Errors validate_change(const Csr& csr, const Csr& old, const Leniency& leniency) {
  Errors errors = validate(csr, leniency);
  check_condition_changes(errors, csr, old, leniency);
  const Path certificate = Path("status").child("certificate");
  if (csr.status.certificate == old.status.certificate) return errors;
  if (!leniency.issues) {
    errors.push_back(field::forbidden(certificate, "updates may not set certificate content"));
  } else if (!old.status.certificate.empty()) {
    errors.push_back(field::forbidden(certificate, "updates may not modify existing certificate content"));
  }
  return errors;
}

}  // namespace

void check_signer_name(Errors& errors, const Path& path, std::string_view name) {
  if (name.empty()) return void(errors.push_back(field::required(path)));
  const size_t slash = name.find('/');
  if (slash == std::string_view::npos || name.find('/', slash + 1) != std::string_view::npos) {
    errors.push_back(field::invalid_string(
        path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'"));
    return;
  }
  const std::string_view domain = name.substr(0, slash), rest = name.substr(slash + 1);
  if (domain.size() > kLongestDomain) errors.push_back(field::too_long(path, kLongestDomain));
  auto check = [&](std::string_view text, std::string_view label, const api::Messages& messages) {
    for (const std::string& message : messages) {
      errors.push_back(field::invalid_string(
          path, text, fmt::format("validating label {}: {}", field::quote(label), message)));
    }
    return messages.empty();
  };
  for_each_label(domain, [&](std::string_view l) { return check(domain, l, api::is_dns1123_label(l)); });
  if (domain.find('.') == std::string_view::npos) {
    errors.push_back(field::invalid_string(
        path, domain, "should be a domain with at least two segments separated by dots"));
  }
  for_each_label(rest, [&](std::string_view l) { return check(rest, l, api::is_dns1123_subdomain(l)); });
  if (name.size() > kLongestSigner) errors.push_back(field::too_long(path, kLongestSigner));
}

Errors validate_csr(const Csr& csr) { return validate(csr, {}); }

Errors validate_csr_update(const Csr& csr, const Csr& old) {
  return validate_change(csr, old, leniency_of(csr, old));
}

Errors validate_csr_status_update(const Csr& csr, const Csr& old) {
  Leniency leniency = leniency_of(csr, old);
  leniency.issues = true;
  return validate_change(csr, old, leniency);
}

Errors validate_csr_approval_update(const Csr& csr, const Csr& old) {
  Leniency leniency = leniency_of(csr, old);
  leniency.decides = true;
  return validate_change(csr, old, leniency);
}

}  // namespace xebec::apiserver::validation
