// Whether a user is a node's kubelet (kubernetes pkg/auth/nodeidentifier).
#pragma once

#include <algorithm>
#include <string_view>

#include "base/context.h"

namespace xebec::apiserver {

inline constexpr std::string_view kNodeUserPrefix = "system:node:";

inline bool is_node(const UserInfo& user) {
  return std::string_view(user.name).starts_with(kNodeUserPrefix) &&
         std::find(user.groups.begin(), user.groups.end(), "system:nodes") != user.groups.end();
}

// The node's name; empty when the user is no node, or one without a name.
inline std::string_view node_of(const UserInfo& user) {
  return is_node(user) ? std::string_view(user.name).substr(kNodeUserPrefix.size()) : std::string_view();
}

}  // namespace xebec::apiserver
