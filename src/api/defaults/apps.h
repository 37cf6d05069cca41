// Defaults of workloads: apps/v1 and the versions before it (k8s.io/kubernetes/pkg/apis/apps/*/defaults.go,
// pkg/apis/extensions/v1beta1/defaults.go).
#pragma once

#include "api/gen/appsv1.h"
#include "api/gen/appsv1beta1.h"
#include "api/gen/appsv1beta2.h"
#include "api/gen/extensionsv1beta1.h"

namespace xebec::appsv1 {

void set_defaults(Deployment& deployment);
void set_defaults(ReplicaSet& set);
void set_defaults(DaemonSet& set);
void set_defaults(StatefulSet& set);

}  // namespace xebec::appsv1

namespace xebec::appsv1beta2 {

void set_defaults(Deployment& deployment);
void set_defaults(ReplicaSet& set);
void set_defaults(DaemonSet& set);
void set_defaults(StatefulSet& set);

}  // namespace xebec::appsv1beta2

namespace xebec::appsv1beta1 {

void set_defaults(Deployment& deployment);
void set_defaults(StatefulSet& set);

}  // namespace xebec::appsv1beta1

namespace xebec::extensionsv1beta1 {

void set_defaults(Deployment& deployment);
void set_defaults(ReplicaSet& set);
void set_defaults(DaemonSet& set);

}  // namespace xebec::extensionsv1beta1
