// How the API server keeps objects of its own: made when they are missing, and brought to what they must say.
#pragma once

#include <memory>
#include <string>

#include "api/defaults.h"
#include "apiserver/registry/own_identity.h"
#include "apiserver/registry/registry.h"

namespace xebec::apiserver {

WriteOptions options_for(const Registry& registry);
Result<Registry*> registry_of(const RegistryMap* registries, std::string_view group,
                              std::string_view resource);

// Creates the object unless there is one; somebody else's is as good.
Task<Result<void>> ensure(Registry* registry, api::Object object);

// What the stored object is changed to; `wanted` is merged in by `settle`.
template <class T>
struct Wanted {
  T object;
  void (*settle)(const T& wanted, T& stored);
};

template <class T>
Task<Result<api::Object>> settled(std::shared_ptr<const Wanted<T>> wanted, const api::Object* current) {
  const T* stored = current ? current->as<T>() : nullptr;
  if (!stored) co_return fail(errors::internal("unexpected object"));
  T next = *stored;
  wanted->settle(wanted->object, next);
  co_return api::Object::of(std::move(next));
}

// Creates the object, or changes what is there to what it must say.
template <class T>
Task<Result<void>> reconcile(Registry* registry, T object, void (*settle)(const T& wanted, T& stored),
                             std::string subresource = {}) {
  api::apply_defaults(api::type_of<T>(), &object);
  api::Object fresh = api::Object::of(object);
  CO_TRY_VOID(co_await ensure(registry, std::move(fresh)));
  auto wanted = std::make_shared<Wanted<T>>();
  wanted->object = object;
  wanted->settle = settle;
  std::shared_ptr<const Wanted<T>> shared = std::move(wanted);
  Transform transform = [shared](const api::Object* current) { return settled<T>(shared, current); };
  WriteOptions options = options_for(*registry);
  options.subresource = std::move(subresource);
  Context context = own_context();
  CO_TRY_VOID(co_await registry->update(std::move(context), object.metadata.namespace_, object.metadata.name,
                                        std::move(transform), std::move(options)));
  co_return Result<void>();
}

}  // namespace xebec::apiserver
