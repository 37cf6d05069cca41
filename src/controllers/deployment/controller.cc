#include "controllers/deployment/controller.h"

#include <fmt/format.h>

#include "client/controller_ref.h"
#include "controllers/claim.h"
#include "controllers/deployment/conditions.h"

namespace xebec::controllers {
namespace {

constexpr std::string_view kAccount = "deployment-controller";

std::optional<api::LabelSelector> selector_of(const appsv1::Deployment& deployment) {
  return controllers::selector_of(deployment.spec.selector ? &*deployment.spec.selector : nullptr);
}

bool selects(const appsv1::Deployment& deployment, const appsv1::ReplicaSet& set) {
  std::optional<api::LabelSelector> selector = selector_of(deployment);
  return selector && selector->matches(set.metadata.labels);
}

// In a namespace that is going away nothing can be made, and nobody is told so.
bool namespace_terminating(const Status& error) {
  return std::any_of(error.details.causes.begin(), error.details.causes.end(),
                     [](const StatusCause& cause) { return cause.reason == "NamespaceTerminating"; });
}

}  // namespace

DeploymentController::DeploymentController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as(kAccount)),
      deployments_(context.informers->get<appsv1::Deployment>()),
      sets_(context.informers->get<appsv1::ReplicaSet>()),
      pods_(context.informers->get<corev1::Pod>()),
      queue_(env_, "deployment"),
      recorder_(rest_, env_, std::string(kAccount)) {
  deployments_.on_change([this](const DeploymentPtr& old, const DeploymentPtr& now) {
    queue_.add(client::key_of((now ? now : old)->metadata));
  });
  sets_.on_change([this](const SetPtr& old, const SetPtr& now) { on_set(old, now); });
  client::Handlers<corev1::Pod> pod_handlers;
  pod_handlers.on_delete = [this](const PodPtr& pod) { on_pod_gone(*pod); };
  pods_.add_handlers(std::move(pod_handlers));
}

void DeploymentController::start(Scope& scope) {
  scope.spawn(recorder_.run(scope.token()));
  client::run_controller(
      scope, queue_, 5, [this](std::string key) { return sync(std::move(key)); }, env_.logger);
}

DeploymentController::DeploymentPtr DeploymentController::owner_of(const metav1::ObjectMeta& set) const {
  const metav1::OwnerReference* ref = client::controller_of(set);
  if (ref == nullptr || ref->kind != "Deployment") return nullptr;
  DeploymentPtr owner = deployments_.get(set.namespace_, ref->name);
  return owner && owner->metadata.uid == ref->uid ? owner : nullptr;
}

void DeploymentController::enqueue_owner(const metav1::ObjectMeta& set) {
  if (DeploymentPtr owner = owner_of(set)) queue_.add(client::key_of(owner->metadata));
}

void DeploymentController::on_set(const SetPtr& old, const SetPtr& now) {
  if (old) enqueue_owner(old->metadata);
  if (!now) return;
  if (client::controller_of(now->metadata) != nullptr) return enqueue_owner(now->metadata);
  for (const DeploymentPtr& deployment : deployments_.list(now->metadata.namespace_)) {
    if (selects(*deployment, *now)) queue_.add(client::key_of(deployment->metadata));
  }
}

// Recreate waits for the last old Pod to go.
void DeploymentController::on_pod_gone(const corev1::Pod& pod) {
  const metav1::OwnerReference* ref = client::controller_of(pod.metadata);
  if (ref == nullptr || ref->kind != "ReplicaSet") return;
  SetPtr set = sets_.get(pod.metadata.namespace_, ref->name);
  if (!set) return;
  DeploymentPtr owner = owner_of(set->metadata);
  if (owner && owner->spec.strategy.type == "Recreate") queue_.add(client::key_of(owner->metadata));
}

Task<Result<void>> DeploymentController::sync(std::string key) {
  client::KeyParts parts = client::split_key(key);
  DeploymentPtr deployment = deployments_.get(parts.ns, parts.name);
  if (!deployment) co_return Result<void>();
  if (deployment->spec.selector && *deployment->spec.selector == metav1::LabelSelector())
    co_return co_await refuse_selecting_all(*deployment);
  std::optional<api::LabelSelector> selector = selector_of(*deployment);
  std::function<bool(const appsv1::ReplicaSet&)> picks = [selector](const appsv1::ReplicaSet& set) {
    return selector && selector->matches(set.metadata.labels);
  };
  auto claiming = claim<appsv1::Deployment, appsv1::ReplicaSet>(rest_, deployment, sets_.list(parts.ns),
                                                                std::move(picks));
  CO_TRY(Sets sets, co_await std::move(claiming));
  Work work;
  work.key = std::move(key);
  work.deployment = *deployment;
  work.sets = std::move(sets);
  Result<void> synced = co_await sync_work(work);
  if (!synced && !namespace_terminating(synced.error())) co_return synced;
  co_return Result<void>();
}

Task<Result<void>> DeploymentController::refuse_selecting_all(appsv1::Deployment deployment) {
  recorder_.event(deployment, client::kEventWarning, "SelectingAll",
                  "This deployment is selecting all pods. A non-empty selector is required.");
  if (deployment.status.observedGeneration >= deployment.metadata.generation) co_return Result<void>();
  deployment.status.observedGeneration = deployment.metadata.generation;
  auto written = co_await rest_.update_status(Context(), deployment);
  if (!written && !written.error().is(reason::kNotFound)) co_return fail(std::move(written).error());
  co_return Result<void>();
}

Task<Result<void>> DeploymentController::sync_work(Work& work) {
  const appsv1::Deployment& deployment = work.deployment;
  if (deployment.metadata.deletionTimestamp) {
    CO_TRY(SetPtr new_set, co_await ensure_new_set(work, false));
    co_return co_await sync_status(work, new_set, false);
  }
  CO_TRY_VOID(co_await pause_condition(work));
  if (deployment.spec.paused) co_return co_await sync_paused_or_scaled(work);
  if (deployment::rollback_to(deployment)) co_return co_await roll_back(work);
  if (is_scaling_event(work)) co_return co_await sync_paused_or_scaled(work);
  if (deployment.spec.strategy.type == "Recreate") co_return co_await recreate(work);
  co_return co_await roll(work);
}

// The set of the Deployment's template, made when it is missing and `create` allows it. Keeps revisions in
// step.
Task<Result<DeploymentController::SetPtr>> DeploymentController::ensure_new_set(Work& work, bool create) {
  SetPtr found = deployment::find_new_set(work.deployment, work.sets);
  int64_t revision = deployment::max_revision(deployment::find_old_sets(work.sets, found)) + 1;
  if (found) co_return co_await adopt_new_set(work, found, revision);
  if (!create) co_return SetPtr();
  co_return co_await create_new_set(work, revision);
}

Task<Result<DeploymentController::SetPtr>> DeploymentController::adopt_new_set(Work& work, SetPtr found,
                                                                               int64_t revision) {
  appsv1::ReplicaSet updated = *found;
  bool annotations = deployment::set_annotations(work.deployment, updated, revision, true);
  bool ready_seconds = updated.spec.minReadySeconds != work.deployment.spec.minReadySeconds;
  if (annotations || ready_seconds) {
    updated.spec.minReadySeconds = work.deployment.spec.minReadySeconds;
    CO_TRY(appsv1::ReplicaSet written, co_await rest_.update(Context(), updated));
    auto now = std::make_shared<const appsv1::ReplicaSet>(std::move(written));
    std::replace(work.sets.begin(), work.sets.end(), found, SetPtr(now));
    found = now;
  }
  CO_TRY_VOID(co_await record_revision(work, deployment::revision_of(found->metadata), true));
  co_return found;
}

Task<Result<void>> DeploymentController::record_revision(Work& work, int64_t revision, bool found_new) {
  appsv1::Deployment& deployment = work.deployment;
  bool changed = false;
  if (deployment::revision_of(deployment.metadata) != revision) {
    deployment.metadata.annotations[deployment::kRevision] = std::to_string(revision);
    CO_TRY(appsv1::Deployment written, co_await rest_.update(Context(), deployment));
    deployment = std::move(written);
  }
  // A rollout that ran before conditions were kept is taken as progressing from now on.
  if (found_new && deployment::has_deadline(deployment) &&
      deployment::find(deployment.status.conditions, deployment::kProgressing) == nullptr) {
    SetPtr set = deployment::find_new_set(deployment, work.sets);
    deployment::set(deployment.status.conditions, deployment::kProgressing, "True", "FoundNewReplicaSet",
                    fmt::format("Found new replica set \"{}\"", set ? set->metadata.name : ""),
                    to_time(env_.clock->now()));
    changed = true;
  }
  if (!changed) co_return Result<void>();
  CO_TRY(appsv1::Deployment written, co_await rest_.update_status(Context(), deployment));
  deployment = std::move(written);
  co_return Result<void>();
}

Task<Result<DeploymentController::SetPtr>> DeploymentController::create_new_set(Work& work,
                                                                                int64_t revision) {
  appsv1::Deployment& deployment = work.deployment;
  std::string hash = template_hash(deployment.spec.template_, deployment.status.collisionCount);
  appsv1::ReplicaSet set;
  set.metadata.name = deployment.metadata.name + "-" + hash;
  set.metadata.namespace_ = deployment.metadata.namespace_;
  set.metadata.ownerReferences.push_back(client::new_controller_ref(deployment));
  set.spec.template_ = deployment.spec.template_;
  set.spec.template_.metadata.labels[deployment::kTemplateHash] = hash;
  set.metadata.labels = set.spec.template_.metadata.labels;
  set.spec.selector = deployment.spec.selector;
  set.spec.selector->matchLabels[deployment::kTemplateHash] = hash;
  set.spec.minReadySeconds = deployment.spec.minReadySeconds;
  set.spec.replicas = static_cast<int32_t>(new_set_replicas(deployment, work.sets, nullptr));
  deployment::set_annotations(deployment, set, revision, false);
  deployment::set_replica_annotations(
      set, deployment.spec.replicas.value_or(1),
      deployment.spec.replicas.value_or(1) + deployment::fenceposts(deployment).surge);
  auto created = co_await rest_.create(Context(), set);
  if (!created && created.error().is(reason::kAlreadyExists)) {
    CO_TRY(appsv1::ReplicaSet existing,
           co_await rest_.get<appsv1::ReplicaSet>(Context(), set.metadata.namespace_, set.metadata.name));
    bool same = client::is_controlled_by(existing.metadata, deployment.metadata.uid) &&
                deployment::same_template(existing.spec.template_, deployment.spec.template_);
    if (!same) {
      // Another template has this hash: a new hash is tried on the next sync.
      deployment.status.collisionCount = deployment.status.collisionCount.value_or(0) + 1;
      CO_TRY(appsv1::Deployment written, co_await rest_.update_status(Context(), deployment));
      co_return fail(std::move(created).error());
    }
    auto ptr = std::make_shared<const appsv1::ReplicaSet>(std::move(existing));
    work.sets.push_back(ptr);
    CO_TRY_VOID(co_await record_revision(work, revision, false));
    co_return SetPtr(ptr);
  }
  api::Time now = to_time(env_.clock->now());
  if (!created && namespace_terminating(created.error())) co_return fail(std::move(created).error());
  if (!created) {
    std::string message = fmt::format("Failed to create new replica set \"{}\": {}", set.metadata.name,
                                      created.error().message);
    recorder_.event(deployment, client::kEventWarning, "ReplicaSetCreateError", message);
    if (deployment::has_deadline(deployment)) {
      deployment::set(deployment.status.conditions, deployment::kProgressing, "False",
                      "ReplicaSetCreateError", message, now);
      auto written = co_await rest_.update_status(Context(), deployment);
    }
    co_return fail(std::move(created).error());
  }
  if (*set.spec.replicas > 0) {
    recorder_.event(
        deployment, client::kEventNormal, "ScalingReplicaSet",
        fmt::format("Scaled up replica set {} from 0 to {}", set.metadata.name, *set.spec.replicas));
  }
  auto ptr = std::make_shared<const appsv1::ReplicaSet>(std::move(*created));
  work.sets.push_back(ptr);
  CO_TRY_VOID(co_await record_revision(work, revision, false));
  if (deployment::has_deadline(deployment)) {
    deployment::set(deployment.status.conditions, deployment::kProgressing, "True", "NewReplicaSetCreated",
                    fmt::format("Created new replica set \"{}\"", ptr->metadata.name), now);
    CO_TRY(appsv1::Deployment written, co_await rest_.update_status(Context(), deployment));
    deployment = std::move(written);
  }
  co_return SetPtr(ptr);
}

}  // namespace xebec::controllers
