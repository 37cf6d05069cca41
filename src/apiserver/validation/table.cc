// The types that have validation beyond their metadata: one line each.
#include "apiserver/validation/admission.h"
#include "apiserver/validation/aggregation.h"
#include "apiserver/validation/autoscaling.h"
#include "apiserver/validation/batch.h"
#include "apiserver/validation/certificates.h"
#include "apiserver/validation/coordination.h"
#include "apiserver/validation/core.h"
#include "apiserver/validation/definitions.h"
#include "apiserver/validation/devices.h"
#include "apiserver/validation/flow_control.h"
#include "apiserver/validation/networking.h"
#include "apiserver/validation/pod.h"
#include "apiserver/validation/pod_security_policy.h"
#include "apiserver/validation/policy.h"
#include "apiserver/validation/rbac.h"
#include "apiserver/validation/storage.h"
#include "apiserver/validation/storage_versions.h"
#include "apiserver/validation/validation.h"
#include "apiserver/validation/workloads.h"

namespace xebec::apiserver::validation {

std::span<const Validator> validators() {
  static const Validator kTable[] = {
      validator<corev1::Pod, validate_pod, validate_pod_update, validate_pod_status_update>(),
      validator<corev1::Service, validate_service, validate_service_update, validate_service_status_update>(),
      validator<corev1::ConfigMap, validate_config_map, validate_config_map_update>(),
      validator<corev1::Secret, validate_secret, validate_secret_update>(),
      validator<corev1::Namespace, validate_namespace, validate_namespace_update,
                validate_namespace_status_update>(),
      validator<corev1::Node, validate_node, validate_node_update, validate_node_update>(),
      validator<corev1::Event, validate_event, validate_event_update>(),
      validator<corev1::Endpoints, validate_endpoints, validate_endpoints_update>(),
      validator<corev1::ReplicationController, validate_replication_controller,
                validate_replication_controller_update, validate_replication_controller_status_update>(),
      validator<corev1::PodTemplate, validate_pod_template, validate_pod_template_update>(),
      validator<corev1::PersistentVolume, validate_persistent_volume, validate_persistent_volume_update>(),
      validator<corev1::PersistentVolumeClaim, validate_claim, validate_claim_update,
                validate_claim_status_update>(),
      validator<corev1::LimitRange, validate_limit_range, validate_limit_range_update>(),
      validator<corev1::ResourceQuota, validate_resource_quota, validate_resource_quota_update,
                validate_resource_quota_status_update>(),
      validator<appsv1::Deployment, validate_deployment, validate_deployment_update,
                validate_deployment_status_update>(),
      validator<appsv1::ReplicaSet, validate_replica_set, validate_replica_set_update,
                validate_replica_set_status_update>(),
      validator<appsv1::DaemonSet, validate_daemon_set, validate_daemon_set_update,
                validate_daemon_set_status_update>(),
      validator<appsv1::StatefulSet, validate_stateful_set, validate_stateful_set_update,
                validate_stateful_set_status_update>(),
      validator<appsv1::ControllerRevision, validate_controller_revision,
                validate_controller_revision_update>(),
      validator<policyv1beta1::PodSecurityPolicy, validate_pod_security_policy,
                validate_pod_security_policy_update>(),
      validator<policyv1::PodDisruptionBudget, validate_disruption_budget, validate_disruption_budget_update,
                validate_disruption_budget_status_update>(),
      validator<autoscalingv2::HorizontalPodAutoscaler, validate_autoscaler, validate_autoscaler_update,
                validate_autoscaler_status_update>(),
      validator<networkingv1::Ingress, validate_ingress, validate_ingress_update,
                validate_ingress_status_update>(),
      validator<networkingv1::IngressClass, validate_ingress_class, validate_ingress_class_update>(),
      validator<networkingv1::NetworkPolicy, validate_network_policy, validate_network_policy_update>(),
      validator<networkingv1::IPAddress, validate_ip_address, validate_ip_address_update>(),
      validator<networkingv1::ServiceCIDR, validate_service_cidr, validate_service_cidr_update>(),
      validator<discoveryv1::EndpointSlice, validate_endpoint_slice, validate_endpoint_slice_update>(),
      validator<storagev1::StorageClass, validate_storage_class, validate_storage_class_update>(),
      validator<storagev1::VolumeAttributesClass, validate_attributes_class,
                validate_attributes_class_update>(),
      validator<storagev1::VolumeAttachment, validate_volume_attachment, validate_volume_attachment_update,
                validate_volume_attachment_update>(),
      validator<storagev1::CSIDriver, validate_csi_driver, validate_csi_driver_update>(),
      validator<storagev1::CSINode, validate_csi_node, validate_csi_node_update>(),
      validator<storagev1::CSIStorageCapacity, validate_storage_capacity, validate_storage_capacity_update>(),
      validator<nodev1::RuntimeClass, validate_runtime_class, validate_runtime_class_update>(),
      validator<certificatesv1::CertificateSigningRequest, validate_csr, validate_csr_update,
                validate_csr_status_update>(),
      validator<TrustBundle, validate_trust_bundle, validate_trust_bundle_update>(),
      validator<StorageVersion, validate_storage_version, nullptr, validate_storage_version_status_update>(),
      validator<Migration, validate_migration, validate_migration_update, validate_migration_status_update>(),
      validator<ValidatingHooks, validate_validating_hooks, validate_validating_hooks_update>(),
      validator<MutatingHooks, validate_mutating_hooks, validate_mutating_hooks_update>(),
      validator<ValidatingPolicy, validate_validating_policy, validate_validating_policy_update,
                validate_validating_policy_status>(),
      validator<MutatingPolicy, validate_mutating_policy, validate_mutating_policy_update>(),
      validator<ValidatingBinding, validate_validating_binding, validate_validating_binding_update>(),
      validator<MutatingBinding, validate_mutating_binding, validate_mutating_binding_update>(),
      validator<flowcontrolv1::FlowSchema, validate_flow_schema, validate_flow_schema_update,
                validate_flow_schema_status_update>(),
      validator<PriorityLevel, validate_priority_level, validate_priority_level_update,
                validate_priority_level_status_update>(),
      validator<ApiService, validate_api_service, validate_api_service_update,
                validate_api_service_status_update>(),
      validator<DeviceClaim, validate_device_claim, validate_device_claim_update,
                validate_device_claim_status_update>(),
      validator<DeviceClaimTemplate, validate_device_claim_template, validate_device_claim_template_update>(),
      validator<resourcev1::DeviceClass, validate_device_class, validate_device_class_update>(),
      validator<resourcev1::ResourceSlice, validate_resource_slice, validate_resource_slice_update>(),
      validator<PoolStatusRequest, nullptr, nullptr, validate_pool_status_update>(),
      validator<TaintRule, validate_taint_rule, validate_taint_rule_update,
                validate_taint_rule_status_update>(),
      validator<Definition, validate_definition, validate_definition_update,
                validate_definition_status_update>(),
      validator<batchv1::Job, validate_job, validate_job_update, validate_job_status_update>(),
      validator<batchv1::CronJob, validate_cron_job, validate_cron_job_update>(),
      validator<rbacv1::Role, validate_role, validate_role_update>(),
      validator<rbacv1::ClusterRole, validate_cluster_role, validate_cluster_role_update>(),
      validator<rbacv1::RoleBinding, validate_role_binding, validate_role_binding_update>(),
      validator<rbacv1::ClusterRoleBinding, validate_cluster_role_binding,
                validate_cluster_role_binding_update>(),
      validator<coordinationv1::Lease, validate_lease, validate_lease_update>(),
      validator<LeaseCandidate, validate_lease_candidate, validate_lease_candidate_update>(),
      validator<schedulingv1::PriorityClass, validate_priority_class, validate_priority_class_update>(),
  };
  return kTable;
}

}  // namespace xebec::apiserver::validation
