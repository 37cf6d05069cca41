#include "controllers/clusterrole/controller.h"

#include "api/selectors.h"

namespace xebec::controllers {
namespace {

using RolePtr = std::shared_ptr<const rbacv1::ClusterRole>;
using Rules = std::vector<rbacv1::PolicyRule>;

bool selected(const rbacv1::AggregationRule& rule, const rbacv1::ClusterRole& role) {
  for (const metav1::LabelSelector& labels : rule.clusterRoleSelectors) {
    Result<api::LabelSelector> selector = api::LabelSelector::from(labels);
    if (selector && selector->matches(role.metadata.labels)) return true;
  }
  return false;
}

}  // namespace

ClusterRoleAggregationController::ClusterRoleAggregationController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("clusterrole-aggregation-controller")),
      roles_(context.informers->get<rbacv1::ClusterRole>()),
      queue_(env_, "ClusterRoleAggregator") {
  // A changed role may be part of any aggregate.
  roles_.on_change([this](const RolePtr&, const RolePtr&) {
    for (const RolePtr& role : roles_.list()) {
      if (role->aggregationRule) queue_.add(role->metadata.name);
    }
  });
}

void ClusterRoleAggregationController::start(Scope& scope) {
  client::run_controller(
      scope, queue_, 1, [this](std::string name) { return sync(std::move(name)); }, env_.logger);
}

Task<Result<void>> ClusterRoleAggregationController::sync(std::string name) {
  RolePtr target = roles_.get("", name);
  if (!target || !target->aggregationRule) co_return Result<void>();
  Rules rules;
  for (const RolePtr& role : roles_.list()) {
    if (role->metadata.name == name || !selected(*target->aggregationRule, *role)) continue;
    for (const rbacv1::PolicyRule& rule : role->rules) {
      if (std::find(rules.begin(), rules.end(), rule) == rules.end()) rules.push_back(rule);
    }
  }
  if (rules == target->rules) co_return Result<void>();
  rbacv1::ClusterRole updated = *target;
  updated.rules = std::move(rules);
  auto written = co_await rest_.update(Context(), updated);
  bool gone = !written && written.error().is(reason::kNotFound);
  if (!written && !gone) co_return fail(std::move(written).error());
  co_return Result<void>();
}

}  // namespace xebec::controllers
