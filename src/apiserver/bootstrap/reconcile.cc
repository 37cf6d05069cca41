#include "apiserver/bootstrap/reconcile.h"

#include <fmt/format.h>

#include "api/gen/metav1.h"
#include "api/scheme.h"
#include "apiserver/cache/entry.h"

namespace xebec::apiserver {

WriteOptions options_for(const Registry& registry) {
  WriteOptions options;
  options.field_manager = "xebec";
  options.request_kind = api::Object(registry.hub()).gvk();
  options.request_resource = {options.request_kind.group, options.request_kind.version,
                              std::string(registry.resource().plural)};
  return options;
}

Result<Registry*> registry_of(const RegistryMap* registries, std::string_view group,
                              std::string_view resource) {
  Registry* registry = registries->find(group, resource);
  if (!registry) return fail(errors::internal(fmt::format("{} are not served", resource)));
  return registry;
}

Task<Result<void>> ensure(Registry* registry, api::Object object) {
  api::apply_defaults(object);
  std::string ns = object.meta()->namespace_;
  // Looked up first: a second Service of that name would be refused for its address, not for its name.
  GetRequest get;
  get.namespace_ = ns;
  get.name = object.meta()->name;
  Context reader = own_context();
  Result<std::shared_ptr<const Entry>> known = co_await registry->get(std::move(reader), std::move(get));
  if (known) co_return Result<void>();
  if (!known.error().is(reason::kNotFound)) co_return fail(known.error());
  WriteOptions options = options_for(*registry);
  Context context = own_context();
  Result<WriteResult> created =
      co_await registry->create(std::move(context), std::move(ns), std::move(object), std::move(options));
  if (created || created.error().is(reason::kAlreadyExists)) co_return Result<void>();
  co_return fail(created.error());
}

}  // namespace xebec::apiserver
