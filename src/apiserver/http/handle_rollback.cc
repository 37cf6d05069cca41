// deployments/rollback of extensions/v1beta1 and apps/v1beta1: asks the Deployment controller to go back to a
// revision (k8s.io/kubernetes/pkg/registry/apps/deployment/storage RollbackREST).
#include <fmt/format.h>

#include "api/conversion.h"
#include "api/gen/appsv1.h"
#include "api/gen/appsv1beta1.h"
#include "apiserver/http/body.h"
#include "apiserver/http/options.h"
#include "apiserver/http/resource_call.h"
#include "apiserver/http/respond.h"
#include "apiserver/validation/object_meta.h"

namespace xebec::apiserver {
namespace {

using Rollback = appsv1beta1::DeploymentRollback;

Result<void> check(const Rollback& rollback) {
  field::Errors errors =
      validation::validate_annotations(rollback.updatedAnnotations, field::Path("updatedAnnotations"));
  if (rollback.name.empty()) errors.push_back(field::required(field::Path("name"), "name is required"));
  const int64_t revision = rollback.rollbackTo.revision;
  if (revision < 0)
    errors.push_back(field::invalid_int(field::Path("rollback").child("version"), revision,
                                        "must be greater than or equal to 0"));
  if (errors.empty()) return {};
  return fail(errors::invalid(KindName{"apps", "DeploymentRollback"}, rollback.name, field::causes(errors)));
}

// The Deployment as the controller understands it: the revision is in an annotation.
Result<api::Object> asked(const Rollback& rollback, std::string_view plural, const api::Object* current) {
  if (current == nullptr)
    return fail(errors::not_found(ResourceName{"apps", std::string(plural)}, rollback.name));
  appsv1::Deployment deployment = current->get<appsv1::Deployment>();
  auto& annotations = deployment.metadata.annotations;
  for (const auto& [key, value] : rollback.updatedAnnotations) annotations[key] = value;
  annotations["deprecated.deployment.rollback.to"] = std::to_string(rollback.rollbackTo.revision);
  return api::Object::of(std::move(deployment));
}

Task<Result<api::Object>> run(std::shared_ptr<const Rollback> rollback, std::string_view plural,
                              const api::Object* current) {
  co_return asked(*rollback, plural, current);
}

}  // namespace

Answer handle_rollback(Context context, ResourceCall call) {
  CO_TRY(Accepted accepted, negotiate(call.request(), Offered()));
  CO_TRY(WriteQuery query, parse_write_query(call.request(), WriteKind::kCreate));
  const api::GroupVersionKind kind = call.subresource->kind.gvk();
  Expected expected{call.deps->scheme->find(kind), kind};
  CO_TRY(api::Object sent, decode_body(call.request(), expected, query.strictness, call.exchange->warnings));
  auto admitted = std::make_shared<api::Object>(std::move(sent));
  CO_TRY_VOID(co_await admit_create(context, call, kind, admitted, query.dry_run));
  CO_TRY(api::Object converted, api::convert(*admitted, api::type_of<Rollback>()));
  auto rollback = std::make_shared<const Rollback>(converted.get<Rollback>());
  if (rollback->name != call.name)
    co_return fail(errors::bad_request("name in URL does not match name in DeploymentRollback object"));
  CO_TRY_VOID(check(*rollback));

  Transform transform = [rollback, plural = call.resource->plural](const api::Object* current) {
    return run(rollback, plural, current);
  };
  WriteOptions options;
  options.dry_run = query.dry_run;
  options.request_kind = kind;
  options.request_resource = call.gvr();
  options.subresource = "rollback";
  options.admission = false;
  options.track_fields = false;
  options.warnings = &call.exchange->warnings;
  CO_TRY_VOID(co_await call.registry->update(std::move(context), call.namespace_, call.name,
                                             std::move(transform), std::move(options)));
  metav1::Status status;
  status.status = "Success";
  status.message = fmt::format("rollback request for deployment \"{}\" succeeded", rollback->name);
  status.code = 200;
  co_return object_response(201, api::type_of<metav1::Status>(), &status, "v1", "Status", accepted);
}

}  // namespace xebec::apiserver
