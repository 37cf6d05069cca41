#include "apiserver/reviews/token_request.h"

#include <fmt/format.h>

#include "api/field_error.h"
#include "api/gen/authenticationv1.h"
#include "api/gen/corev1.h"
#include "apiserver/cache/entry.h"
#include "apiserver/registry/registry.h"

namespace xebec::apiserver {
namespace {

using authenticationv1::BoundObjectReference;
using authenticationv1::TokenRequest;
using service_account::Claims;
using service_account::ObjectReference;

constexpr int64_t kDefaultSeconds = 3600;
constexpr int64_t kMinSeconds = 600;
constexpr int64_t kMaxSeconds = int64_t{1} << 32;
constexpr int64_t kExtendableSeconds = 3607;
constexpr int64_t kExtendedSeconds = 365 * 24 * 3600;

field::Errors validate(int64_t expiration) {
  field::Errors errors;
  field::Path path = field::Path("spec").child("expirationSeconds");
  if (expiration < kMinSeconds) {
    errors.push_back(field::invalid_int(path, expiration, "may not specify a duration less than 10 minutes"));
  }
  if (expiration > kMaxSeconds) {
    errors.push_back(
        field::invalid_int(path, expiration, "may not specify a duration larger than 2^32 seconds"));
  }
  return errors;
}

class TokenRequestResource final : public VirtualResource {
 public:
  TokenRequestResource(const service_account::Issuer& issuer, const RegistryMap& registries, Rng& rng,
                       TokenRequestOptions options)
      : issuer_(issuer), registries_(registries), rng_(rng), options_(options) {}

  Task<Result<api::Object>> create(Context context, VirtualCreate request) override {
    TokenRequest& token = request.object.get<TokenRequest>();
    if (token.spec.audiences.empty()) token.spec.audiences = issuer_.api_audiences();
    int64_t expiration = token.spec.expirationSeconds.value_or(kDefaultSeconds);
    field::Errors errors = validate(expiration);
    if (!errors.empty()) {
      co_return fail(
          errors::invalid({"authentication.k8s.io", "TokenRequest"}, request.name, field::causes(errors)));
    }
    CO_TRY(auto account, co_await find(context, "serviceaccounts", request.namespace_, request.name));
    Claims claims;
    claims.namespace_ = request.namespace_;
    claims.service_account.name = request.name;
    claims.service_account.uid = account->meta().uid;
    if (token.spec.boundObjectRef) {
      CO_TRY_VOID(co_await bind(context, request, *token.spec.boundObjectRef, claims));
    }
    CO_TRY(token.status.token, sign(token, expiration, claims));
    token.metadata.name = request.name;
    token.metadata.namespace_ = request.namespace_;
    co_return std::move(request.object);
  }

 private:
  using EntryPtr = std::shared_ptr<const Entry>;

  Task<Result<EntryPtr>> find(Context context, std::string resource, std::string ns, std::string name) {
    GetRequest get;
    get.namespace_ = std::move(ns);
    get.name = std::move(name);
    co_return co_await registries_.find("", resource)->get(std::move(context), std::move(get));
  }

  Task<Result<void>> bind(Context context, const VirtualCreate& request, const BoundObjectReference& ref,
                          Claims& claims) {
    bool pod = ref.kind == "Pod";
    bool secret = ref.kind == "Secret";
    bool node = ref.kind == "Node";
    if (ref.apiVersion != "v1" || !(pod || secret || node)) {
      co_return fail(
          errors::bad_request(fmt::format("cannot bind token for {} to object of type {}/{}, Kind={}",
                                          request.name, "", ref.apiVersion, ref.kind)));
    }
    std::string resource = pod ? "pods" : secret ? "secrets" : "nodes";
    std::string ns = node ? std::string() : request.namespace_;
    CO_TRY(EntryPtr entry, co_await find(context, resource, std::move(ns), ref.name));
    if (!ref.uid.empty() && ref.uid != entry->meta().uid) {
      ResourceName name{"", resource};
      co_return fail(
          errors::conflict(name, ref.name,
                           fmt::format("the UID in the bound object reference ({}) does not match the UID in "
                                       "record. The object might have been deleted and then recreated",
                                       ref.uid)));
    }
    ObjectReference bound{ref.name, std::string(entry->meta().uid)};
    if (secret) claims.secret = bound;
    if (node) claims.node = bound;
    if (pod) {
      claims.pod = bound;
      co_return co_await bind_pod(std::move(context), *entry, request.name, claims);
    }
    co_return Result<void>();
  }

  // A Pod's token may only be for its own account, and says on which node it runs.
  Task<Result<void>> bind_pod(Context context, const Entry& entry, const std::string& account,
                              Claims& claims) {
    CO_TRY(auto object, entry.object());
    const auto& pod = object->get<corev1::Pod>();
    if (pod.spec.serviceAccountName != account) {
      co_return fail(errors::bad_request(fmt::format(
          "cannot bind token for serviceaccount \"{}\" to pod running with different serviceaccount name.",
          account)));
    }
    if (pod.spec.nodeName.empty()) co_return Result<void>();
    claims.node = ObjectReference{pod.spec.nodeName, ""};
    auto node = co_await find(std::move(context), "nodes", "", pod.spec.nodeName);
    if (node) claims.node->uid = (*node)->meta().uid;
    co_return Result<void>();
  }

  Result<std::string> sign(TokenRequest& token, int64_t expiration, Claims& claims) {
    int64_t now = std::chrono::duration_cast<std::chrono::seconds>(issuer_.now().time_since_epoch()).count();
    int64_t lifetime = expiration;
    if (options_.max_expiration_seconds > 0) lifetime = std::min(lifetime, options_.max_expiration_seconds);
    token.spec.expirationSeconds = lifetime;
    bool for_api = token.spec.audiences == issuer_.api_audiences();
    if (options_.extend_expiration && expiration == kExtendableSeconds && claims.pod && for_api) {
      claims.warn_after = now + lifetime;
      lifetime = kExtendedSeconds;
    }
    claims.id = make_uuid(rng_);
    claims.subject = service_account::username(claims.namespace_, claims.service_account.name);
    claims.audiences = token.spec.audiences;
    claims.issued_at = now;
    claims.not_before = now;
    claims.expires = now + lifetime;
    // The client is told the time after which it should ask again, not the extended one.
    token.status.expirationTimestamp = api::Time(now + *token.spec.expirationSeconds);
    return issuer_.sign(claims);
  }

  const service_account::Issuer& issuer_;
  const RegistryMap& registries_;
  Rng& rng_;
  TokenRequestOptions options_;
};

}  // namespace

std::unique_ptr<VirtualResource> make_token_request(const service_account::Issuer& issuer,
                                                    const RegistryMap& registries, Rng& rng,
                                                    TokenRequestOptions options) {
  return std::make_unique<TokenRequestResource>(issuer, registries, rng, options);
}

}  // namespace xebec::apiserver
