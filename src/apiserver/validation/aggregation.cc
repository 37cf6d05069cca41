#include "apiserver/validation/aggregation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace xebec::apiserver::validation {
namespace {

void check_target(Errors& errors, const Path& path, const apiregistrationv1::ServiceReference& service) {
  check_required(errors, path.child("namespace"), service.namespace_);
  check_required(errors, path.child("name"), service.name);
  const int32_t port = service.port.value_or(0);
  if (const api::Messages wrong = is_valid_port_number(port); !wrong.empty()) {
    errors.push_back(field::invalid_int(path.child("port"), port,
                                        fmt::format("port is not valid: {}", fmt::join(wrong, ", "))));
  }
}

}  // namespace

Errors validate_api_service(const ApiService& service) {
  Errors errors;
  const Path path("spec"), group = path.child("group"), insecure = path.child("insecureSkipTLSVerify");
  const auto& spec = service.spec;
  const std::string name = fmt::format("{}.{}", spec.version, spec.group);
  if (!service.metadata.name.empty() && service.metadata.name != name) {
    errors.push_back(field::invalid_string(
        Path("metadata").child("name"), service.metadata.name,
        fmt::format("must be `spec.version+\".\"+spec.group`: {}", field::quote(name))));
  }
  if (spec.group.empty() && spec.version != "v1") {
    errors.push_back(field::required(group, "only v1 may have an empty group and it better be legacy kube"));
  }
  if (!spec.group.empty()) check_dns_subdomain(errors, group, spec.group);
  check_messages(errors, path.child("version"), spec.version, api::is_dns1035_label(spec.version));
  auto check_range = [&](std::string_view field, int32_t value, int32_t most) {
    if (value > 0 && value <= most) return;
    errors.push_back(
        field::invalid_int(path.child(field), value, fmt::format("must be positive and less than {}", most)));
  };
  check_range("groupPriorityMinimum", spec.groupPriorityMinimum, 20000);
  check_range("versionPriority", spec.versionPriority, 1000);
  if (!spec.service) {
    if (!spec.caBundle.empty()) {
      errors.push_back(field::invalid_string(path.child("caBundle"),
                                             fmt::format("{} bytes", spec.caBundle.view().size()),
                                             "local APIServices may not have a caBundle"));
    }
    if (spec.insecureSkipTLSVerify) {
      errors.push_back(
          field::invalid(insecure, "true", "local APIServices may not have insecureSkipTLSVerify"));
    }
    return errors;
  }
  check_target(errors, path.child("service"), *spec.service);
  if (spec.insecureSkipTLSVerify && !spec.caBundle.empty())
    errors.push_back(field::invalid(insecure, "true", "may not be true if caBundle is present"));
  return errors;
}

Errors validate_api_service_update(const ApiService& service, const ApiService&) {
  return validate_api_service(service);
}

Errors validate_api_service_status_update(const ApiService& service, const ApiService&) {
  Errors errors;
  const auto& conditions = service.status.conditions;
  for (size_t i = 0; i < conditions.size(); ++i) {
    const std::string_view status = conditions[i].status;
    check_enum(errors, Path("status").child("conditions").index(i).child("status"), status,
               {"True", "False", "Unknown"});
  }
  return errors;
}

}  // namespace xebec::apiserver::validation
