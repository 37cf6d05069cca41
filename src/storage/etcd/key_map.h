// KeyMap: the store's keys are below /registry; in etcd another prefix may stand for it (--etcd-prefix). Keys
// outside of it stay as they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace xebec::storage::etcd {

class KeyMap {
 public:
  // `prefix` as the flag has it: a missing leading slash is added and trailing ones are dropped, as upstream.
  explicit KeyMap(std::string_view prefix);

  std::string to_etcd(std::string key) const;
  // The end of a range; empty: the end of the key space.
  std::string end_to_etcd(std::string end) const;
  // Nothing for keys of others, which hide behind ours.
  std::optional<std::string> from_etcd(std::string key) const;

  // What a range or watch of everything from `start` is to etcd, for which no key and no end are empty.
  static std::string range_start(std::string start);
  static std::string range_end(std::string end);

  // The prefix in etcd, with its trailing slash.
  std::string root() const { return prefix_ + '/'; }

 private:
  std::string prefix_;  // "/registry"; empty for "/"
  bool same_;           // nothing to do
};

}  // namespace xebec::storage::etcd
