// The certificate a server shows, which may be renewed while it serves.
#pragma once

#include <functional>
#include <map>
#include <mutex>

#include "security/pki/pki.h"

namespace xebec::cmd {

// Thread-safe.
class ServingKeys {
 public:
  explicit ServingKeys(pki::KeyPair first) : keys_(std::move(first)) {}

  pki::KeyPair current() const {
    std::lock_guard lock(mutex_);
    return keys_;
  }
  void set(pki::KeyPair keys) {
    std::lock_guard lock(mutex_);
    keys_ = std::move(keys);
    for (const auto& [id, changed] : followers_) changed(keys_);
  }
  // `changed` is called with every later pair, until leave() has returned.
  int follow(std::function<void(const pki::KeyPair&)> changed) {
    std::lock_guard lock(mutex_);
    followers_[++last_] = std::move(changed);
    return last_;
  }
  void leave(int id) {
    std::lock_guard lock(mutex_);
    followers_.erase(id);
  }

 private:
  mutable std::mutex mutex_;
  pki::KeyPair keys_;
  std::map<int, std::function<void(const pki::KeyPair&)>> followers_;
  int last_ = 0;
};

}  // namespace xebec::cmd
