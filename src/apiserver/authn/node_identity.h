// Whether a user is a node's kubelet (kubernetes pkg/auth/nodeidentifier).
#pragma once

#include <algorithm>
#include <string_view>

#include "base/context.h"

namespace xebec::apiserver {

// The node's name; empty when the user is no node.
inline std::string_view node_of(const UserInfo& user) {
  static constexpr std::string_view kPrefix = "system:node:";
  if (!std::string_view(user.name).starts_with(kPrefix)) return {};
  if (std::find(user.groups.begin(), user.groups.end(), "system:nodes") == user.groups.end()) return {};
  return std::string_view(user.name).substr(kPrefix.size());
}

}  // namespace xebec::apiserver
