#include <fmt/format.h>

#include <algorithm>

#include "apiserver/validation/devices.h"
#include "apiserver/validation/object_meta.h"

namespace xebec::apiserver::validation {
namespace {

namespace v1 = resourcev1;

constexpr size_t kMostConstraints = 32, kMostAlternatives = 8, kMostTolerations = 16;

// What `exactly` and the alternatives of `firstAvailable` have alike.
template <class Request>
void check_choice(Errors& errors, const Path& path, const Request& request, bool stored) {
  const Path device_class = path.child("deviceClassName"), count = path.child("count");
  if (request.deviceClassName.empty())
    errors.push_back(field::required(device_class));
  else
    check_dns_subdomain(errors, device_class, request.deviceClassName);
  check_device_selectors(errors, path.child("selectors"), request.selectors, stored);
  if (request.allocationMode == "All") {
    if (request.count != 0)
      errors.push_back(
          field::invalid_int(count, request.count, "must not be specified when allocationMode is 'All'"));
  } else if (request.allocationMode == "ExactCount") {
    if (request.count <= 0)
      errors.push_back(field::invalid_int(count, request.count, "must be greater than zero"));
  } else {
    check_enum(errors, path.child("allocationMode"), std::string_view(request.allocationMode),
               {"All", "ExactCount"});
  }
  check_list(errors, path.child("tolerations"), request.tolerations, kMostTolerations,
             [&](const Path& at, const v1::DeviceToleration& toleration) {
               check_device_toleration(errors, at, toleration);
             });
}

void check_request(Errors& errors, const Path& path, const v1::DeviceRequest& request, bool stored) {
  check_dns_label(errors, path.child("name"), request.name);
  const bool alternatives = !request.firstAvailable.empty();
  if (!request.exactly && !alternatives) {
    errors.push_back(field::required(path, "exactly one of `exactly` or `firstAvailable` is required"));
  } else if (request.exactly && alternatives) {
    errors.push_back(field::invalid(
        path, "\"null\"",
        "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set"));
  } else if (request.exactly) {
    check_choice(errors, path.child("exactly"), *request.exactly, stored);
  } else {
    check_set(
        errors, path.child("firstAvailable"), request.firstAvailable, kMostAlternatives,
        [](const v1::DeviceSubRequest& one) { return one.name; },
        [&](const Path& at, const v1::DeviceSubRequest& one) {
          check_dns_label(errors, at.child("name"), one.name);
          check_choice(errors, at, one, stored);
        });
  }
}

void check_constraint(Errors& errors, const Path& path, const v1::DeviceConstraint& constraint,
                      const RequestNames& known) {
  check_request_names(errors, path.child("requests"), constraint.requests, known);
  if (constraint.matchAttribute) {
    check_full_attribute_name(errors, path.child("matchAttribute"), *constraint.matchAttribute);
  } else if (constraint.distinctAttribute) {
    check_full_attribute_name(errors, path.child("distinctAttribute"), *constraint.distinctAttribute);
  } else {
    errors.push_back(field::required(
        path,
        "exactly one of \"matchAttribute\" or \"distinctAttribute\" is required, but multiple "
        "fields are set"));
  }
}

void check_claim_spec(Errors& errors, const Path& path, const v1::ResourceClaimSpec& spec, bool stored) {
  const Path devices = path.child("devices");
  const RequestNames known = request_names(spec.devices);
  check_set(
      errors, devices.child("requests"), spec.devices.requests, kMostRequests,
      [](const v1::DeviceRequest& request) { return request.name; },
      [&](const Path& at, const v1::DeviceRequest& request) { check_request(errors, at, request, stored); });
  check_list(errors, devices.child("constraints"), spec.devices.constraints, kMostConstraints,
             [&](const Path& at, const v1::DeviceConstraint& constraint) {
               check_constraint(errors, at, constraint, known);
             });
  check_list(errors, devices.child("config"), spec.devices.config, kMostConfigs,
             [&](const Path& at, const v1::DeviceClaimConfiguration& config) {
               check_request_names(errors, at.child("requests"), config.requests, known);
               check_device_config(errors, at, config, stored);
             });
}

constexpr std::string_view kNoRequest =
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

}  // namespace

RequestNames request_names(const v1::DeviceClaim& claim) {
  RequestNames out;
  for (const v1::DeviceRequest& request : claim.requests) {
    auto& names = out[request.name];
    for (const v1::DeviceSubRequest& one : request.firstAvailable) names.insert(one.name);
  }
  return out;
}

void check_request_name(Errors& errors, const Path& path, std::string_view name, const RequestNames& known) {
  if (std::count(name.begin(), name.end(), '/') > 1)
    return void(errors.push_back(field::invalid_string(path, name, kNoRequest)));
  const size_t slash = name.find('/');
  const std::string_view request = name.substr(0, slash);
  check_dns_label(errors, path, request);
  const auto found = known.find(request);
  bool is_known = found != known.end();
  if (slash != std::string_view::npos) {
    check_dns_label(errors, path, name.substr(slash + 1));
    is_known = is_known && found->second.contains(std::string(name.substr(slash + 1)));
  }
  if (!is_known) errors.push_back(field::invalid_string(path, name, kNoRequest));
}

void check_request_names(Errors& errors, const Path& path, const std::vector<std::string>& names,
                         const RequestNames& known) {
  check_set(
      errors, path, names, kMostRequests, [](const std::string& name) { return name; },
      [&](const Path& at, const std::string& name) { check_request_name(errors, at, name, known); });
}

Errors validate_device_claim(const DeviceClaim& claim) {
  Errors errors;
  check_claim_spec(errors, Path("spec"), claim.spec, false);
  return errors;
}

Errors validate_device_claim_update(const DeviceClaim& claim, const DeviceClaim& old) {
  Errors errors;
  check_immutable(errors, Path("spec"), claim.spec == old.spec, go_json(claim.spec));
  return errors;
}

Errors validate_device_claim_template(const DeviceClaimTemplate& claim) {
  Errors errors;
  const Path path("spec"), meta = path.child("metadata");
  field::append(errors, validate_labels(claim.spec.metadata.labels, meta.child("labels")));
  field::append(errors, validate_annotations(claim.spec.metadata.annotations, meta.child("annotations")));
  check_claim_spec(errors, path.child("spec"), claim.spec.spec, false);
  return errors;
}

Errors validate_device_claim_template_update(const DeviceClaimTemplate& claim,
                                             const DeviceClaimTemplate& old) {
  Errors errors;
  check_immutable(errors, Path("spec"), claim.spec == old.spec, go_json(claim.spec));
  return errors;
}

}  // namespace xebec::apiserver::validation
