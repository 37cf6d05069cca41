// FlatMap<V>: a map from string to V as a sorted vector. Kubernetes' maps are small, are read far more often
// than written, and go to the wire in key order. V may be incomplete where a FlatMap<V> is declared.
// Iteration gives std::pair<std::string, V>& in key order; never change a key through it.
#pragma once

#include <algorithm>
#include <cassert>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xebec::api {

template <class V>
class FlatMap {
 public:
  using value_type = std::pair<std::string, V>;
  using iterator = typename std::vector<value_type>::iterator;
  using const_iterator = typename std::vector<value_type>::const_iterator;

  FlatMap() = default;
  FlatMap(std::initializer_list<value_type> items) {
    for (const auto& [key, value] : items) insert_or_assign(key, value);
  }

  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  void clear() { items_.clear(); }
  void reserve(std::size_t n) { items_.reserve(n); }
  iterator begin() { return items_.begin(); }
  iterator end() { return items_.end(); }
  const_iterator begin() const { return items_.begin(); }
  const_iterator end() const { return items_.end(); }

  iterator find(std::string_view key) {
    auto it = lower_bound(key);
    return it != items_.end() && it->first == key ? it : items_.end();
  }
  const_iterator find(std::string_view key) const { return const_cast<FlatMap*>(this)->find(key); }
  bool contains(std::string_view key) const { return find(key) != end(); }
  // nullptr when the key is absent.
  V* get(std::string_view key) {
    auto it = find(key);
    return it == end() ? nullptr : &it->second;
  }
  const V* get(std::string_view key) const { return const_cast<FlatMap*>(this)->get(key); }
  // The value of a key that must be there.
  const V& at(std::string_view key) const {
    const V* value = get(key);
    assert(value);
    return *value;
  }
  V& at(std::string_view key) {
    V* value = get(key);
    assert(value);
    return *value;
  }
  V value_or(std::string_view key, V fallback) const {
    const V* value = get(key);
    return value ? *value : std::move(fallback);
  }
  V& operator[](std::string_view key) {
    // Decoders insert in order: try the end first.
    if (items_.empty() || items_.back().first < key) return items_.emplace_back(std::string(key), V()).second;
    auto it = lower_bound(key);
    if (it->first != key) it = items_.emplace(it, std::string(key), V());
    return it->second;
  }
  void insert_or_assign(std::string_view key, V value) { (*this)[key] = std::move(value); }
  // False when the key was there already (its value stays).
  bool insert(std::string_view key, V value) {
    if (contains(key)) return false;
    (*this)[key] = std::move(value);
    return true;
  }
  std::size_t erase(std::string_view key) {
    auto it = find(key);
    if (it == end()) return 0;
    items_.erase(it);
    return 1;
  }
  iterator erase(iterator it) { return items_.erase(it); }
  iterator erase(const_iterator it) { return items_.erase(it); }

  friend bool operator==(const FlatMap& a, const FlatMap& b) { return a.items_ == b.items_; }

 private:
  iterator lower_bound(std::string_view key) {
    return std::lower_bound(items_.begin(), items_.end(), key,
                            [](const value_type& item, std::string_view k) { return item.first < k; });
  }
  std::vector<value_type> items_;
};

}  // namespace xebec::api

extern template class xebec::api::FlatMap<std::string>;  // labels, annotations: compiled once, in object.cc
