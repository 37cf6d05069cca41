// Defaults of batch/v1 (k8s.io/kubernetes/pkg/apis/batch/v1/defaults.go).
#pragma once

#include "api/gen/batchv1.h"

namespace xebec::batchv1 {

void set_defaults(Job& job);
void set_defaults(CronJob& job);

}  // namespace xebec::batchv1
