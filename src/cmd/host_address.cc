#include "cmd/host_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/route.h>
#include <netdb.h>
#include <sys/socket.h>

#include <charconv>

#include <fstream>
#include <optional>
#include <sstream>

namespace xebec::cmd {
namespace {

bool is_global_unicast(const in_addr& address) {
  const uint32_t ip = ntohl(address.s_addr);
  const bool loopback = (ip >> 24) == 127, multicast = (ip >> 28) == 14, link_local = (ip >> 16) == 0xa9fe;
  return ip != 0 && ip != UINT32_MAX && !loopback && !multicast && !link_local;
}

// The first address of the interface, when it is up.
std::optional<std::string> address_of(std::string_view name) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return std::nullopt;
  std::optional<std::string> out;
  for (const ifaddrs* one = list; one != nullptr && !out; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET || name != one->ifa_name ||
        (one->ifa_flags & IFF_UP) == 0) {
      continue;
    }
    const in_addr& address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
    char text[INET_ADDRSTRLEN] = {};
    if (is_global_unicast(address)) out = inet_ntop(AF_INET, &address, text, sizeof(text));
  }
  freeifaddrs(list);
  return out;
}

}  // namespace

bool is_loopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }
bool is_unspecified(std::string_view address) {
  return address.empty() || address == "0.0.0.0" || address == "::";
}

std::vector<std::string> default_route_interfaces(std::string_view routes) {
  std::vector<std::string> out;
  std::istringstream lines{std::string(routes)};
  std::string line;
  std::getline(lines, line);  // the heading
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string name, destination, gateway, count, use, metric, mask;
    unsigned flags = 0;
    fields >> name >> destination >> gateway >> std::hex >> flags >> count >> use >> metric >> mask;
    bool is_default = destination == "00000000" && mask == "00000000" && (flags & RTF_UP) != 0;
    if (fields && is_default) out.push_back(name);
  }
  return out;
}

Result<std::string> default_route_address() {
  std::ifstream file("/proc/net/route");
  std::ostringstream routes;
  routes << file.rdbuf();
  std::vector<std::string> interfaces = default_route_interfaces(routes.str());
  if (interfaces.empty()) {
    return fail(
        errors::internal("no default routes found in \"/proc/net/route\" or \"/proc/net/ipv6_route\""));
  }
  for (const std::string& name : interfaces) {
    if (std::optional<std::string> address = address_of(name)) return *address;
  }
  return fail(errors::internal("unable to select an IP from default routes"));
}

Result<std::string> resolve_advertise_address(const std::string& advertised, const std::string& bound) {
  if (!is_unspecified(advertised)) return advertised;
  if (!is_unspecified(bound) && !is_loopback(bound)) return bound;
  Result<std::string> found = default_route_address();
  if (found) return found;
  return fail(errors::internal(
      fmt::format("unable to find suitable network address.error='{}'. Try to set the AdvertiseAddress "
                  "directly or provide a valid BindAddress to fix this",
                  found.error().message)));
}

Result<Endpoint> parse_endpoint(std::string_view url) {
  auto problem = [url] {
    return fail(errors::bad_request(fmt::format("\"{}\" is no URL of a server", url)));
  };
  std::string_view rest = url;
  if (!rest.starts_with("https://")) return problem();
  rest.remove_prefix(std::string_view("https://").size());
  rest = rest.substr(0, rest.find('/'));
  size_t mark = rest.rfind(':');
  Endpoint out;
  out.host = rest.substr(0, mark);
  if (out.host.empty() || out.host.find(':') != std::string::npos) return problem();
  if (mark == std::string_view::npos) return out;
  std::string_view port = rest.substr(mark + 1);
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc() || end != port.data() + port.size() || out.port == 0) return problem();
  return out;
}

Result<std::string> resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0)
    return fail(errors::internal(fmt::format("cannot resolve {}: {}", host, gai_strerror(error))));
  char text[INET_ADDRSTRLEN] = {};
  inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(found->ai_addr)->sin_addr, text, sizeof(text));
  freeaddrinfo(found);
  return std::string(text);
}

}  // namespace xebec::cmd
