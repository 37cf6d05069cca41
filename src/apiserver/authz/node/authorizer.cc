#include "apiserver/authz/node/authorizer.h"

#include <fmt/format.h>

#include "apiserver/authn/node_identity.h"
#include "apiserver/authz/rbac/rules.h"

namespace xebec::apiserver::node {
namespace {

Verdict allow() {
  Verdict verdict;
  verdict.decision = Decision::kAllow;
  return verdict;
}

Verdict no_opinion(std::string reason = {}) {
  Verdict verdict;
  verdict.reason = std::move(reason);
  return verdict;
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// True when a list or watch is narrowed to `field`=`value`, as kubelets do.
bool selects(std::string_view selector, std::string_view field, std::string_view value) {
  while (!selector.empty()) {
    size_t comma = selector.find(',');
    std::string_view term = selector.substr(0, comma);
    size_t equals = term.find('=');
    if (equals != std::string_view::npos && term.substr(0, equals) == field) {
      std::string_view found = term.substr(equals + 1);
      if (found.starts_with('=')) found.remove_prefix(1);
      if (found == value) return true;
    }
    selector = comma == std::string_view::npos ? std::string_view() : selector.substr(comma + 1);
  }
  return false;
}

class NodeAuthorizer final : public Authorizer {
 public:
  NodeAuthorizer(std::shared_ptr<const Graph> graph, std::vector<rbacv1::PolicyRule> rules)
      : graph_(std::move(graph)), rules_(std::move(rules)) {}

  Verdict authorize(const AuthorizationAttributes& a) override {
    if (!a.user || !is_node(*a.user)) return {};
    const std::string_view node = node_of(*a.user);
    if (node.empty()) return no_opinion(fmt::format("unknown node for user \"{}\"", a.user->name));
    if (!a.is_resource) return by_rules(a);
    if (a.group.empty()) return core(a, node);
    if (a.group == "resource.k8s.io" && a.resource == "resourceclaims") return get(a, node);
    if (a.group == "resource.k8s.io" && a.resource == "resourceslices") return resource_slice(a, node);
    if (a.group == "storage.k8s.io" && a.resource == "volumeattachments") return get(a, node);
    if (a.group == "storage.k8s.io" && a.resource == "csinodes") return csi_node(a, node);
    if (a.group == "coordination.k8s.io" && a.resource == "leases") return lease(a, node);
    if (a.group == "certificates.k8s.io" && a.resource == "podcertificaterequests") return no_opinion();
    return by_rules(a);
  }

 private:
  Verdict core(const AuthorizationAttributes& a, std::string_view node) {
    if (one_of(a.resource, {"secrets", "configmaps"})) return read(a, node);
    if (a.resource == "persistentvolumeclaims")
      return a.subresource == "status" ? update_status(a, node) : get(a, node);
    if (a.resource == "persistentvolumes") return get(a, node);
    if (a.resource == "serviceaccounts") return service_account(a, node);
    if (a.resource == "nodes") return node_object(a, node);
    if (a.resource == "pods") return pods(a, node);
    return by_rules(a);
  }

  Verdict by_rules(const AuthorizationAttributes& a) {
    return rbac::rules_allow(rules_, a) ? allow() : no_opinion();
  }

  Verdict related(const AuthorizationAttributes& a, std::string_view node) {
    if (a.name.empty()) return no_opinion("No Object name found");
    if (graph_->reaches(node, a.resource, a.namespace_, a.name)) return allow();
    return no_opinion(fmt::format("no relationship found between node '{}' and this object", node));
  }

  Verdict get(const AuthorizationAttributes& a, std::string_view node) {
    if (a.verb != "get") return no_opinion("can only get individual resources of this type");
    if (!a.subresource.empty()) return no_opinion("cannot get subresource");
    return related(a, node);
  }

  // A list or watch that selects one object carries its name.
  Verdict read(const AuthorizationAttributes& a, std::string_view node) {
    if (!one_of(a.verb, {"get", "list", "watch"})) return no_opinion("can only read resources of this type");
    if (!a.subresource.empty()) return no_opinion("cannot read subresource");
    if (a.namespace_.empty()) return no_opinion("can only read namespaced object of this type");
    return related(a, node);
  }

  Verdict update_status(const AuthorizationAttributes& a, std::string_view node) {
    if (!one_of(a.verb, {"update", "patch"})) return no_opinion("can only get/update/patch this type");
    return related(a, node);
  }

  Verdict service_account(const AuthorizationAttributes& a, std::string_view node) {
    if (a.verb == "get" && a.subresource.empty()) return read(a, node);
    if (a.verb != "create" || a.name.empty())
      return no_opinion("can only create tokens for individual service accounts");
    if (a.subresource != "token") return no_opinion("can only create token subresource of serviceaccount");
    return related(a, node);
  }

  // What a node may do to its own object and to its Pods, admission (NodeRestriction) narrows.
  Verdict node_object(const AuthorizationAttributes& a, std::string_view node) {
    if (a.subresource == "status") return one_of(a.verb, {"update", "patch"}) ? allow() : no_opinion();
    if (!a.subresource.empty()) return no_opinion();
    if (one_of(a.verb, {"create", "update", "patch"})) return allow();
    if (!one_of(a.verb, {"get", "list", "watch"})) return no_opinion();
    if (a.name == node) return allow();
    if (a.name.empty())
      return no_opinion(fmt::format("node '{}' cannot read all nodes, only its own Node object", node));
    return no_opinion(fmt::format("node '{}' cannot read '{}', only its own Node object", node, a.name));
  }

  Verdict pods(const AuthorizationAttributes& a, std::string_view node) {
    if (a.subresource == "status") return one_of(a.verb, {"update", "patch"}) ? allow() : no_opinion();
    if (a.subresource == "eviction") return a.verb == "create" ? allow() : no_opinion();
    if (!a.subresource.empty()) return no_opinion();
    if (one_of(a.verb, {"create", "delete"})) return allow();
    if (a.verb == "get") return get(a, node);
    if (!one_of(a.verb, {"list", "watch"})) return no_opinion();
    if (selects(a.field_selector, "spec.nodeName", node)) return allow();
    if (!a.name.empty()) return related(a, node);
    return no_opinion("can only list/watch pods with spec.nodeName field selector");
  }

  Verdict lease(const AuthorizationAttributes& a, std::string_view node) {
    if (!one_of(a.verb, {"get", "create", "update", "patch", "delete"}))
      return no_opinion("can only get, create, update, patch, or delete a node lease");
    if (a.namespace_ != "kube-node-lease")
      return no_opinion("can only access leases in the \"kube-node-lease\" system namespace");
    // On create the name is not known here; admission looks.
    if (a.verb != "create" && a.name != node)
      return no_opinion("can only access node lease with the same name as the requesting node");
    return allow();
  }

  Verdict csi_node(const AuthorizationAttributes& a, std::string_view node) {
    if (!one_of(a.verb, {"get", "create", "update", "patch", "delete"}))
      return no_opinion("can only get, create, update, patch, or delete a CSINode");
    if (!a.subresource.empty()) return no_opinion("cannot authorize CSINode subresources");
    if (a.verb != "create" && a.name != node)
      return no_opinion("can only access CSINode with the same name as the requesting node");
    return allow();
  }

  Verdict resource_slice(const AuthorizationAttributes& a, std::string_view node) {
    if (!a.subresource.empty()) return no_opinion("cannot authorize ResourceSlice subresources");
    if (a.verb == "create") return allow();
    if (one_of(a.verb, {"get", "update", "patch", "delete"})) return related(a, node);
    if (!one_of(a.verb, {"watch", "list", "deletecollection"})) {
      return no_opinion(
          "only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, "
          "patch, "
          "delete, deletecollection");
    }
    if (selects(a.field_selector, "spec.nodeName", node)) return allow();
    return no_opinion("can only list/watch/deletecollection resourceslices with nodeName field selector");
  }

  std::shared_ptr<const Graph> graph_;
  std::vector<rbacv1::PolicyRule> rules_;
};

}  // namespace

std::unique_ptr<Authorizer> make_authorizer(std::shared_ptr<const Graph> graph,
                                            std::vector<rbacv1::PolicyRule> node_rules) {
  return std::make_unique<NodeAuthorizer>(std::move(graph), std::move(node_rules));
}

}  // namespace xebec::apiserver::node
