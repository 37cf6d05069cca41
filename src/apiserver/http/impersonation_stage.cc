#include "apiserver/http/impersonation_stage.h"

#include <algorithm>
#include <cctype>

#include "apiserver/http/authorization_stage.h"
#include "apiserver/http/respond.h"

namespace xebec::apiserver {
namespace {

constexpr std::string_view kExtraPrefix = "impersonate-extra-";
constexpr std::string_view kServiceAccountPrefix = "system:serviceaccount:";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// What the headers ask for; name is empty when they ask for nothing.
UserInfo requested_user(const http::Headers& headers) {
  UserInfo wanted;
  wanted.name = headers.get("Impersonate-User");
  wanted.uid = headers.get("Impersonate-Uid");
  for (std::string_view group : headers.all("Impersonate-Group")) wanted.groups.emplace_back(group);
  for (const auto& [name, value] : headers) {
    std::string key = lower(name);
    if (!key.starts_with(kExtraPrefix)) continue;
    wanted.extra[http::percent_decode(key.substr(kExtraPrefix.size()), false)].push_back(value);
  }
  return wanted;
}

// namespace and name of a service account's user name.
std::optional<std::pair<std::string, std::string>> service_account(std::string_view name) {
  if (!name.starts_with(kServiceAccountPrefix)) return std::nullopt;
  name.remove_prefix(kServiceAccountPrefix.size());
  size_t colon = name.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == name.size()) return std::nullopt;
  if (name.find(':', colon + 1) != std::string_view::npos) return std::nullopt;
  return std::pair(std::string(name.substr(0, colon)), std::string(name.substr(colon + 1)));
}

// Every single thing that must be permitted.
std::vector<AuthorizationAttributes> permissions_needed(const UserInfo& wanted,
                                                        const std::shared_ptr<const UserInfo>& by) {
  std::vector<AuthorizationAttributes> out;
  auto need = [&](std::string_view group, std::string_view resource, std::string_view subresource,
                  std::string_view name, std::string_view namespace_) {
    AuthorizationAttributes& a = out.emplace_back();
    a.user = by;
    a.verb = "impersonate";
    a.group = group;
    a.version = "v1";
    a.resource = resource;
    a.subresource = subresource;
    a.name = name;
    a.namespace_ = namespace_;
  };
  if (auto account = service_account(wanted.name)) {
    need("", "serviceaccounts", "", account->second, account->first);
  } else {
    need("", "users", "", wanted.name, "");
  }
  for (const std::string& group : wanted.groups) need("", "groups", "", group, "");
  for (const auto& [key, values] : wanted.extra) {
    for (const std::string& value : values) need("authentication.k8s.io", "userextras", key, value, "");
  }
  if (!wanted.uid.empty()) need("authentication.k8s.io", "uids", "", wanted.uid, "");
  return out;
}

// Groups every such user has.
void add_implied_groups(UserInfo& user) {
  if (auto account = service_account(user.name); account && user.groups.empty()) {
    user.groups = {"system:serviceaccounts", "system:serviceaccounts:" + account->first};
  }
  std::string_view implied =
      user.name == "system:anonymous" ? "system:unauthenticated" : "system:authenticated";
  bool has = std::ranges::any_of(user.groups, [](const std::string& g) {
    return g == "system:authenticated" || g == "system:unauthenticated";
  });
  if (!has) user.groups.emplace_back(implied);
}

void erase_headers(http::Headers& headers) {
  std::vector<std::string> names;
  for (const auto& [name, value] : headers) {
    if (lower(name).starts_with("impersonate-")) names.push_back(name);
  }
  for (const std::string& name : names) headers.erase(name);
}

}  // namespace

Task<http::Response> ImpersonationStage::handle(Context context, std::shared_ptr<Exchange> exchange) {
  UserInfo wanted = requested_user(exchange->request.headers);
  bool anything =
      !wanted.name.empty() || !wanted.uid.empty() || !wanted.groups.empty() || !wanted.extra.empty();
  if (!anything) co_return co_await next_->handle(std::move(context), std::move(exchange));
  if (wanted.name.empty()) {
    co_return error_response(exchange->request,
                             errors::internal("requested impersonation without impersonating a user"));
  }
  for (const AuthorizationAttributes& attributes : permissions_needed(wanted, context.user)) {
    Verdict verdict = authorizer_->authorize(attributes);
    if (verdict.decision == Decision::kAllow) continue;
    co_return error_response(exchange->request, forbidden_status(attributes, verdict.reason));
  }
  add_implied_groups(wanted);
  erase_headers(exchange->request.headers);
  context.user = std::make_shared<const UserInfo>(std::move(wanted));
  co_return co_await next_->handle(std::move(context), std::move(exchange));
}

}  // namespace xebec::apiserver
