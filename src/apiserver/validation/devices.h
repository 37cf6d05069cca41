// Validation of resource.k8s.io (k8s.io/kubernetes/pkg/apis/resource/validation). CEL expressions are not
// compiled: only their length is checked.
#pragma once

#include <map>

#include "api/gen/resourcev1.h"
#include "api/gen/resourcev1alpha3.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

// device_claim.cc
using DeviceClaim = resourcev1::ResourceClaim;
using DeviceClaimTemplate = resourcev1::ResourceClaimTemplate;
Errors validate_device_claim(const DeviceClaim& claim);
Errors validate_device_claim_update(const DeviceClaim& claim, const DeviceClaim& old);
Errors validate_device_claim_template(const DeviceClaimTemplate& claim);
Errors validate_device_claim_template_update(const DeviceClaimTemplate& claim,
                                             const DeviceClaimTemplate& old);
// device_status.cc
Errors validate_device_claim_status_update(const DeviceClaim& claim, const DeviceClaim& old);
// device_class.cc
Errors validate_device_class(const resourcev1::DeviceClass& device_class);
Errors validate_device_class_update(const resourcev1::DeviceClass& device_class,
                                    const resourcev1::DeviceClass& old);
// device_slice.cc
Errors validate_resource_slice(const resourcev1::ResourceSlice& slice);
Errors validate_resource_slice_update(const resourcev1::ResourceSlice& slice,
                                      const resourcev1::ResourceSlice& old);
// device_taint_rule.cc
using TaintRule = resourcev1alpha3::DeviceTaintRule;
Errors validate_taint_rule(const TaintRule& rule);
Errors validate_taint_rule_update(const TaintRule& rule, const TaintRule& old);
Errors validate_taint_rule_status_update(const TaintRule& rule, const TaintRule& old);
// pool_status_request.cc
using PoolStatusRequest = resourcev1alpha3::ResourcePoolStatusRequest;
Errors validate_pool_status_update(const PoolStatusRequest& request, const PoolStatusRequest& old);
// device_properties.cc
void check_device_attributes(Errors& errors, const Path& path, const resourcev1::Device& device);
void check_device_capacity(Errors& errors, const Path& path, const resourcev1::Device& device);

// --- shared by these files ---

inline constexpr size_t kMostRequests = 32, kMostConfigs = 32, kMostSelectors = 32;

// Each is checked, unless there are too many to check.
template <class List, class Check>
void check_list(Errors& errors, const Path& path, const List& list, size_t most, const Check& check) {
  if (list.size() > most) {
    errors.push_back(field::too_many(path, static_cast<int64_t>(list.size()), static_cast<int64_t>(most)));
    return;
  }
  for (size_t i = 0; i < list.size(); ++i) check(path.index(i), list[i]);
}

// As check_list; no key of two is the same.
template <class List, class Key, class Check>
void check_set(Errors& errors, const Path& path, const List& list, size_t most, const Key& key,
               const Check& check) {
  check_list(errors, path, list, most, check);
  if (list.size() > most) return;
  std::set<std::string> seen;
  for (size_t i = 0; i < list.size(); ++i)
    if (std::string one = key(list[i]); !seen.insert(one).second)
      errors.push_back(field::duplicate(path.index(i), one));
}

// The requests of a claim, and the alternatives of each.
using RequestNames = std::map<std::string, std::set<std::string>, std::less<>>;
RequestNames request_names(const resourcev1::DeviceClaim& claim);
// "request" or "request/alternative".
void check_request_names(Errors& errors, const Path& path, const std::vector<std::string>& names,
                         const RequestNames& known);
void check_request_name(Errors& errors, const Path& path, std::string_view name, const RequestNames& known);

void check_device_config(Errors& errors, const Path& path, const resourcev1::DeviceConfiguration& config,
                         bool stored);
void check_device_selectors(Errors& errors, const Path& path,
                            const std::vector<resourcev1::DeviceSelector>& selectors, bool stored);
void check_device_toleration(Errors& errors, const Path& path,
                             const resourcev1::DeviceToleration& toleration);
void check_pool_name(Errors& errors, const Path& path, std::string_view name);
// "domain/identifier", or an identifier of the driver's domain.
void check_attribute_name(Errors& errors, const Path& path, std::string_view name);
void check_full_attribute_name(Errors& errors, const Path& path, std::string_view name);
// Conditions that a device must have, and that it must not have, before it is bound.
void check_binding_conditions(Errors& errors, const Path& path, const std::vector<std::string>& good,
                              const std::vector<std::string>& bad);
// An object of JSON, of so many bytes at most.
void check_raw_object(Errors& errors, const Path& path, const api::RawExtension& raw, size_t most);

}  // namespace xebec::apiserver::validation
