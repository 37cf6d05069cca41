// Object: owns one API object of any kind. Move-only; copies are explicit (clone). The empty Object owns
// nothing. apiVersion and kind are not stored in the struct: the type's table knows them.
#pragma once

#include <cassert>
#include <utility>

#include "api/descriptor.h"
#include "api/gvk.h"

namespace xebec::metav1 {
struct ObjectMeta;
struct ListMeta;
}  // namespace xebec::metav1

namespace xebec::api {

class Object {
 public:
  Object() = default;
  // A new zero value of the type.
  explicit Object(const Message& type) : type_(&type), data_(type.create()) {}
  // Adopts heap data made by type.create or type.clone.
  Object(const Message& type, void* data) : type_(&type), data_(data) {}
  Object(Object&& o) noexcept
      : type_(std::exchange(o.type_, nullptr)), data_(std::exchange(o.data_, nullptr)) {}
  Object& operator=(Object&& o) noexcept {
    std::swap(type_, o.type_);
    std::swap(data_, o.data_);
    return *this;
  }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  ~Object() { reset(); }

  template <class T>
  static Object of(T value) {
    Object object(type_of<T>());
    *static_cast<T*>(object.data_) = std::move(value);
    return object;
  }

  explicit operator bool() const { return data_ != nullptr; }
  const Message& type() const {
    assert(type_);
    return *type_;
  }
  void* data() { return data_; }
  const void* data() const { return data_; }
  Object clone() const { return data_ ? Object(*type_, type_->clone(data_)) : Object(); }
  void reset() {
    if (data_) type_->destroy(data_);
    data_ = nullptr;
    type_ = nullptr;
  }

  template <class T>
  bool is() const {
    return type_ == &type_of<T>();
  }
  // nullptr when the object is of another type.
  template <class T>
  T* as() {
    return is<T>() ? static_cast<T*>(data_) : nullptr;
  }
  template <class T>
  const T* as() const {
    return is<T>() ? static_cast<const T*>(data_) : nullptr;
  }
  // For callers that know the type.
  template <class T>
  T& get() {
    assert(is<T>());
    return *static_cast<T*>(data_);
  }
  template <class T>
  const T& get() const {
    assert(is<T>());
    return *static_cast<const T*>(data_);
  }

  // nullptr when the kind has none.
  metav1::ObjectMeta* meta();
  const metav1::ObjectMeta* meta() const { return const_cast<Object*>(this)->meta(); }
  metav1::ListMeta* list_meta();
  const metav1::ListMeta* list_meta() const { return const_cast<Object*>(this)->list_meta(); }
  // The first GVK of the type; empty for types that are no kinds.
  GroupVersionKind gvk() const;

  // Semantic equality of content; objects of different types differ.
  friend bool operator==(const Object& a, const Object& b) {
    return a.type_ == b.type_ && (!a.data_ || equal(*a.type_, a.data_, b.data_));
  }

 private:
  const Message* type_ = nullptr;
  void* data_ = nullptr;
};

}  // namespace xebec::api
