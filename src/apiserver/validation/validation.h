// Validation of whole objects, beyond what the schema says (k8s.io/kubernetes/pkg/apis/*/validation). Hub
// types.
//
// metadata is validated by the registry (validation/object_meta.h), for every kind alike; the functions here
// look at everything else. One file a group under apiserver/validation/; each type is named once, in
// validation/table.cc. Kinds that are not in the table get metadata validation only.
#pragma once

#include <span>
#include <type_traits>

#include "api/field_error.h"
#include "api/object.h"

namespace xebec::apiserver::validation {

// Every member but `type` may be nullptr: nothing to check there. An update is checked by validate_update
// alone, which calls `validate`'s parts itself where upstream does.
struct Validator {
  const api::Message* type;
  field::Errors (*validate)(const void* object);
  field::Errors (*validate_update)(const void* object, const void* old);
  field::Errors (*validate_status_update)(const void* object, const void* old);
};

// Adapters for the table: validator<corev1::Pod, validate_pod, validate_pod_update,
// validate_pod_status_update>().
template <class T>
using CreateFn = field::Errors (*)(const T&);
template <class T>
using UpdateFn = field::Errors (*)(const T&, const T&);

// Compares types, for to g++ 12 with -fsanitize=undefined a function's address against nullptr is no
// constant.
template <class Fn, Fn fn>
inline constexpr bool kGiven =
    !std::is_same_v<std::integral_constant<Fn, fn>, std::integral_constant<Fn, static_cast<Fn>(nullptr)>>;

template <class T, CreateFn<T> create, UpdateFn<T> update = nullptr, UpdateFn<T> status = nullptr>
Validator validator() {
  Validator v{&api::type_of<T>(), nullptr, nullptr, nullptr};
  if constexpr (kGiven<CreateFn<T>, create>)
    v.validate = [](const void* o) { return create(*static_cast<const T*>(o)); };
  if constexpr (kGiven<UpdateFn<T>, update>) {
    v.validate_update = [](const void* o, const void* old) {
      return update(*static_cast<const T*>(o), *static_cast<const T*>(old));
    };
  }
  if constexpr (kGiven<UpdateFn<T>, status>) {
    v.validate_status_update = [](const void* o, const void* old) {
      return status(*static_cast<const T*>(o), *static_cast<const T*>(old));
    };
  }
  return v;
}

// In validation/table.cc.
std::span<const Validator> validators();

// nullptr when the type has no entry.
const Validator* find_validator(const api::Message& type);

field::Errors validate(const api::Object& object);
field::Errors validate_update(const api::Object& object, const api::Object& old);
field::Errors validate_status_update(const api::Object& object, const api::Object& old);

}  // namespace xebec::apiserver::validation
