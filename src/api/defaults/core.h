// Defaults of core/v1 that other groups' templates share (k8s.io/kubernetes/pkg/apis/core/v1/defaults.go).
#pragma once

#include "api/gen/corev1.h"

namespace xebec::corev1 {

// What a Pod and a Pod template have in common.
void set_pod_spec_defaults(PodSpec& spec);
inline void set_template_defaults(PodTemplateSpec& template_) { set_pod_spec_defaults(template_.spec); }

void set_defaults(Pod& pod);
void set_defaults(PodTemplate& template_);
void set_defaults(ReplicationController& rc);
void set_defaults(Service& service);
void set_defaults(Endpoints& endpoints);
void set_defaults(Namespace& ns);
void set_defaults(Node& node);
void set_defaults(PersistentVolume& volume);
void set_defaults(PersistentVolumeClaim& claim);
void set_defaults(Secret& secret);
void set_defaults(LimitRange& range);
void set_defaults(ResourceQuota& quota);

}  // namespace xebec::corev1
