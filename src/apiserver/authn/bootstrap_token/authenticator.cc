#include "apiserver/authn/bootstrap_token/authenticator.h"

#include <fmt/format.h>
#include <strings.h>

#include "apiserver/authn/anonymous.h"
#include "apiserver/cache/entry.h"
#include "apiserver/registry/registry.h"
#include "security/pki/digest.h"

namespace xebec::apiserver {
namespace {

std::string value_of(const corev1::Secret& secret, std::string_view key) {
  const api::Bytes* value = secret.data.get(key);
  return value == nullptr ? std::string() : value->data;
}

// "a,b" of auth-extra-groups; nothing when one may not be given.
std::optional<std::vector<std::string>> extra_groups(const corev1::Secret& secret) {
  std::vector<std::string> out;
  std::string text = value_of(secret, "auth-extra-groups");
  std::string_view rest = text;
  while (!rest.empty()) {
    size_t comma = rest.find(',');
    std::string_view group = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    if (!bootstrap_token::is_extra_group(group)) return std::nullopt;
    out.emplace_back(group);
  }
  return out;
}

std::string bearer_token(const http::Request& request) {
  std::string_view header = request.headers.get("Authorization");
  if (header.size() <= 7 || strncasecmp(header.data(), "bearer ", 7) != 0) return {};
  std::string_view token = header.substr(7);
  while (token.starts_with(' ')) token.remove_prefix(1);
  while (token.ends_with(' ')) token.remove_suffix(1);
  return std::string(token);
}

class BootstrapTokenAuthenticator final : public Authenticator {
 public:
  BootstrapTokenAuthenticator(const RegistryMap& registries, const Clock& clock)
      : registries_(registries), clock_(clock) {}

  Task<Result<std::shared_ptr<const UserInfo>>> authenticate(const Context& context,
                                                             const http::Request& request) override {
    std::optional<bootstrap_token::Token> token = bootstrap_token::parse(bearer_token(request));
    if (!token) co_return std::shared_ptr<const UserInfo>();
    GetRequest get;
    get.namespace_ = "kube-system";
    get.name = std::string(bootstrap_token::kSecretPrefix) + token->id;
    get.resource_version = "0";
    Registry* registry = registries_.find("", "secrets");
    Context reading = context;
    Result<std::shared_ptr<const Entry>> entry = co_await registry->get(std::move(reading), std::move(get));
    if (!entry && entry.error().is(reason::kNotFound)) co_return std::shared_ptr<const UserInfo>();
    if (!entry) co_return fail(entry.error());
    CO_TRY(std::shared_ptr<const api::Object> object, (*entry)->object());
    std::string why;
    co_return bootstrap_user(object->get<corev1::Secret>(), *token, clock_.now(), why);
  }

 private:
  const RegistryMap& registries_;
  const Clock& clock_;
};

}  // namespace

std::shared_ptr<const UserInfo> bootstrap_user(const corev1::Secret& secret,
                                               const bootstrap_token::Token& token, WallTime now,
                                               std::string& why) {
  auto refuse = [&](std::string text) {
    why = std::move(text);
    return std::shared_ptr<const UserInfo>();
  };
  if (secret.metadata.deletionTimestamp) return refuse("is deleted and awaiting removal");
  if (secret.type != bootstrap_token::kSecretType) return refuse("has the wrong type");
  std::string own = value_of(secret, "token-secret");
  if (own.empty() || !pki::equal_constant_time(own, token.secret)) return refuse("has another secret");
  if (value_of(secret, "token-id") != token.id) return refuse("has another id");
  if (std::string text = value_of(secret, "expiration"); !text.empty()) {
    Result<api::Time> time = api::Time::parse(text);
    if (!time) return refuse("has a time of expiration that cannot be read");
    if (WallTime(std::chrono::seconds(time->unix_seconds())) < now) return refuse("has expired");
  }
  if (value_of(secret, "usage-bootstrap-authentication") != "true")
    return refuse("is not for authentication");
  std::optional<std::vector<std::string>> groups = extra_groups(secret);
  if (!groups) return refuse("has a group that bootstrappers may not have");
  UserInfo user;
  user.name = std::string(bootstrap_token::kUserPrefix) + token.id;
  user.groups = std::move(*groups);
  user.groups.emplace_back(bootstrap_token::kGroup);
  return with_authenticated_group(std::move(user));
}

std::unique_ptr<Authenticator> make_bootstrap_token_authenticator(const RegistryMap& registries,
                                                                  const Clock& clock) {
  return std::make_unique<BootstrapTokenAuthenticator>(registries, clock);
}

}  // namespace xebec::apiserver
