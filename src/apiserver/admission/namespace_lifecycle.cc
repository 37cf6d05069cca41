// NamespaceLifecycle: nothing is created in a namespace that does not exist or is going away, and the
// namespaces that the system needs are not deleted
// (k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle).
#include <fmt/format.h>

#include "apiserver/admission/plugins.h"
#include "apiserver/cache/entry.h"
#include "apiserver/registry/registry.h"

namespace xebec::apiserver {
namespace {

bool is_namespace(const AdmissionAttributes& a) {
  return a.resource.group.empty() && a.resource.resource == "namespaces";
}

bool immortal(std::string_view name) {
  return name == "default" || name == "kube-system" || name == "kube-public";
}

Status terminating(const AdmissionAttributes& a) {
  ResourceName resource{a.resource.group, a.resource.resource};
  Status status = errors::forbidden(
      resource, a.name,
      fmt::format("unable to create new content in namespace {} because it is being terminated",
                  a.namespace_));
  status.details.causes.push_back({.reason = "NamespaceTerminating",
                                   .message = fmt::format("namespace {} is being terminated", a.namespace_),
                                   .field = "metadata.namespace"});
  return status;
}

class NamespaceLifecycle final : public AdmissionPlugin {
 public:
  explicit NamespaceLifecycle(const RegistryMap& registries) : registries_(registries) {}
  std::string_view name() const override { return "NamespaceLifecycle"; }
  bool handles(Operation operation) const override { return operation != Operation::kConnect; }

  // Runs in the mutating pass, so that nothing else is done for a request that cannot be.
  Task<Result<void>> admit(const Context& context, AdmissionAttributes& a) override {
    if (is_namespace(a)) {
      if (a.operation == Operation::kDelete && immortal(a.name)) {
        co_return fail(errors::forbidden({"", "namespaces"}, a.name, "this namespace may not be deleted"));
      }
      co_return Result<void>();
    }
    if (a.namespace_.empty() || a.operation != Operation::kCreate) co_return Result<void>();
    // What may be done in a namespace is told of those that do not exist, too: all else would tell them.
    if (a.resource.group == "authorization.k8s.io" && a.resource.resource == "localsubjectaccessreviews")
      co_return Result<void>();
    co_return co_await check(context, a);
  }

 private:
  // The cache may lag behind the namespace's creation, so a miss is looked up again in what is stored.
  Task<Result<std::shared_ptr<const Entry>>> find(const Context& context, std::string name) {
    Registry* registry = registries_.find("", "namespaces");
    GetRequest request;
    request.name = name;
    request.resource_version = std::string("0");
    auto cached = co_await registry->get(context, request);
    if (cached || !cached.error().is(reason::kNotFound)) co_return cached;
    request.resource_version.clear();
    co_return co_await registry->get(context, std::move(request));
  }

  Task<Result<void>> check(const Context& context, const AdmissionAttributes& a) {
    CO_TRY(auto entry, co_await find(context, a.namespace_));
    if (entry->meta().deleting()) co_return fail(terminating(a));
    co_return Result<void>();
  }

  const RegistryMap& registries_;
};

}  // namespace

std::unique_ptr<AdmissionPlugin> make_namespace_lifecycle(const AdmissionDependencies& dependencies) {
  return std::make_unique<NamespaceLifecycle>(*dependencies.registries);
}

}  // namespace xebec::apiserver
