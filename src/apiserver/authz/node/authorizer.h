// The Node authorizer: what a kubelet may do (kubernetes plugin/pkg/auth/authorizer/node).
#pragma once

#include <memory>
#include <vector>

#include "api/gen/rbacv1.h"
#include "apiserver/authz/authorizer.h"
#include "apiserver/authz/node/graph.h"
#include "base/scope.h"
#include "base/sync.h"

namespace xebec::apiserver {
class RegistryMap;
}

namespace xebec::apiserver::node {

// `node_rules`: the rules of the bootstrap ClusterRole system:node, for what needs no look at the graph.
std::unique_ptr<Authorizer> make_authorizer(std::shared_ptr<const Graph> graph,
                                            std::vector<rbacv1::PolicyRule> node_rules);

// Keeps the graph equal to what is stored; each value is set when all of one resource has been read.
std::vector<OneShot<bool>> feed_graph(Scope& scope, const RegistryMap& registries,
                                      std::shared_ptr<Graph> graph);

}  // namespace xebec::apiserver::node
