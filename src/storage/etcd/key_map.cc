#include "storage/etcd/key_map.h"

namespace xebec::storage::etcd {
namespace {

constexpr std::string_view kRoot = "/registry";

// The key is `root` or below it.
bool is_below(std::string_view key, std::string_view root) {
  return key.starts_with(root) && (key.size() == root.size() || key[root.size()] == '/');
}

}  // namespace

KeyMap::KeyMap(std::string_view prefix) {
  for (char c : prefix) {
    if (prefix_.empty() && c != '/') prefix_ += '/';
    if (c == '/' && prefix_.ends_with('/')) continue;
    prefix_ += c;
  }
  while (prefix_.ends_with('/')) prefix_.pop_back();
  same_ = prefix_ == kRoot;
}

std::string KeyMap::to_etcd(std::string key) const {
  if (!same_ && is_below(key, kRoot)) key.replace(0, kRoot.size(), prefix_);
  return key;
}

std::string KeyMap::end_to_etcd(std::string end) const {
  // The end of all of /registry/ is no key below it.
  if (!same_ && end == "/registry0") return prefix_ + '0';
  return to_etcd(std::move(end));
}

std::optional<std::string> KeyMap::from_etcd(std::string key) const {
  if (same_) return key;
  if (is_below(key, prefix_) && key.size() > prefix_.size()) {
    key.replace(0, prefix_.size(), kRoot);
    return key;
  }
  if (is_below(key, kRoot)) return std::nullopt;
  return key;
}

std::string KeyMap::range_start(std::string start) { return start.empty() ? std::string(1, '\0') : start; }
std::string KeyMap::range_end(std::string end) { return end.empty() ? std::string(1, '\0') : end; }

}  // namespace xebec::storage::etcd
