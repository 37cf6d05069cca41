#include "controllers/serviceaccount/tokens.h"

#include "base/clock.h"
#include "client/controller_ref.h"

namespace xebec::controllers {
namespace {

constexpr std::string_view kType = "kubernetes.io/service-account-token";
constexpr std::string_view kAccountName = "kubernetes.io/service-account.name";
constexpr std::string_view kAccountUid = "kubernetes.io/service-account.uid";

bool is_token(const corev1::Secret& secret) { return secret.type == kType; }

std::string account_of(const corev1::Secret& secret) {
  return secret.metadata.annotations.value_or(kAccountName, "");
}

// True when the bytes under the key were not what they should be.
bool set_data(corev1::Secret& secret, std::string_view key, const std::string& bytes) {
  api::Bytes& slot = secret.data[key];
  if (slot.data == bytes) return false;
  slot.data = bytes;
  return true;
}

}  // namespace

TokensController::TokensController(const ControllerContext& context)
    : env_(context.env),
      // There is no role for an account of its own: it makes the accounts' credentials.
      rest_(context.informers->rest()),
      options_(*context.options),
      accounts_(context.informers->get<corev1::ServiceAccount>()),
      secrets_(context.informers->get<corev1::Secret>()),
      account_queue_(env_, "serviceaccount_tokens_service"),
      secret_queue_(env_, "serviceaccount_tokens_secret") {
  accounts_.on_change([this](const AccountPtr& old, const AccountPtr& now) {
    account_queue_.add(client::key_of((now ? now : old)->metadata));
  });
  secrets_.on_change([this](const SecretPtr& old, const SecretPtr& now) {
    const SecretPtr& any = now ? now : old;
    if (!is_token(*any)) return;
    if (!now) gone_[client::key_of(any->metadata)] = account_of(*any);
    secret_queue_.add(client::key_of(any->metadata));
    account_queue_.add(client::make_key(any->metadata.namespace_, account_of(*any)));
  });
}

void TokensController::start(Scope& scope) {
  client::run_controller(
      scope, account_queue_, 1, [this](std::string key) { return sync_account(std::move(key)); },
      env_.logger);
  client::run_controller(
      scope, secret_queue_, 1, [this](std::string key) { return sync_secret(std::move(key)); }, env_.logger);
}

bool TokensController::has_token(const corev1::ServiceAccount& account) const {
  for (const SecretPtr& secret : secrets_.list(account.metadata.namespace_)) {
    if (is_token(*secret) && account_of(*secret) == account.metadata.name) return true;
  }
  return false;
}

Task<Result<void>> TokensController::sync_account(std::string key) {
  client::KeyParts parts = client::split_key(key);
  AccountPtr account = accounts_.get(parts.ns, parts.name);
  if (!account) {
    // The informer of accounts may lag behind that of Secrets.
    auto live = co_await rest_.get<corev1::ServiceAccount>(Context(), parts.ns, parts.name);
    if (live) co_return Result<void>();
    if (!live.error().is(reason::kNotFound)) co_return fail(std::move(live).error());
    co_return co_await delete_tokens(parts.ns, parts.name);
  }
  if (!options_.legacy_token_secrets || account->metadata.deletionTimestamp || has_token(*account))
    co_return Result<void>();
  co_return co_await generate(std::move(account));
}

Task<Result<void>> TokensController::delete_tokens(std::string ns, std::string account) {
  for (const SecretPtr& secret : secrets_.list(ns)) {
    if (!is_token(*secret) || account_of(*secret) != account) continue;
    client::DeleteOptions options;
    options.uid = secret->metadata.uid;
    auto deleted =
        co_await rest_.delete_<corev1::Secret>(Context(), ns, secret->metadata.name, std::move(options));
    bool gone = deleted || deleted.error().is(reason::kNotFound) || deleted.error().is(reason::kConflict);
    if (!gone) co_return fail(std::move(deleted).error());
  }
  co_return Result<void>();
}

// Whether the account names a Secret that exists: the informers may not know yet.
Task<Result<bool>> TokensController::names_token(const corev1::ServiceAccount& live) {
  for (const corev1::ObjectReference& ref : live.secrets) {
    auto secret = co_await rest_.get<corev1::Secret>(Context(), live.metadata.namespace_, ref.name);
    if (!secret && secret.error().is(reason::kNotFound)) continue;
    if (!secret) co_return fail(std::move(secret).error());
    bool token = is_token(*secret) && account_of(*secret) == live.metadata.name;
    if (token) co_return true;
  }
  co_return false;
}

// Makes the Secret first and then lets the account refer to it; a Secret that nothing refers to goes again.
Task<Result<void>> TokensController::generate(AccountPtr account) {
  const std::string ns = account->metadata.namespace_, name = account->metadata.name;
  auto live = co_await rest_.get<corev1::ServiceAccount>(Context(), ns, name);
  if (!live && live.error().is(reason::kNotFound)) co_return Result<void>();
  if (!live) co_return fail(std::move(live).error());
  if (live->metadata.uid != account->metadata.uid) co_return Result<void>();
  CO_TRY(bool has_one, co_await names_token(*live));
  if (has_one) co_return Result<void>();
  corev1::Secret secret;
  secret.metadata.namespace_ = ns;
  secret.metadata.name = name + "-token-" + random_suffix(*env_.rng, 5);
  secret.metadata.annotations[kAccountName] = name;
  secret.metadata.annotations[kAccountUid] = account->metadata.uid;
  secret.type = kType;
  bool changed = false;
  CO_TRY_VOID(fill(secret, *account, changed));
  auto created = co_await rest_.create(Context(), secret);
  if (!created) {
    bool terminating = created.error().is(reason::kForbidden) || created.error().is(reason::kNotFound);
    if (terminating) co_return Result<void>();
    co_return fail(std::move(created).error());
  }
  Result<void> referred = co_await refer(std::move(*live), secret.metadata.name);
  if (referred) co_return referred;
  client::DeleteOptions options;
  options.uid = created->metadata.uid;
  auto deleted =
      co_await rest_.delete_<corev1::Secret>(Context(), ns, secret.metadata.name, std::move(options));
  if (!deleted && !deleted.error().is(reason::kNotFound)) co_return deleted;
  co_return referred;
}

Task<Result<void>> TokensController::refer(corev1::ServiceAccount account, std::string secret) {
  for (int attempt = 0;; ++attempt) {
    account.secrets.emplace_back().name = secret;
    auto written = co_await rest_.update(Context(), account);
    if (written) co_return Result<void>();
    if (!written.error().is(reason::kConflict) || attempt == 5) co_return fail(std::move(written).error());
    std::string uid = account.metadata.uid;
    CO_TRY(account, co_await rest_.get<corev1::ServiceAccount>(Context(), account.metadata.namespace_,
                                                               account.metadata.name));
    if (account.metadata.uid != uid) co_return fail(std::move(written).error());
  }
}

Result<void> TokensController::fill(corev1::Secret& secret, const corev1::ServiceAccount& account,
                                    bool& changed) const {
  changed |= set_data(secret, "ca.crt", options_.root_ca_pem);
  changed |= set_data(secret, "namespace", secret.metadata.namespace_);
  if (secret.data["token"].empty()) {
    TRY(std::string token, options_.sign_legacy_token(secret.metadata.namespace_, account.metadata.name,
                                                      account.metadata.uid, secret.metadata.name));
    secret.data["token"].data = std::move(token);
    changed = true;
  }
  std::string& uid = secret.metadata.annotations[kAccountUid];
  if (uid != account.metadata.uid) {
    uid = account.metadata.uid;
    changed = true;
  }
  return {};
}

// An account must not go on naming a Secret that is gone.
Task<Result<void>> TokensController::drop_reference(client::KeyParts secret) {
  std::string key = client::make_key(secret.ns, secret.name);
  auto gone = gone_.find(key);
  if (gone == gone_.end()) co_return Result<void>();
  auto account = co_await rest_.get<corev1::ServiceAccount>(Context(), secret.ns, gone->second);
  if (!account && !account.error().is(reason::kNotFound)) co_return fail(std::move(account).error());
  size_t dropped = 0;
  if (account)
    dropped = std::erase_if(account->secrets, [&](const auto& ref) { return ref.name == secret.name; });
  if (dropped > 0) {
    auto written = co_await rest_.update(Context(), *account);
    if (!written && !written.error().is(reason::kNotFound)) co_return fail(std::move(written).error());
  }
  gone_.erase(key);
  co_return Result<void>();
}

Task<Result<void>> TokensController::sync_secret(std::string key) {
  client::KeyParts parts = client::split_key(key);
  SecretPtr secret = secrets_.get(parts.ns, parts.name);
  if (!secret) co_return co_await drop_reference(parts);
  gone_.erase(key);
  if (!is_token(*secret)) co_return Result<void>();
  AccountPtr account = accounts_.get(parts.ns, account_of(*secret));
  std::string wanted_uid = secret->metadata.annotations.value_or(kAccountUid, "");
  bool orphaned = !account || (!wanted_uid.empty() && wanted_uid != account->metadata.uid);
  if (orphaned) {
    // The informer of accounts may lag: only what the server says counts.
    auto live = co_await rest_.get<corev1::ServiceAccount>(Context(), parts.ns, account_of(*secret));
    bool exists = live && (wanted_uid.empty() || live->metadata.uid == wanted_uid);
    if (exists) {
      secret_queue_.add_after(key, std::chrono::seconds(1));
      co_return Result<void>();
    }
    client::DeleteOptions options;
    options.uid = secret->metadata.uid;
    auto deleted =
        co_await rest_.delete_<corev1::Secret>(Context(), parts.ns, parts.name, std::move(options));
    bool gone = deleted || deleted.error().is(reason::kNotFound) || deleted.error().is(reason::kConflict);
    if (!gone) co_return fail(std::move(deleted).error());
    co_return Result<void>();
  }
  corev1::Secret updated = *secret;
  bool changed = false;
  CO_TRY_VOID(fill(updated, *account, changed));
  if (!changed) co_return Result<void>();
  auto written = co_await rest_.update(Context(), updated);
  bool fine = written || written.error().is(reason::kNotFound);
  if (!fine) co_return fail(std::move(written).error());
  co_return Result<void>();
}

}  // namespace xebec::controllers
