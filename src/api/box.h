// Box<T>: an optional value on the heap with value semantics: copying copies the content, equality compares
// it. It stands where Go has a pointer to a struct. The unset Box is Go's nil. T may be incomplete where a
// Box<T> is declared. Not thread-safe, like any value.
#pragma once

#include <cassert>
#include <utility>

namespace xebec::api {

// The untyped part, so that table-driven code can reach the content of any Box through its address.
class BoxBase {
 public:
  const void* raw() const { return ptr_; }
  void* raw() { return ptr_; }
  // Adopts `ptr`, made by the creator of the right type; the caller has disposed of the old content.
  void set_raw(void* ptr) { ptr_ = ptr; }

 protected:
  BoxBase() = default;
  ~BoxBase() = default;
  void* ptr_ = nullptr;
};

template <class T>
class Box : public BoxBase {
 public:
  Box() = default;
  Box(std::nullptr_t) {}
  Box(T value) { ptr_ = new T(std::move(value)); }
  Box(const Box& o) { ptr_ = o ? new T(*o) : nullptr; }
  Box(Box&& o) noexcept { ptr_ = std::exchange(o.ptr_, nullptr); }
  Box& operator=(const Box& o) { return *this = Box(o); }
  Box& operator=(Box&& o) noexcept {
    std::swap(ptr_, o.ptr_);
    return *this;
  }
  ~Box() { delete get(); }

  explicit operator bool() const { return ptr_ != nullptr; }
  bool has_value() const { return ptr_ != nullptr; }
  T* get() { return static_cast<T*>(ptr_); }
  const T* get() const { return static_cast<const T*>(ptr_); }
  T& operator*() {
    assert(ptr_);
    return *get();
  }
  const T& operator*() const {
    assert(ptr_);
    return *get();
  }
  T* operator->() {
    assert(ptr_);
    return get();
  }
  const T* operator->() const {
    assert(ptr_);
    return get();
  }
  // Replaces the content with a fresh T.
  template <class... Args>
  T& emplace(Args&&... args) {
    *this = Box(T(std::forward<Args>(args)...));
    return *get();
  }
  // The content, made first if there is none.
  T& ensure() {
    if (!ptr_) ptr_ = new T();
    return *get();
  }
  void reset() {
    delete get();
    ptr_ = nullptr;
  }

  friend bool operator==(const Box& a, const Box& b) {
    if (!a || !b) return !a && !b;
    return *a == *b;
  }
  friend bool operator==(const Box& a, std::nullptr_t) { return !a; }
};

}  // namespace xebec::api
