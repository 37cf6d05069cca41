// Going back to an earlier revision, as extensions/v1beta1's deployments/rollback asks by an annotation
// (k8s.io/kubernetes/pkg/controller/deployment/rollback.go). kubectl rollout undo of today writes the
// template itself.
#include <fmt/format.h>

#include "controllers/deployment/controller.h"

namespace xebec::controllers {
namespace {

using deployment::SetPtr;

// The set's template without the hash, and its annotations instead of the Deployment's.
void take_over(appsv1::Deployment& deployment, const appsv1::ReplicaSet& set) {
  deployment.spec.template_ = set.spec.template_;
  deployment.spec.template_.metadata.labels.erase(deployment::kTemplateHash);
  auto stays = [](std::string_view key) {
    return key == "kubectl.kubernetes.io/last-applied-configuration" || key == deployment::kRevision ||
           key == deployment::kRevisionHistory || key == deployment::kDesiredReplicas ||
           key == deployment::kMaxReplicas || key == deployment::kRollbackTo;
  };
  api::FlatMap<std::string> annotations;
  for (const auto& [key, value] : deployment.metadata.annotations) {
    if (stays(key)) annotations[key] = value;
  }
  for (const auto& [key, value] : set.metadata.annotations) {
    if (!stays(key)) annotations[key] = value;
  }
  deployment.metadata.annotations = std::move(annotations);
}

}  // namespace

// Whatever comes of it, the request is taken away; the next sync rolls to the template that is then there.
Task<Result<void>> DeploymentController::roll_back(Work& work) {
  CO_TRY(SetPtr new_set, co_await ensure_new_set(work, false));
  appsv1::Deployment& deployment = work.deployment;
  int64_t revision = deployment::rollback_to(deployment).value_or(0);
  if (revision == 0) revision = deployment::last_revision(work.sets);
  auto found = std::find_if(work.sets.begin(), work.sets.end(), [&](const SetPtr& set) {
    return deployment::revision_of(set->metadata) == revision;
  });
  if (revision == 0) {
    recorder_.event(deployment, client::kEventWarning, "DeploymentRollbackRevisionNotFound",
                    "Unable to find last revision.");
  } else if (found == work.sets.end()) {
    recorder_.event(deployment, client::kEventWarning, "DeploymentRollbackRevisionNotFound",
                    "Unable to find the revision to rollback to.");
  } else if (deployment::same_template(deployment.spec.template_, (*found)->spec.template_)) {
    recorder_.event(
        deployment, client::kEventWarning, "DeploymentRollbackTemplateUnchanged",
        fmt::format("The rollback revision contains the same template as current deployment \"{}\"",
                    deployment.metadata.name));
  } else {
    take_over(deployment, **found);
    recorder_.event(
        deployment, client::kEventNormal, "DeploymentRollback",
        fmt::format("Rolled back deployment \"{}\" to revision {}", deployment.metadata.name, revision));
  }
  deployment.metadata.annotations.erase(deployment::kRollbackTo);
  CO_TRY(appsv1::Deployment written, co_await rest_.update(Context(), deployment));
  deployment = std::move(written);
  co_return Result<void>();
}

}  // namespace xebec::controllers
