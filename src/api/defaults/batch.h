// Defaults of batch/v1 and of what is left of batch/v1beta1
// (k8s.io/kubernetes/pkg/apis/batch/v1/defaults.go).
#pragma once

#include "api/gen/batchv1.h"
#include "api/gen/batchv1beta1.h"

namespace xebec::batchv1 {

void set_defaults(Job& job);
void set_defaults(CronJob& job);

}  // namespace xebec::batchv1

namespace xebec::batchv1beta1 {

void set_defaults(CronJob& job);

}  // namespace xebec::batchv1beta1
