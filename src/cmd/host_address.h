// Addresses of this machine (k8s.io/apimachinery/pkg/util/net, interface.go).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace xebec::cmd {

bool is_loopback(std::string_view address);
bool is_unspecified(std::string_view address);  // 0.0.0.0, ::, or nothing at all

// The interfaces of the default routes in a text like /proc/net/route, in its order.
std::vector<std::string> default_route_interfaces(std::string_view routes);

// The IPv4 address that others reach this machine at: that of the default route's interface.
Result<std::string> default_route_address();

// Where an API server tells clients to find it: what it was told, else the address it listens on, else that
// of the default route.
Result<std::string> resolve_advertise_address(const std::string& advertised, const std::string& bound);

// Where an https URL leads.
struct Endpoint {
  std::string host;
  uint16_t port = 443;
};
Result<Endpoint> parse_endpoint(std::string_view url);
// The host's first IPv4 address.
Result<std::string> resolve(const std::string& host);

}  // namespace xebec::cmd
