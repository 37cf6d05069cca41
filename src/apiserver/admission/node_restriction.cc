// NodeRestriction: a kubelet changes its own Node, the Pods bound to it, and what belongs to them, and
// nothing else (kubernetes plugin/pkg/admission/noderestriction).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/gen/authenticationv1.h"
#include "api/gen/coordinationv1.h"
#include "api/gen/corev1.h"
#include "api/gen/policyv1.h"
#include "apiserver/admission/plugins.h"
#include "apiserver/authn/node_identity.h"
#include "apiserver/cache/entry.h"
#include "apiserver/registry/registry.h"

namespace xebec::apiserver {
namespace {

Status refuse(const AdmissionAttributes& a, std::string_view why) {
  return errors::forbidden({a.resource.group, a.resource.resource}, a.name, why);
}

// Labels in kubernetes.io and k8s.io that a kubelet may give its node (well-known node labels).
bool kubelet_label(std::string_view key) {
  static constexpr std::string_view kAllowed[] = {"kubernetes.io/hostname",
                                                  "kubernetes.io/os",
                                                  "kubernetes.io/arch",
                                                  "beta.kubernetes.io/os",
                                                  "beta.kubernetes.io/arch",
                                                  "beta.kubernetes.io/instance-type",
                                                  "node.kubernetes.io/instance-type",
                                                  "failure-domain.beta.kubernetes.io/region",
                                                  "failure-domain.beta.kubernetes.io/zone",
                                                  "failure-domain.kubernetes.io/region",
                                                  "failure-domain.kubernetes.io/zone",
                                                  "topology.kubernetes.io/region",
                                                  "topology.kubernetes.io/zone"};
  if (std::find(std::begin(kAllowed), std::end(kAllowed), key) != std::end(kAllowed)) return true;
  std::string_view domain = key.substr(0, key.find('/'));
  auto in = [&](std::string_view zone) {
    return domain == zone || domain.ends_with("." + std::string(zone));
  };
  return in("kubelet.kubernetes.io") || in("node.kubernetes.io");
}

bool restricted_label(std::string_view key) {
  size_t slash = key.find('/');
  if (slash == std::string_view::npos) return false;
  std::string_view domain = key.substr(0, slash);
  auto in = [&](std::string_view zone) {
    return domain == zone || domain.ends_with("." + std::string(zone));
  };
  if (in("node-restriction.kubernetes.io")) return true;
  return (in("kubernetes.io") || in("k8s.io")) && !kubelet_label(key);
}

// Restricted labels whose value differs between the two.
std::vector<std::string> changed_restricted_labels(const api::FlatMap<std::string>& now,
                                                   const api::FlatMap<std::string>& before) {
  std::set<std::string> out;
  for (const auto& [key, value] : now) {
    const std::string* old = before.get(key);
    if ((old == nullptr || *old != value) && restricted_label(key)) out.insert(key);
  }
  for (const auto& [key, value] : before) {
    if (!now.contains(key) && restricted_label(key)) out.insert(key);
  }
  return {out.begin(), out.end()};
}

class NodeRestriction final : public AdmissionPlugin {
 public:
  explicit NodeRestriction(const RegistryMap& registries) : registries_(registries) {}
  std::string_view name() const override { return "NodeRestriction"; }
  bool handles(Operation operation) const override { return operation != Operation::kConnect; }

  Task<Result<void>> validate(const Context& context, const AdmissionAttributes& a) override {
    std::string node(a.user ? node_of(*a.user) : std::string_view());
    if (node.empty()) co_return Result<void>();
    const std::string& resource = a.resource.resource;
    if (a.resource.group.empty() && resource == "pods")
      co_return co_await check_pod_request(context, a, std::move(node));
    if (a.resource.group.empty() && resource == "nodes") co_return check_node(a, node);
    if (a.resource.group.empty() && resource == "serviceaccounts" && a.subresource == "token") {
      co_return co_await check_token(context, a, std::move(node));
    }
    if (a.resource.group == "coordination.k8s.io" && resource == "leases") co_return check_lease(a, node);
    if (a.resource.group == "storage.k8s.io" && resource == "csinodes" && a.name != node) {
      co_return fail(
          refuse(a, fmt::format("can only access CSINode with the same name as the requesting node")));
    }
    co_return Result<void>();
  }

 private:
  Task<Result<void>> check_pod_request(const Context& context, const AdmissionAttributes& a,
                                       std::string node) {
    if (a.subresource == "eviction") co_return co_await check_eviction(context, a, std::move(node));
    if (a.subresource == "status") co_return check_pod_status(a, node);
    if (!a.subresource.empty())
      co_return fail(
          refuse(a, fmt::format("unexpected pod subresource \"{}\", only 'status' and 'eviction' are allowed",
                                a.subresource)));
    if (a.operation == Operation::kCreate) co_return check_mirror_pod(a, node);
    if (a.operation == Operation::kDelete) co_return check_pod_delete(a, node);
    co_return fail(refuse(
        a, fmt::format("unexpected operation \"UPDATE\", node \"{}\" can only create and delete mirror pods",
                       node)));
  }

  static Result<void> check_mirror_pod(const AdmissionAttributes& a, std::string_view node) {
    const corev1::Pod& pod = a.object->get<corev1::Pod>();
    if (!pod.metadata.annotations.contains("kubernetes.io/config.mirror")) {
      return fail(refuse(a, fmt::format("pod does not have \"kubernetes.io/config.mirror\" annotation, node "
                                        "\"{}\" can only create mirror pods",
                                        node)));
    }
    if (pod.spec.nodeName != node) {
      return fail(
          refuse(a, fmt::format("node \"{}\" can only create pods with spec.nodeName set to itself", node)));
    }
    bool owned = pod.metadata.ownerReferences.size() == 1 && pod.metadata.ownerReferences[0].kind == "Node" &&
                 pod.metadata.ownerReferences[0].name == node;
    if (!owned)
      return fail(refuse(
          a, fmt::format("node \"{}\" can only create pods with an owner reference set to itself", node)));
    if (!pod.spec.serviceAccountName.empty()) {
      return fail(
          refuse(a, fmt::format("node \"{}\" can not create pods that reference a service account", node)));
    }
    for (const corev1::Volume& volume : pod.spec.volumes) {
      if (volume.secret || volume.configMap || volume.persistentVolumeClaim) {
        return fail(refuse(a, fmt::format("node \"{}\" can not create pods that reference secrets, "
                                          "configmaps or persistentvolumeclaims",
                                          node)));
      }
    }
    return {};
  }

  static Result<void> check_pod_delete(const AdmissionAttributes& a, std::string_view node) {
    if (a.old_object == nullptr || a.old_object->get<corev1::Pod>().spec.nodeName == node) return {};
    return fail(
        refuse(a, fmt::format("node \"{}\" can only delete pods with spec.nodeName set to itself", node)));
  }

  static Result<void> check_pod_status(const AdmissionAttributes& a, std::string_view node) {
    const corev1::Pod& old = a.old_object->get<corev1::Pod>();
    if (old.spec.nodeName != node) {
      return fail(refuse(
          a, fmt::format("node \"{}\" can only update pod status for pods with spec.nodeName set to itself",
                         node)));
    }
    if (a.object->get<corev1::Pod>().metadata.labels != old.metadata.labels) {
      return fail(refuse(a, fmt::format("node \"{}\" cannot update labels through pod status", node)));
    }
    return {};
  }

  Task<Result<std::shared_ptr<const api::Object>>> pod(const Context& context, std::string ns,
                                                       std::string name) {
    GetRequest request;
    request.namespace_ = std::move(ns);
    request.name = std::move(name);
    CO_TRY(auto entry, co_await registries_.find("", "pods")->get(context, std::move(request)));
    co_return entry->object();
  }

  Task<Result<void>> check_eviction(const Context& context, const AdmissionAttributes& a, std::string node) {
    CO_TRY(auto object, co_await pod(context, a.namespace_, a.name));
    if (object->get<corev1::Pod>().spec.nodeName == node) co_return Result<void>();
    co_return fail(
        refuse(a, fmt::format("node \"{}\" can only evict pods with spec.nodeName set to itself", node)));
  }

  Task<Result<void>> check_token(const Context& context, const AdmissionAttributes& a, std::string node) {
    const auto& request = a.object->get<authenticationv1::TokenRequest>();
    const auto& ref = request.spec.boundObjectRef;
    if (!ref || ref->apiVersion != "v1" || ref->kind != "Pod" || ref->name.empty()) {
      co_return fail(refuse(a, fmt::format("node requested token not bound to a pod")));
    }
    if (ref->uid.empty()) co_return fail(refuse(a, "node requested token with a pod binding without a uid"));
    CO_TRY(auto object, co_await pod(context, a.namespace_, ref->name));
    const auto& bound = object->get<corev1::Pod>();
    if (bound.metadata.uid != ref->uid) {
      co_return fail(
          refuse(a, fmt::format("the UID in the bound object reference ({}) does not match the UID in "
                                "record. The object might have been deleted and then recreated",
                                ref->uid)));
    }
    if (bound.spec.nodeName != node)
      co_return fail(refuse(a, "node requested token bound to a pod scheduled on a different node"));
    co_return Result<void>();
  }

  static Result<void> check_lease(const AdmissionAttributes& a, std::string_view node) {
    std::string name = a.name;
    if (a.operation == Operation::kCreate && name.empty()) name = a.object->meta()->name;
    if (a.namespace_ != "kube-node-lease") {
      return fail(refuse(a, "can only access leases in the \"kube-node-lease\" system namespace"));
    }
    if (name != node)
      return fail(refuse(a, "can only access node lease with the same name as the requesting node"));
    return {};
  }

  static Result<void> check_node(const AdmissionAttributes& a, std::string_view node) {
    std::string name = a.name.empty() && a.object != nullptr ? a.object->meta()->name : a.name;
    if (name != node) {
      return fail(refuse(a, fmt::format("node \"{}\" is not allowed to modify node \"{}\"", node, name)));
    }
    if (a.operation == Operation::kDelete) return {};
    const corev1::Node& now = a.object->get<corev1::Node>();
    static const api::FlatMap<std::string> kNone;
    const auto& before =
        a.operation == Operation::kCreate ? kNone : a.old_object->get<corev1::Node>().metadata.labels;
    if (auto labels = changed_restricted_labels(now.metadata.labels, before); !labels.empty()) {
      return fail(refuse(a, fmt::format("is not allowed to modify labels: {}", fmt::join(labels, ", "))));
    }
    return a.operation == Operation::kUpdate ? check_node_update(a, node, now)
                                             : check_node_create(a, node, now);
  }

  static Result<void> check_node_create(const AdmissionAttributes& a, std::string_view node,
                                        const corev1::Node& now) {
    if (now.spec.configSource) {
      return fail(refuse(
          a, fmt::format("node \"{}\" is not allowed to create pods with a non-nil configSource", node)));
    }
    if (!now.metadata.ownerReferences.empty()) {
      return fail(refuse(a, fmt::format("node \"{}\" is not allowed to set an owner reference", node)));
    }
    return {};
  }

  static Result<void> check_node_update(const AdmissionAttributes& a, std::string_view node,
                                        const corev1::Node& now) {
    const corev1::Node& old = a.old_object->get<corev1::Node>();
    if (now.spec.taints != old.spec.taints) {
      return fail(refuse(a, fmt::format("node \"{}\" is not allowed to modify taints", node)));
    }
    if (now.metadata.ownerReferences != old.metadata.ownerReferences) {
      return fail(refuse(a, fmt::format("node \"{}\" is not allowed to modify ownerReferences", node)));
    }
    return {};
  }

  const RegistryMap& registries_;
};

}  // namespace

std::unique_ptr<AdmissionPlugin> make_node_restriction(const AdmissionDependencies& dependencies) {
  return std::make_unique<NodeRestriction>(*dependencies.registries);
}

}  // namespace xebec::apiserver
