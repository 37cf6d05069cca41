// The flags of Kubernetes 1.36's components by name, so that one that is known there but not here yet is told
// from a mistyped one.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace xebec::cmd {

// Whether the component ("kube-apiserver", "kubelet", ...) has a flag of that name, given without dashes.
bool upstream_has_flag(std::string_view component, std::string_view flag);

// What to say about an argument that no flag was declared for. `components` are those that the sub-command
// runs.
std::string explain_unknown_argument(std::span<const std::string_view> components, std::string_view argument);

}  // namespace xebec::cmd
