// The types that have defaults: one line each.
#include "api/defaults.h"
#include "api/defaults/apps.h"
#include "api/defaults/batch.h"
#include "api/defaults/core.h"
#include "api/defaults/extension_groups.h"
#include "api/defaults/policy_groups.h"

namespace xebec::api {

std::span<const DefaultsEntry> defaults_table() {
  static const DefaultsEntry kTable[] = {
      XEBEC_DEFAULTS(corev1::Pod),
      XEBEC_DEFAULTS(corev1::PodTemplate),
      XEBEC_DEFAULTS(corev1::ReplicationController),
      XEBEC_DEFAULTS(corev1::Service),
      XEBEC_DEFAULTS(corev1::Endpoints),
      XEBEC_DEFAULTS(corev1::Namespace),
      XEBEC_DEFAULTS(corev1::Node),
      XEBEC_DEFAULTS(corev1::PersistentVolume),
      XEBEC_DEFAULTS(corev1::PersistentVolumeClaim),
      XEBEC_DEFAULTS(corev1::Secret),
      XEBEC_DEFAULTS(corev1::LimitRange),
      XEBEC_DEFAULTS(corev1::ResourceQuota),
      XEBEC_DEFAULTS(appsv1::Deployment),
      XEBEC_DEFAULTS(appsv1::ReplicaSet),
      XEBEC_DEFAULTS(appsv1::DaemonSet),
      XEBEC_DEFAULTS(appsv1::StatefulSet),
      XEBEC_DEFAULTS(batchv1::Job),
      XEBEC_DEFAULTS(batchv1::CronJob),
      XEBEC_DEFAULTS(batchv1beta1::CronJob),
      XEBEC_DEFAULTS(rbacv1::RoleBinding),
      XEBEC_DEFAULTS(rbacv1::ClusterRoleBinding),
      XEBEC_DEFAULTS(networkingv1::NetworkPolicy),
      XEBEC_DEFAULTS(networkingv1::IngressClass),
      XEBEC_DEFAULTS(discoveryv1::EndpointSlice),
      XEBEC_DEFAULTS(schedulingv1::PriorityClass),
      XEBEC_DEFAULTS(storagev1::StorageClass),
      XEBEC_DEFAULTS(storagev1::CSIDriver),
      XEBEC_DEFAULTS(autoscalingv1::HorizontalPodAutoscaler),
      XEBEC_DEFAULTS(autoscalingv2::HorizontalPodAutoscaler),
      XEBEC_DEFAULTS(admissionregistrationv1::ValidatingWebhookConfiguration),
      XEBEC_DEFAULTS(admissionregistrationv1::MutatingWebhookConfiguration),
      XEBEC_DEFAULTS(admissionregistrationv1::ValidatingAdmissionPolicy),
      XEBEC_DEFAULTS(admissionregistrationv1::ValidatingAdmissionPolicyBinding),
      XEBEC_DEFAULTS(admissionregistrationv1::MutatingAdmissionPolicy),
      XEBEC_DEFAULTS(admissionregistrationv1::MutatingAdmissionPolicyBinding),
      XEBEC_DEFAULTS(flowcontrolv1::FlowSchema),
      XEBEC_DEFAULTS(flowcontrolv1::PriorityLevelConfiguration),
      XEBEC_DEFAULTS(apiregistrationv1::APIService),
      XEBEC_DEFAULTS(apiextensionsv1::CustomResourceDefinition),
      XEBEC_DEFAULTS(resourcev1::ResourceClaim),
      XEBEC_DEFAULTS(resourcev1::ResourceClaimTemplate),
      XEBEC_DEFAULTS(resourcev1::ResourceSlice),
  };
  return kTable;
}

}  // namespace xebec::api
