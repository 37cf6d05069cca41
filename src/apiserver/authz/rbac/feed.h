// Keeps a Policy equal to the stored RBAC objects.
#pragma once

#include <memory>

#include "apiserver/authz/rbac/policy.h"
#include "base/scope.h"
#include "base/sync.h"

namespace xebec::apiserver {
class RegistryMap;
}

namespace xebec::apiserver::rbac {

// Spawns its tasks in `scope`. The returned value is set once all four kinds have been read. `registries`
// outlives the scope.
OneShot<bool> feed_policy(Scope& scope, const RegistryMap& registries, std::shared_ptr<Policy> policy);

}  // namespace xebec::apiserver::rbac
