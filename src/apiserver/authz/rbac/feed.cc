#include "apiserver/authz/rbac/feed.h"

#include "apiserver/cache/entry.h"
#include "apiserver/cache/follow.h"
#include "apiserver/registry/registry.h"

namespace xebec::apiserver::rbac {
namespace {

constexpr std::string_view kGroup = "rbac.authorization.k8s.io";

// Counts the kinds that have not been read yet.
struct Pending {
  std::atomic<int> left{4};
  OneShot<bool> done;
};

// One of the four kinds. T: the kind; Set and Remove: the Policy's methods for it.
template <class T>
class KindFollower final : public Follower {
 public:
  using Set = void (Policy::*)(const T&);
  KindFollower(std::shared_ptr<Policy> policy, Set set, bool binding, std::shared_ptr<Pending> pending)
      : policy_(std::move(policy)), set_(set), binding_(binding), pending_(std::move(pending)) {}

  void set(const Entry& entry) override {
    auto object = entry.object();
    if (!object) return;
    if (const T* typed = (*object)->template as<T>()) ((*policy_).*set_)(*typed);
  }

  void remove(const Entry& entry) override {
    if (binding_) {
      policy_->remove_role_binding(entry.meta().namespace_, entry.meta().name);
    } else {
      policy_->remove_role(entry.meta().namespace_, entry.meta().name);
    }
  }

  void synced() override {
    if (--pending_->left == 0) pending_->done.set(true);
  }

 private:
  std::shared_ptr<Policy> policy_;
  Set set_;
  bool binding_;
  std::shared_ptr<Pending> pending_;
};

Task<void> run(Registry& registry, std::unique_ptr<Follower> follower, CancelToken token) {
  co_await follow(registry, *follower, token);
}

}  // namespace

OneShot<bool> feed_policy(Scope& scope, const RegistryMap& registries, std::shared_ptr<Policy> policy) {
  auto pending = std::make_shared<Pending>();
  auto start = [&]<class T>(std::string_view resource, void (Policy::*set)(const T&), bool binding) {
    scope.spawn(run(*registries.find(kGroup, resource),
                    std::make_unique<KindFollower<T>>(policy, set, binding, pending), scope.token()));
  };
  start("roles", &Policy::set_role, false);
  start("clusterroles", &Policy::set_cluster_role, false);
  start("rolebindings", &Policy::set_role_binding, true);
  start("clusterrolebindings", &Policy::set_cluster_role_binding, true);
  return pending->done;
}

}  // namespace xebec::apiserver::rbac
