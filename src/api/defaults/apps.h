// Defaults of apps/v1 (k8s.io/kubernetes/pkg/apis/apps/v1/defaults.go).
#pragma once

#include "api/gen/appsv1.h"

namespace xebec::appsv1 {

void set_defaults(Deployment& deployment);
void set_defaults(ReplicaSet& set);
void set_defaults(DaemonSet& set);
void set_defaults(StatefulSet& set);

}  // namespace xebec::appsv1
