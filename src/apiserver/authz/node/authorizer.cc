#include "apiserver/authz/node/authorizer.h"

#include <fmt/format.h>

#include "apiserver/authn/node_identity.h"
#include "apiserver/authz/rbac/rules.h"
#include "apiserver/cache/entry.h"
#include "apiserver/cache/follow.h"
#include "apiserver/registry/registry.h"

namespace xebec::apiserver::node {
namespace {

Verdict allow() {
  Verdict verdict;
  verdict.decision = Decision::kAllow;
  return verdict;
}

Verdict no_opinion(std::string reason) {
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
    std::string_view node = a.user ? node_of(*a.user) : std::string_view();
    if (node.empty()) return {};
    if (a.is_resource && a.group.empty()) {
      if (one_of(a.resource, {"secrets", "configmaps"})) return related(a, node);
      if (a.resource == "persistentvolumeclaims") return related(a, node);
      if (a.resource == "serviceaccounts") return service_account(a, node);
      if (a.resource == "nodes") return node_object(a, node);
      if (a.resource == "pods") return pods(a, node);
    }
    if (a.is_resource && a.group == "coordination.k8s.io" && a.resource == "leases") return lease(a, node);
    if (a.is_resource && a.group == "storage.k8s.io" && a.resource == "csinodes") return own_name(a, node);
    return by_rules(a);
  }

 private:
  Verdict by_rules(const AuthorizationAttributes& a) {
    if (rbac::rules_allow(rules_, a)) return allow();
    return {};
  }

  Verdict related(const AuthorizationAttributes& a, std::string_view node) {
    if (!one_of(a.verb, {"get", "list", "watch"}) || !a.subresource.empty()) {
      return no_opinion("can only read resources of this type");
    }
    // A list or watch that names one object carries the name.
    if (a.name.empty() || !graph_->reaches(node, a.resource, a.namespace_, a.name)) {
      return no_opinion(fmt::format("no relationship found between node '{}' and this object", node));
    }
    return allow();
  }

  Verdict service_account(const AuthorizationAttributes& a, std::string_view node) {
    bool token = a.verb == "create" && a.subresource == "token";
    bool read = a.verb == "get" && a.subresource.empty();
    if (!token && !read)
      return no_opinion("can only get individual service accounts and create tokens for them");
    if (!graph_->reaches(node, "serviceaccounts", a.namespace_, a.name)) {
      return no_opinion(fmt::format("no relationship found between node '{}' and this object", node));
    }
    return allow();
  }

  Verdict node_object(const AuthorizationAttributes& a, std::string_view node) {
    if (one_of(a.verb, {"list", "watch"})) {
      if (a.name == node || selects(a.field_selector, "metadata.name", node)) return by_rules(a);
      return no_opinion(fmt::format("node '{}' cannot read all nodes, only its own Node object", node));
    }
    if (one_of(a.verb, {"get", "update", "patch", "delete"}) && a.name != node) {
      return no_opinion(fmt::format("node '{}' cannot read '{}', only its own Node object", node, a.name));
    }
    return by_rules(a);
  }

  Verdict pods(const AuthorizationAttributes& a, std::string_view node) {
    if (a.verb == "get" && a.subresource.empty() && !graph_->reaches(node, "pods", a.namespace_, a.name)) {
      return no_opinion(fmt::format("no relationship found between node '{}' and this object", node));
    }
    if (one_of(a.verb, {"list", "watch"}) && !selects(a.field_selector, "spec.nodeName", node)) {
      return no_opinion(fmt::format("can only list/watch pods with spec.nodeName field selector"));
    }
    return by_rules(a);
  }

  Verdict lease(const AuthorizationAttributes& a, std::string_view node) {
    if (!one_of(a.verb, {"get", "create", "update", "patch", "delete"})) {
      return no_opinion("can only get, create, update, patch, or delete a node lease");
    }
    if (a.namespace_ != "kube-node-lease") {
      return no_opinion("can only access leases in the \"kube-node-lease\" system namespace");
    }
    return own_name(a, node);
  }

  // Requests about an object with the node's own name; on create the name is not known yet, and admission
  // looks.
  Verdict own_name(const AuthorizationAttributes& a, std::string_view node) {
    if (a.verb != "create" && a.name != node) {
      return no_opinion(fmt::format("can only access objects with the same name as the requesting node"));
    }
    return allow();
  }

  std::shared_ptr<const Graph> graph_;
  std::vector<rbacv1::PolicyRule> rules_;
};

class PodFollower final : public Follower {
 public:
  PodFollower(std::shared_ptr<Graph> graph, OneShot<bool> done)
      : graph_(std::move(graph)), done_(std::move(done)) {}
  void set(const Entry& entry) override {
    auto object = entry.object();
    if (object) graph_->set_pod((*object)->get<corev1::Pod>());
  }
  void remove(const Entry& entry) override { graph_->remove_pod(entry.meta().namespace_, entry.meta().name); }
  void synced() override { done_.set(true); }

 private:
  std::shared_ptr<Graph> graph_;
  OneShot<bool> done_;
};

Task<void> run(Registry& registry, std::unique_ptr<Follower> follower, CancelToken token) {
  co_await follow(registry, *follower, token);
}

}  // namespace

std::unique_ptr<Authorizer> make_authorizer(std::shared_ptr<const Graph> graph,
                                            std::vector<rbacv1::PolicyRule> node_rules) {
  return std::make_unique<NodeAuthorizer>(std::move(graph), std::move(node_rules));
}

OneShot<bool> feed_graph(Scope& scope, const RegistryMap& registries, std::shared_ptr<Graph> graph) {
  OneShot<bool> done;
  scope.spawn(run(*registries.find("", "pods"), std::make_unique<PodFollower>(std::move(graph), done),
                  scope.token()));
  return done;
}

}  // namespace xebec::apiserver::node
