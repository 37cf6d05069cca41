// Defaults of autoscaling (k8s.io/kubernetes/pkg/apis/autoscaling/*/defaults.go).
#pragma once

#include "api/gen/autoscalingv1.h"
#include "api/gen/autoscalingv2.h"
#include "api/gen/autoscalingv2beta1.h"
#include "api/gen/autoscalingv2beta2.h"

namespace xebec::autoscalingv1 {
void set_defaults(HorizontalPodAutoscaler& autoscaler);
}
namespace xebec::autoscalingv2 {
void set_defaults(HorizontalPodAutoscaler& autoscaler);
}
namespace xebec::autoscalingv2beta1 {
void set_defaults(HorizontalPodAutoscaler& autoscaler);
}
namespace xebec::autoscalingv2beta2 {
void set_defaults(HorizontalPodAutoscaler& autoscaler);
}
