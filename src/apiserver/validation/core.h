// Validation of core/v1 beside Pods (k8s.io/kubernetes/pkg/apis/core/validation).
#pragma once

#include "api/gen/corev1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

Errors validate_service(const corev1::Service& service);
Errors validate_service_update(const corev1::Service& service, const corev1::Service& old);
Errors validate_service_status_update(const corev1::Service& service, const corev1::Service& old);
// clusterIPs, ipFamilies and ipFamilyPolicy, which allocation looks at as well. In service_ips.cc.
void check_service_ips(Errors& errors, const corev1::ServiceSpec& spec,
                       const corev1::ServiceSpec* old = nullptr);
void check_service_ip_changes(Errors& errors, const corev1::ServiceSpec& spec,
                              const corev1::ServiceSpec& old);
bool is_headless(const corev1::ServiceSpec& spec);

Errors validate_config_map(const corev1::ConfigMap& map);
Errors validate_config_map_update(const corev1::ConfigMap& map, const corev1::ConfigMap& old);
Errors validate_secret(const corev1::Secret& secret);
Errors validate_secret_update(const corev1::Secret& secret, const corev1::Secret& old);

Errors validate_namespace(const corev1::Namespace& ns);
Errors validate_namespace_update(const corev1::Namespace& ns, const corev1::Namespace& old);
Errors validate_namespace_status_update(const corev1::Namespace& ns, const corev1::Namespace& old);
Errors validate_namespace_finalize(const corev1::Namespace& ns);
Errors validate_node(const corev1::Node& node);
Errors validate_node_update(const corev1::Node& node, const corev1::Node& old);
Errors validate_event(const corev1::Event& event);
Errors validate_event_update(const corev1::Event& event, const corev1::Event& old);
// What events.k8s.io/v1 asks for beside that.
Errors validate_event_strictly(const corev1::Event& event);
Errors validate_event_update_strictly(const corev1::Event& event, const corev1::Event& old);
Errors validate_endpoints(const corev1::Endpoints& endpoints);
Errors validate_endpoints_update(const corev1::Endpoints& endpoints, const corev1::Endpoints& old);
Errors validate_replication_controller(const corev1::ReplicationController& rc);
Errors validate_replication_controller_update(const corev1::ReplicationController& rc,
                                              const corev1::ReplicationController& old);
Errors validate_replication_controller_status_update(const corev1::ReplicationController& rc,
                                                     const corev1::ReplicationController& old);
Errors validate_pod_template(const corev1::PodTemplate& template_);
Errors validate_pod_template_update(const corev1::PodTemplate& template_, const corev1::PodTemplate& old);

// persistent_volume.cc
Errors validate_persistent_volume(const corev1::PersistentVolume& volume);
Errors validate_persistent_volume_update(const corev1::PersistentVolume& volume,
                                         const corev1::PersistentVolume& old);
// The spec of a volume without an object of its own, in a VolumeAttachment.
void check_inline_volume(Errors& errors, const Path& path, const corev1::PersistentVolumeSpec& spec);
// persistent_volume_claim.cc
Errors validate_claim(const corev1::PersistentVolumeClaim& claim);
Errors validate_claim_update(const corev1::PersistentVolumeClaim& claim,
                             const corev1::PersistentVolumeClaim& old);
Errors validate_claim_status_update(const corev1::PersistentVolumeClaim& claim,
                                    const corev1::PersistentVolumeClaim& old);
// limit_range.cc
Errors validate_limit_range(const corev1::LimitRange& range);
Errors validate_limit_range_update(const corev1::LimitRange& range, const corev1::LimitRange& old);
// resource_quota.cc
Errors validate_resource_quota(const corev1::ResourceQuota& quota);
Errors validate_resource_quota_update(const corev1::ResourceQuota& quota, const corev1::ResourceQuota& old);
Errors validate_resource_quota_status_update(const corev1::ResourceQuota& quota,
                                             const corev1::ResourceQuota& old);

}  // namespace xebec::apiserver::validation
