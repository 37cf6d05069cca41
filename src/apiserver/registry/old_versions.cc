#include "apiserver/registry/old_versions.h"

#include <algorithm>

namespace xebec::apiserver {
namespace {

bool says(const field::Error& error, std::string_view words) {
  return error.body.find(words) != std::string::npos;
}

// Selectors could be changed until apps/v1beta2.
bool excused_workload(const field::Error& error) {
  return error.field == "spec.selector" && says(error, "field is immutable");
}

// Side effects, versions of reviews and names were not looked at closely.
bool excused_webhook(const field::Error& error) {
  const std::string_view field = error.field;
  if (field.ends_with(".sideEffects"))
    return says(error, "Unsupported value: \"Unknown\"") || says(error, "Unsupported value: \"Some\"");
  if (field.ends_with(".admissionReviewVersions")) return says(error, "must include at least one of");
  return field.ends_with(".name") && error.type == field::ErrorType::kDuplicate;
}

// Signers and usages of their own were new in v1.
bool excused_request(const field::Error& error) {
  const std::string_view field = error.field;
  if (field == "spec.signerName") return says(error, "the legacy signerName is not allowed");
  if (field.starts_with("spec.usages"))
    return error.type == field::ErrorType::kNotSupported || error.type == field::ErrorType::kDuplicate;
  if (field == "status.certificate") return true;
  return field.starts_with("status.conditions") &&
         (error.type == field::ErrorType::kDuplicate || says(error, "mutually exclusive"));
}

// A definition needed no schema, and kept what it did not know.
bool excused_definition(const field::Error& error) {
  if (error.field == "spec.preserveUnknownFields") return true;
  return error.field.ends_with(".schema.openAPIV3Schema") && says(error, "schemas are required");
}

void rename(std::string& field, std::string_view from, std::string_view to) {
  const size_t at = field.find(from);
  if (at != std::string::npos) field.replace(at, from.size(), to);
}

}  // namespace

void name_in_version(const api::GroupVersionKind& request, field::Error& error) {
  if (request.kind != "Ingress" || request.version != "v1beta1") return;
  rename(error.field, "spec.defaultBackend", "spec.backend");
  rename(error.field, ".service.name", ".serviceName");
  rename(error.field, ".service.port.name", ".servicePort");
  rename(error.field, ".service.port.number", ".servicePort");
  rename(error.field, ".service.port", ".servicePort");
}

bool excused_in_version(const api::GroupVersionKind& request, const field::Error& error) {
  if (request.version != "v1beta1") return false;
  if (request.group == "extensions" || request.group == "apps") return excused_workload(error);
  if (request.group == "admissionregistration.k8s.io")
    return request.kind.ends_with("WebhookConfiguration") && excused_webhook(error);
  if (request.group == "certificates.k8s.io") return excused_request(error);
  if (request.group == "policy")  // counts were added to v1 alone
    return error.field.starts_with("status.") && says(error, "must be greater than or equal to 0");
  return request.group == "apiextensions.k8s.io" && excused_definition(error);
}

}  // namespace xebec::apiserver
