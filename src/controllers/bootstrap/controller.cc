#include "controllers/bootstrap/controller.h"

#include "api/time.h"
#include "client/controller_ref.h"
#include "security/bootstrap_token.h"

namespace xebec::controllers {
namespace {

constexpr std::string_view kInfoNamespace = "kube-public", kInfoName = "cluster-info",
                           kKubeconfig = "kubeconfig";
constexpr std::string_view kTokenNamespace = "kube-system";

using SecretPtr = std::shared_ptr<const corev1::Secret>;

std::string text_of(const corev1::Secret& secret, std::string_view key) {
  const api::Bytes* value = secret.data.get(key);
  return value == nullptr ? std::string() : value->data;
}

bool is_token(const corev1::Secret& secret) {
  return secret.metadata.namespace_ == kTokenNamespace && secret.type == bootstrap_token::kSecretType;
}

// How long it is still good; nothing when that has no end. A time that cannot be read is over, as upstream
// has it.
std::optional<Duration> time_left(const corev1::Secret& secret, const Clock& clock) {
  std::string text = text_of(secret, "expiration");
  if (text.empty()) return std::nullopt;
  Result<api::Time> time = api::Time::parse(text);
  if (!time) return Duration::zero();
  return WallTime(std::chrono::seconds(time->unix_seconds())) - clock.now();
}

bool has_expired(const corev1::Secret& secret, const Clock& clock) {
  std::optional<Duration> left = time_left(secret, clock);
  return left && *left <= Duration::zero();
}

}  // namespace

BootstrapSignerController::BootstrapSignerController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("bootstrap-signer")),
      secrets_(context.informers->get<corev1::Secret>()),
      maps_(context.informers->get<corev1::ConfigMap>()),
      queue_(env_, "bootstrap_signer_queue") {
  std::string key = client::make_key(std::string(kInfoNamespace), std::string(kInfoName));
  maps_.on_change([this, key](const auto&, const auto& now) {
    if (now && client::key_of(now->metadata) == key) queue_.add(key);
  });
  secrets_.on_change([this, key](const SecretPtr& old, const SecretPtr& now) {
    if ((old && is_token(*old)) || (now && is_token(*now))) queue_.add(key);
  });
}

void BootstrapSignerController::start(Scope& scope) {
  client::run_controller(
      scope, queue_, 1, [this](std::string key) { return sync(std::move(key)); }, env_.logger);
}

std::map<std::string, std::string> BootstrapSignerController::tokens() const {
  std::map<std::string, std::string> out;
  for (const SecretPtr& secret : secrets_.list(std::string(kTokenNamespace))) {
    if (!is_token(*secret) || has_expired(*secret, *env_.clock)) continue;
    if (text_of(*secret, "usage-bootstrap-signing") != "true") continue;
    std::string id = text_of(*secret, "token-id"), text = text_of(*secret, "token-secret");
    std::string name = std::string(bootstrap_token::kSecretPrefix) + id;
    if (!id.empty() && !text.empty() && secret->metadata.name == name) out[id] = text;
  }
  return out;
}

Task<Result<void>> BootstrapSignerController::sync(std::string) {
  auto map = maps_.get(std::string(kInfoNamespace), std::string(kInfoName));
  if (!map) co_return Result<void>();
  const std::string* content = map->data.get(kKubeconfig);
  if (content == nullptr) co_return Result<void>();
  corev1::ConfigMap wanted = *map;
  for (const auto& [key, value] : map->data) {
    if (key.starts_with(bootstrap_token::kSignaturePrefix)) wanted.data.erase(key);
  }
  for (const auto& [id, secret] : tokens()) {
    wanted.data[std::string(bootstrap_token::kSignaturePrefix) + id] =
        bootstrap_token::sign(*content, bootstrap_token::Token{id, secret});
  }
  if (wanted.data == map->data) co_return Result<void>();
  auto written = co_await rest_.update(Context(), wanted);
  bool fine = written || written.error().is(reason::kNotFound);
  if (!fine) co_return fail(std::move(written).error());
  co_return Result<void>();
}

TokenCleanerController::TokenCleanerController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("token-cleaner")),
      secrets_(context.informers->get<corev1::Secret>()),
      queue_(env_, "token_cleaner") {
  secrets_.on_change([this](const SecretPtr&, const SecretPtr& now) {
    if (now && is_token(*now)) queue_.add(client::key_of(now->metadata));
  });
}

void TokenCleanerController::start(Scope& scope) {
  client::run_controller(
      scope, queue_, 1, [this](std::string key) { return sync(std::move(key)); }, env_.logger);
}

Task<Result<void>> TokenCleanerController::sync(std::string key) {
  client::KeyParts parts = client::split_key(key);
  SecretPtr secret = secrets_.get(parts.ns, parts.name);
  if (!secret || !is_token(*secret)) co_return Result<void>();
  std::optional<Duration> left = time_left(*secret, *env_.clock);
  if (!left) co_return Result<void>();
  if (*left > Duration::zero()) {
    queue_.add_after(key, *left);
    co_return Result<void>();
  }
  client::DeleteOptions options;
  options.uid = secret->metadata.uid;
  auto deleted = co_await rest_.delete_<corev1::Secret>(Context(), parts.ns, parts.name, std::move(options));
  bool gone = deleted || deleted.error().is(reason::kNotFound) || deleted.error().is(reason::kConflict);
  if (!gone) co_return fail(std::move(deleted).error());
  env_.logger.info("Deleted an expired bootstrap token", {{"secret", key}});
  co_return Result<void>();
}

}  // namespace xebec::controllers
