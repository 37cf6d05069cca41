#include "apiserver/authn/service_account/authenticator.h"

#include <fmt/format.h>
#include <strings.h>

#include "api/gen/corev1.h"
#include "apiserver/authn/anonymous.h"
#include "apiserver/authn/protocol_token.h"
#include "apiserver/cache/entry.h"
#include "apiserver/registry/registry.h"
#include "security/pki/digest.h"

namespace xebec::apiserver::service_account {
namespace {

using EntryPtr = std::shared_ptr<const Entry>;

// The object as the cache has it now; nullptr when it does not exist.
Task<Result<EntryPtr>> look_up(const RegistryMap& registries, Context context, std::string resource,
                               std::string ns, std::string name) {
  GetRequest request;
  request.namespace_ = std::move(ns);
  request.name = std::move(name);
  request.resource_version = std::string("0");
  Registry* registry = registries.find("", resource);
  Result<EntryPtr> entry = co_await registry->get(std::move(context), std::move(request));
  if (!entry && entry.error().is(reason::kNotFound)) co_return EntryPtr();
  co_return entry;
}

// What is being deleted counts as gone after this.
constexpr int64_t kLeewaySeconds = 60;

bool is_gone(const EntryPtr& entry, int64_t now) {
  if (!entry->meta().deleting()) return false;
  Result<std::shared_ptr<const api::Object>> object = entry->object();
  const auto& deleted = object ? (*object)->meta()->deletionTimestamp : std::nullopt;
  return !deleted || deleted->seconds < now - kLeewaySeconds;
}

// A bound object must exist with the uid the token was made for.
Result<void> still_bound(const EntryPtr& entry, std::string_view what, const ObjectReference& ref,
                         int64_t now) {
  const Status invalidated = errors::unauthorized("service account token has been invalidated");
  if (!entry) return fail(invalidated);
  if (!ref.uid.empty() && entry->meta().uid != ref.uid) {
    return fail(
        errors::unauthorized(fmt::format("{0} UID ({1}) does not match service account {0} ref claim ({2})",
                                         what, entry->meta().uid, ref.uid)));
  }
  if (is_gone(entry, now)) return fail(invalidated);
  return {};
}

Result<void> account_exists(const EntryPtr& entry, const Claims& claims, int64_t now) {
  const ObjectReference& ref = claims.service_account;
  if (!entry) return fail(errors::unauthorized(fmt::format("serviceaccounts \"{}\" not found", ref.name)));
  if (!ref.uid.empty() && entry->meta().uid != ref.uid) {
    return fail(errors::unauthorized(
        fmt::format("service account UID ({}) does not match claim ({})", entry->meta().uid, ref.uid)));
  }
  if (!is_gone(entry, now)) return {};
  return fail(errors::unauthorized(
      fmt::format("service account {}/{} has been deleted", claims.namespace_, ref.name)));
}

// As Go's %q prints them.
std::string quoted(const std::vector<std::string>& words) {
  std::string out = "[";
  for (const std::string& word : words) out += (out.size() == 1 ? "\"" : " \"") + word + "\"";
  return out + "]";
}

std::shared_ptr<const UserInfo> user_of(const Claims& claims) {
  UserInfo user;
  user.name = claims.subject;
  user.uid = claims.service_account.uid;
  user.groups = {"system:serviceaccounts", "system:serviceaccounts:" + claims.namespace_};
  if (!claims.id.empty()) user.extra["authentication.kubernetes.io/credential-id"] = {"JTI=" + claims.id};
  if (claims.pod) {
    user.extra["authentication.kubernetes.io/pod-name"] = {claims.pod->name};
    user.extra["authentication.kubernetes.io/pod-uid"] = {claims.pod->uid};
  }
  if (claims.node) {
    user.extra["authentication.kubernetes.io/node-name"] = {claims.node->name};
    if (!claims.node->uid.empty()) user.extra["authentication.kubernetes.io/node-uid"] = {claims.node->uid};
  }
  return with_authenticated_group(std::move(user));
}

std::vector<std::string> common(const std::vector<std::string>& wanted,
                                const std::vector<std::string>& have) {
  std::vector<std::string> out;
  for (const std::string& audience : wanted) {
    if (std::find(have.begin(), have.end(), audience) != have.end()) out.push_back(audience);
  }
  return out;
}

// The token of a request's header, or empty.
std::string header_token(const http::Request& request) {
  std::string_view header = request.headers.get("Authorization");
  if (header.size() > 7 && strncasecmp(header.data(), "bearer ", 7) == 0) {
    std::string_view token = header.substr(7);
    while (token.starts_with(' ')) token.remove_prefix(1);
    while (token.ends_with(' ')) token.remove_suffix(1);
    return std::string(token);
  }
  return {};
}

class BearerAuthenticator final : public Authenticator {
 public:
  BearerAuthenticator(std::shared_ptr<const TokenChecker> checker, std::vector<std::string> audiences)
      : checker_(std::move(checker)), audiences_(std::move(audiences)) {}

  Task<Result<std::shared_ptr<const UserInfo>>> authenticate(const Context& context,
                                                             const http::Request& request) override {
    std::string token = header_token(request);
    if (token.empty()) {
      CO_TRY(token, protocol_token(request));
    }
    if (token.empty()) co_return std::shared_ptr<const UserInfo>();
    Result<std::optional<Authenticated>> checked =
        co_await checker_->check(context, std::move(token), audiences_);
    if (!checked) co_return fail(std::move(checked).error());
    // Nobody else takes bearer tokens: one that is not ours is a bad one.
    if (!*checked) co_return fail(errors::unauthorized("invalid bearer token"));
    co_return (*checked)->user;
  }

 private:
  std::shared_ptr<const TokenChecker> checker_;
  std::vector<std::string> audiences_;
};

}  // namespace

Task<Result<void>> TokenChecker::check_objects(Context context, const Claims& claims) const {
  const std::string& ns = claims.namespace_;
  CO_TRY(EntryPtr account,
         co_await look_up(registries_, context, "serviceaccounts", ns, claims.service_account.name));
  const int64_t now =
      std::chrono::duration_cast<std::chrono::seconds>(issuer_.now().time_since_epoch()).count();
  CO_TRY_VOID(account_exists(account, claims, now));
  if (claims.secret) {
    CO_TRY(EntryPtr secret, co_await look_up(registries_, context, "secrets", ns, claims.secret->name));
    CO_TRY_VOID(still_bound(secret, "secret", *claims.secret, now));
  }
  if (claims.pod) {
    CO_TRY(EntryPtr pod, co_await look_up(registries_, context, "pods", ns, claims.pod->name));
    CO_TRY_VOID(still_bound(pod, "pod", *claims.pod, now));
  } else if (claims.node) {
    // A Pod's node needs no look: the token goes with the Pod.
    CO_TRY(EntryPtr node, co_await look_up(registries_, context, "nodes", "", claims.node->name));
    CO_TRY_VOID(still_bound(node, "node", *claims.node, now));
  }
  co_return Result<void>();
}

Task<Result<std::optional<Authenticated>>> TokenChecker::check(Context context, std::string token,
                                                               std::vector<std::string> audiences) const {
  if (!issuer_.issued(token)) co_return std::optional<Authenticated>();
  CO_TRY(Claims claims, issuer_.verify(token));
  // Legacy tokens are for the API server and nobody else.
  const std::vector<std::string> claimed = claims.legacy ? issuer_.api_audiences() : claims.audiences;
  std::vector<std::string> good = common(audiences, claimed);
  if (good.empty()) {
    co_return fail(errors::unauthorized(fmt::format(
        "token audiences {} is invalid for the target audiences {}", quoted(claimed), quoted(audiences))));
  }
  CO_TRY_VOID(co_await check_objects(std::move(context), claims));
  std::optional<Authenticated> authenticated;
  authenticated.emplace();
  authenticated->user = user_of(claims);
  authenticated->audiences = std::move(good);
  co_return authenticated;
}

std::unique_ptr<Authenticator> make_bearer_authenticator(std::shared_ptr<const TokenChecker> checker,
                                                         std::vector<std::string> api_audiences) {
  return std::make_unique<BearerAuthenticator>(std::move(checker), std::move(api_audiences));
}

}  // namespace xebec::apiserver::service_account
