// Defaults of batch/v1, batch/v1beta1 and batch/v2alpha1 (k8s.io/kubernetes/pkg/apis/batch/*/defaults.go).
#pragma once

#include "api/gen/batchv1.h"
#include "api/gen/batchv1beta1.h"
#include "api/gen/batchv2alpha1.h"

namespace xebec::batchv1 {

void set_defaults(Job& job);
void set_defaults(CronJob& job);

}  // namespace xebec::batchv1

namespace xebec::batchv1beta1 {

void set_defaults(CronJob& job);

}  // namespace xebec::batchv1beta1

namespace xebec::batchv2alpha1 {

void set_defaults(CronJob& job);

}  // namespace xebec::batchv2alpha1
