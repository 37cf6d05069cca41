#include "controllers/serviceaccount/controller.h"

namespace xebec::controllers {
namespace {

using NamespacePtr = std::shared_ptr<const corev1::Namespace>;

constexpr std::string_view kDefault = "default";
constexpr std::string_view kRootCa = "kube-root-ca.crt";
constexpr std::string_view kRootCaKey = "ca.crt";
constexpr std::string_view kDescription = "kubernetes.io/description";
constexpr std::string_view kDescriptionText =
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such "
    "as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of "
    "Kubernetes clusters.";

bool active(const NamespacePtr& ns) { return ns && ns->status.phase != "Terminating"; }

// Writes that come too late for their namespace, or that somebody else made meanwhile, are fine.
Result<void> tolerate(const Status& error) {
  if (error.is(reason::kAlreadyExists) || error.is(reason::kNotFound)) return {};
  bool terminating =
      std::any_of(error.details.causes.begin(), error.details.causes.end(),
                  [](const StatusCause& cause) { return cause.reason == "NamespaceTerminating"; });
  if (terminating) return {};
  return fail(error);
}

}  // namespace

ServiceAccountController::ServiceAccountController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("service-account-controller")),
      namespaces_(context.informers->get<corev1::Namespace>()),
      accounts_(context.informers->get<corev1::ServiceAccount>()),
      queue_(env_, "serviceaccount") {
  namespaces_.on_change([this](const NamespacePtr&, const NamespacePtr& now) {
    if (now) queue_.add(now->metadata.name);
  });
  client::Handlers<corev1::ServiceAccount> handlers;
  handlers.on_delete = [this](const std::shared_ptr<const corev1::ServiceAccount>& account) {
    if (account->metadata.name == kDefault) queue_.add(account->metadata.namespace_);
  };
  accounts_.add_handlers(std::move(handlers));
}

void ServiceAccountController::start(Scope& scope) {
  client::run_controller(
      scope, queue_, 1, [this](std::string ns) { return sync(std::move(ns)); }, env_.logger);
}

Task<Result<void>> ServiceAccountController::sync(std::string ns) {
  if (!active(namespaces_.get("", ns)) || accounts_.get(ns, kDefault)) co_return Result<void>();
  corev1::ServiceAccount account;
  account.metadata.name = kDefault;
  account.metadata.namespace_ = ns;
  auto created = co_await rest_.create(Context(), account);
  if (!created) co_return tolerate(created.error());
  co_return Result<void>();
}

RootCaPublisher::RootCaPublisher(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("root-ca-cert-publisher")),
      ca_pem_(context.options->root_ca_pem),
      namespaces_(context.informers->get<corev1::Namespace>()),
      config_maps_(context.informers->get<corev1::ConfigMap>()),
      queue_(env_, "root_ca_cert_publisher") {
  namespaces_.on_change([this](const NamespacePtr&, const NamespacePtr& now) {
    if (now) queue_.add(now->metadata.name);
  });
  config_maps_.on_change([this](const auto& old, const auto& now) {
    const auto& any = now ? now : old;
    if (any->metadata.name == kRootCa) queue_.add(any->metadata.namespace_);
  });
}

void RootCaPublisher::start(Scope& scope) {
  client::run_controller(
      scope, queue_, 1, [this](std::string ns) { return sync(std::move(ns)); }, env_.logger);
}

Task<Result<void>> RootCaPublisher::sync(std::string ns) {
  if (!active(namespaces_.get("", ns))) co_return Result<void>();
  auto existing = config_maps_.get(ns, kRootCa);
  if (!existing) {
    corev1::ConfigMap map;
    map.metadata.name = kRootCa;
    map.metadata.namespace_ = ns;
    map.metadata.annotations[kDescription] = kDescriptionText;
    map.data[kRootCaKey] = ca_pem_;
    auto created = co_await rest_.create(Context(), map);
    if (!created) co_return tolerate(created.error());
    co_return Result<void>();
  }
  bool described = !existing->metadata.annotations.value_or(kDescription, "").empty();
  bool same = existing->data.size() == 1 && existing->data.value_or(kRootCaKey, "") == ca_pem_;
  if (same && described) co_return Result<void>();
  corev1::ConfigMap map = *existing;
  if (!described) map.metadata.annotations[kDescription] = kDescriptionText;
  map.data.clear();
  map.data[kRootCaKey] = ca_pem_;
  auto updated = co_await rest_.update(Context(), map);
  if (!updated) co_return tolerate(updated.error());
  co_return Result<void>();
}

}  // namespace xebec::controllers
