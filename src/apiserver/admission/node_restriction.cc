// NodeRestriction: a kubelet changes its own Node, the Pods bound to it, and what belongs to them, and
// nothing else (kubernetes plugin/pkg/admission/noderestriction).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/gen/authenticationv1.h"
#include "api/gen/certificatesv1.h"
#include "api/gen/corev1.h"
#include "api/gen/resourcev1.h"
#include "apiserver/admission/node_restriction.h"
#include "apiserver/admission/plugins.h"
#include "apiserver/authn/node_identity.h"
#include "apiserver/cache/entry.h"
#include "apiserver/registry/registry.h"
#include "security/pki/pki.h"

namespace xebec::apiserver {
namespace {

using node_restriction::refuse;
using ObjectPtr = std::shared_ptr<const api::Object>;

bool is(const AdmissionAttributes& a, std::string_view group, std::string_view resource) {
  return a.resource.group == group && a.resource.resource == resource;
}

// Whether nothing but what a kubelet may change of a claim's status differs.
bool same_but_kubelets_status(corev1::PersistentVolumeClaim now, corev1::PersistentVolumeClaim before) {
  for (corev1::PersistentVolumeClaim* claim : {&now, &before}) {
    claim->metadata.resourceVersion.clear();
    claim->metadata.managedFields.clear();
    claim->status.capacity.clear();
    claim->status.conditions.clear();
    claim->status.allocatedResourceStatuses.clear();
    claim->status.allocatedResources.clear();
  }
  return now == before;
}

class NodeRestriction final : public AdmissionPlugin {
 public:
  NodeRestriction(const RegistryMap& registries, std::shared_ptr<Authorizer> authorizer)
      : registries_(registries), authorizer_(std::move(authorizer)) {}
  std::string_view name() const override { return "NodeRestriction"; }
  bool handles(Operation operation) const override { return operation != Operation::kConnect; }

  // In the mutating pass, as upstream, although it changes nothing: before the object is looked at.
  Task<Result<void>> admit(const Context& context, AdmissionAttributes& a) override {
    if (!a.user || !is_node(*a.user)) co_return Result<void>();
    std::string node(node_of(*a.user));
    if (node.empty())
      co_return fail(refuse(a, fmt::format("could not determine node from user \"{}\"", a.user->name)));
    if (is(a, "", "pods")) co_return co_await check_pod_request(context, a, std::move(node));
    if (is(a, "", "serviceaccounts")) co_return co_await check_token(context, a, std::move(node));
    co_return check_others(a, node);
  }

 private:
  static Result<void> check_others(const AdmissionAttributes& a, const std::string& node) {
    if (is(a, "", "nodes")) return node_restriction::check_node(a, node);
    if (is(a, "", "persistentvolumeclaims")) return check_claim(a, node);
    if (is(a, "coordination.k8s.io", "leases")) return check_lease(a, node);
    if (is(a, "storage.k8s.io", "csinodes")) return check_csi_node(a, node);
    if (is(a, "resource.k8s.io", "resourceslices")) return check_slice(a, node);
    if (is(a, "certificates.k8s.io", "certificatesigningrequests")) return check_request(a, node);
    if (is(a, "certificates.k8s.io", "podcertificaterequests"))
      return fail(refuse(a, "PodCertificateRequest feature gate is disabled"));
    return {};
  }

  Task<Result<void>> check_pod_request(const Context& context, const AdmissionAttributes& a,
                                       std::string node) {
    if (a.subresource == "eviction") co_return co_await check_eviction(context, a, std::move(node));
    if (a.subresource == "status") co_return check_pod_status(a, node);
    if (!a.subresource.empty()) {
      co_return fail(
          refuse(a, fmt::format("unexpected pod subresource \"{}\", only 'status' and 'eviction' are allowed",
                                a.subresource)));
    }
    if (a.operation == Operation::kCreate) co_return co_await check_mirror_pod(context, a, std::move(node));
    if (a.operation == Operation::kDelete) co_return check_pod_delete(a, node);
    co_return fail(refuse(
        a, fmt::format("unexpected operation \"{}\", node \"{}\" can only create and delete mirror pods",
                       operation_name(a.operation), node)));
  }

  Task<Result<void>> check_mirror_pod(const Context& context, const AdmissionAttributes& a,
                                      std::string node) {
    const corev1::Pod& pod = a.object->get<corev1::Pod>();
    CO_TRY_VOID(node_restriction::check_mirror_pod(a, pod, node));
    CO_TRY(ObjectPtr own, co_await find(context, "nodes", "", node));
    const std::string& uid = pod.metadata.ownerReferences[0].uid;
    if (uid != own->meta()->uid) {
      co_return fail(
          refuse(a, fmt::format("node {} UID mismatch: expected {} got {}", node, uid, own->meta()->uid)));
    }
    const std::string referenced = node_restriction::referenced_objects(pod);
    if (referenced.empty()) co_return Result<void>();
    co_return fail(
        refuse(a, fmt::format("node \"{}\" can not create pods that reference {}", node, referenced)));
  }

  static Result<void> check_pod_delete(const AdmissionAttributes& a, std::string_view node) {
    if (a.old_object == nullptr || a.old_object->get<corev1::Pod>().spec.nodeName == node) return {};
    return fail(
        refuse(a, fmt::format("node \"{}\" can only delete pods with spec.nodeName set to itself", node)));
  }

  static Result<void> check_pod_status(const AdmissionAttributes& a, std::string_view node) {
    if (a.operation != Operation::kUpdate)
      return fail(refuse(a, fmt::format("unexpected operation \"{}\"", operation_name(a.operation))));
    const corev1::Pod& old = a.old_object->get<corev1::Pod>();
    const corev1::Pod& pod = a.object->get<corev1::Pod>();
    if (old.spec.nodeName != node) {
      return fail(refuse(
          a, fmt::format("node \"{}\" can only update pod status for pods with spec.nodeName set to itself",
                         node)));
    }
    if (pod.metadata.labels != old.metadata.labels)
      return fail(refuse(a, fmt::format("node \"{}\" cannot update labels through pod status", node)));
    if (pod.status.resourceClaimStatuses != old.status.resourceClaimStatuses)
      return fail(refuse(a, fmt::format("node \"{}\" cannot update resource claim statues", node)));
    if (pod.status.extendedResourceClaimStatus != old.status.extendedResourceClaimStatus)
      return fail(refuse(a, fmt::format("node \"{}\" cannot update extended resource claim status", node)));
    return {};
  }

  Task<Result<ObjectPtr>> find(const Context& context, std::string resource, std::string ns,
                               std::string name) {
    GetRequest request;
    request.namespace_ = std::move(ns);
    request.name = std::move(name);
    CO_TRY(auto entry, co_await registries_.find("", resource)->get(context, std::move(request)));
    co_return entry->object();
  }

  Task<Result<void>> check_eviction(const Context& context, const AdmissionAttributes& a, std::string node) {
    if (a.operation != Operation::kCreate)
      co_return fail(refuse(a, fmt::format("unexpected operation {}", operation_name(a.operation))));
    CO_TRY(ObjectPtr object, co_await find(context, "pods", a.namespace_, a.name));
    if (object->get<corev1::Pod>().spec.nodeName == node) co_return Result<void>();
    co_return fail(
        refuse(a, fmt::format("node {} can only evict pods with spec.nodeName set to itself", node)));
  }

  // Kubelets get tokens for the Pods they run, and of the audiences these Pods name.
  Task<Result<void>> check_token(const Context& context, const AdmissionAttributes& a, std::string node) {
    if (a.operation != Operation::kCreate || a.subresource != "token") co_return Result<void>();
    const auto& request = a.object->get<authenticationv1::TokenRequest>();
    const auto& ref = request.spec.boundObjectRef;
    if (!ref || ref->apiVersion != "v1" || ref->kind != "Pod" || ref->name.empty())
      co_return fail(refuse(a, "node requested token not bound to a pod"));
    if (ref->uid.empty()) co_return fail(refuse(a, "node requested token with a pod binding without a uid"));
    CO_TRY(ObjectPtr object, co_await find(context, "pods", a.namespace_, ref->name));
    const auto& pod = object->get<corev1::Pod>();
    if (pod.metadata.uid != ref->uid) {
      co_return fail(
          refuse(a, fmt::format("the UID in the bound object reference ({}) does not match the UID in "
                                "record. The object might have been deleted and then recreated",
                                ref->uid)));
    }
    if (pod.spec.nodeName != node)
      co_return fail(refuse(a, "node requested token bound to a pod scheduled on a different node"));
    const node_restriction::Audiences audiences{registries_, *authorizer_};
    co_return co_await audiences.check(context, a, request.spec.audiences, pod);
  }

  static Result<void> check_claim(const AdmissionAttributes& a, std::string_view node) {
    if (a.subresource != "status") return fail(refuse(a, "may only update PVC status"));
    if (a.operation != Operation::kUpdate)
      return fail(refuse(a, fmt::format("unexpected operation \"{}\"", operation_name(a.operation))));
    const auto& now = a.object->get<corev1::PersistentVolumeClaim>();
    const auto& before = a.old_object->get<corev1::PersistentVolumeClaim>();
    if (same_but_kubelets_status(now, before)) return {};
    return fail(refuse(a, fmt::format("node \"{}\" is not allowed to update fields other than "
                                      "status.quantity and status.conditions: ",
                                      node)));
  }

  // On create a request does not carry the name, the object does.
  static std::string name_of(const AdmissionAttributes& a) {
    return a.operation == Operation::kCreate ? a.object->meta()->name : a.name;
  }

  static Result<void> check_lease(const AdmissionAttributes& a, std::string_view node) {
    if (a.namespace_ != "kube-node-lease")
      return fail(refuse(a, "can only access leases in the \"kube-node-lease\" system namespace"));
    if (name_of(a) != node)
      return fail(refuse(a, "can only access node lease with the same name as the requesting node"));
    return {};
  }

  static Result<void> check_csi_node(const AdmissionAttributes& a, std::string_view node) {
    if (name_of(a) == node) return {};
    return fail(refuse(a, "can only access CSINode with the same name as the requesting node"));
  }

  static Result<void> check_slice(const AdmissionAttributes& a, std::string_view node) {
    if (a.operation == Operation::kUpdate) return {};
    const bool creates = a.operation == Operation::kCreate;
    const api::Object* slice = creates ? a.object : a.old_object;
    if (slice == nullptr || slice->get<resourcev1::ResourceSlice>().spec.nodeName == node) return {};
    return fail(
        refuse(a, fmt::format("can only {} ResourceSlice with the same NodeName as the requesting node",
                              creates ? "create" : "delete")));
  }

  // Certificates a kubelet asks for name itself.
  static Result<void> check_request(const AdmissionAttributes& a, std::string_view node) {
    if (a.operation != Operation::kCreate) return {};
    const auto& request = a.object->get<certificatesv1::CertificateSigningRequest>();
    const std::string& signer = request.spec.signerName;
    if (signer != "kubernetes.io/kubelet-serving" && signer != "kubernetes.io/kube-apiserver-client-kubelet")
      return {};
    Result<pki::CertificateRequest> parsed = pki::CertificateRequest::parse_pem(request.spec.request.view());
    if (!parsed) return fail(refuse(a, "unable to parse csr: " + parsed.error().message));
    if (parsed->subject.common_name == fmt::format("{}{}", kNodeUserPrefix, node)) return {};
    return fail(refuse(a, fmt::format("can only create a node CSR with CN={}{}", kNodeUserPrefix, node)));
  }

  const RegistryMap& registries_;
  const std::shared_ptr<Authorizer> authorizer_;
};

}  // namespace

std::unique_ptr<AdmissionPlugin> make_node_restriction(const AdmissionDependencies& dependencies) {
  return std::make_unique<NodeRestriction>(*dependencies.registries, dependencies.authorizer);
}

}  // namespace xebec::apiserver
