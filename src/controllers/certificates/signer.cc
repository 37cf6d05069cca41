#include "controllers/certificates/signer.h"

#include <algorithm>

#include "base/sync.h"

namespace xebec::controllers {
namespace {

constexpr Duration kShortest = std::chrono::minutes(10);
constexpr Duration kCleanEvery = std::chrono::hours(1);
constexpr Duration kKeepApproved = std::chrono::hours(1), kKeepDenied = std::chrono::hours(1),
                   kKeepPending = std::chrono::hours(24);

bool is_ours(const std::string& signer) {
  return signer == kApiClientSigner || signer == kKubeletClientSigner || signer == kKubeletServingSigner ||
         signer == kLegacySigner;
}

std::vector<pki::Usage> usages_of(const Csr& csr) {
  std::vector<pki::Usage> out;
  for (const std::string& usage : csr.spec.usages) {
    if (usage == "server auth") out.push_back(pki::Usage::kServer);
    if (usage == "client auth") out.push_back(pki::Usage::kClient);
  }
  return out;
}

WallTime wall(const api::Time& time) { return WallTime(std::chrono::seconds(time.unix_seconds())); }

}  // namespace

CsrSigningController::CsrSigningController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("certificate-controller")),
      options_(*context.options),
      requests_(context.informers->get<Csr>()),
      queue_(env_, "certificate_signer") {
  if (options_.signing_ca_pem.empty()) return;
  Result<pki::CertificateAuthority> ca =
      pki::CertificateAuthority::load(options_.signing_ca_pem, options_.signing_key_pem);
  if (!ca) {
    env_.logger.error("The signing CA cannot be read", {{"err", ca.error().message}});
    return;
  }
  ca_ = std::move(*ca);
  requests_.on_change([this](const auto&, const auto& now) {
    if (now && is_ours(now->spec.signerName) && has_condition(*now, "Approved"))
      queue_.add(now->metadata.name);
  });
}

void CsrSigningController::start(Scope& scope) {
  client::run_controller(
      scope, queue_, 5, [this](std::string name) { return sync(std::move(name)); }, env_.logger);
}

Result<std::string> CsrSigningController::sign(const Csr& csr) const {
  TRY(pki::CertificateRequest request, parse_request(csr));
  Duration validity = options_.signing_duration;
  if (csr.spec.expirationSeconds) {
    validity = std::clamp<Duration>(std::chrono::seconds(*csr.spec.expirationSeconds), kShortest,
                                    std::max(validity, kShortest));
  }
  std::vector<pki::Usage> usages = usages_of(csr);
  return ca_->sign(request, usages, validity, env_.clock->now());
}

Task<Result<void>> CsrSigningController::sync(std::string name) {
  std::shared_ptr<const Csr> csr = requests_.get("", name);
  if (!csr || !csr->status.certificate.data.empty()) co_return Result<void>();
  if (!has_condition(*csr, "Approved") || has_condition(*csr, "Denied") || has_condition(*csr, "Failed"))
    co_return Result<void>();
  CO_TRY(pki::CertificateRequest request, parse_request(*csr));
  Csr updated = *csr;
  Result<void> right = check_for_signer(*csr, request);
  if (!right) {
    certificatesv1::CertificateSigningRequestCondition& condition = updated.status.conditions.emplace_back();
    condition.type = "Failed";
    condition.status = "True";
    condition.reason = "SignerValidationFailure";
    condition.message = right.error().message;
  } else {
    CO_TRY(std::string certificate, sign(*csr));
    updated.status.certificate = api::Bytes(std::move(certificate));
  }
  Result<Csr> written = co_await rest_.update_status(Context(), updated);
  bool fine = written || written.error().is(reason::kNotFound);
  if (!fine) co_return fail(std::move(written).error());
  co_return Result<void>();
}

CsrCleanerController::CsrCleanerController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("certificate-controller")),
      requests_(context.informers->get<Csr>()) {}

void CsrCleanerController::start(Scope& scope) { scope.spawn(clean_often(scope.token())); }

bool is_old(const Csr& csr, WallTime now) {
  bool issued = !csr.status.certificate.data.empty();
  if (issued) {
    Result<pki::Certificate> certificate = pki::Certificate::parse_pem(csr.status.certificate.data);
    if (certificate && certificate->not_after() < now) return true;
  }
  for (const auto& condition : csr.status.conditions) {
    Duration keep{};
    if (condition.type == "Approved" && issued) keep = kKeepApproved;
    if (condition.type == "Denied" || condition.type == "Failed") keep = kKeepDenied;
    if (keep != Duration::zero() && wall(condition.lastUpdateTime) + keep < now) return true;
  }
  bool pending = !is_decided(csr) || (has_condition(csr, "Approved") && !issued);
  return pending && wall(csr.metadata.creationTimestamp) + kKeepPending < now;
}

Task<void> CsrCleanerController::clean_often(CancelToken token) {
  do {
    for (const std::shared_ptr<const Csr>& csr : requests_.list()) {
      if (!is_old(*csr, env_.clock->now())) continue;
      Result<void> deleted = co_await rest_.delete_<Csr>(Context(), "", csr->metadata.name);
      if (!deleted && !deleted.error().is(reason::kNotFound)) {
        env_.logger.error("Cannot delete an old certificate signing request",
                          {{"csr", csr->metadata.name}, {"err", deleted.error().message}});
      }
    }
  } while (co_await sleep_for(kCleanEvery, token));
}

}  // namespace xebec::controllers
