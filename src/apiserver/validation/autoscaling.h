// Validation of autoscaling (k8s.io/kubernetes/pkg/apis/autoscaling/validation).
#pragma once

#include "api/gen/autoscalingv2.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

// hpa_metrics.cc. What a metric is of may name no version when `any_version`.
void check_metrics(Errors& errors, const Path& path, const autoscalingv2::HorizontalPodAutoscalerSpec& spec,
                   bool any_version);

// Which versions a reference may name.
struct VersionRules {
  bool any = false;       // whatever is there
  bool core_too = false;  // also those of the core group, or none
};
void check_cross_version_reference(Errors& errors, const Path& path,
                                   const autoscalingv2::CrossVersionObjectReference& ref,
                                   const VersionRules& rules);
// Empty when the version is right.
std::string version_error(std::string_view version, const VersionRules& rules);

Errors validate_autoscaler(const autoscalingv2::HorizontalPodAutoscaler& autoscaler);
Errors validate_autoscaler_update(const autoscalingv2::HorizontalPodAutoscaler& autoscaler,
                                  const autoscalingv2::HorizontalPodAutoscaler& old);
Errors validate_autoscaler_status_update(const autoscalingv2::HorizontalPodAutoscaler& autoscaler,
                                         const autoscalingv2::HorizontalPodAutoscaler& old);

}  // namespace xebec::apiserver::validation
