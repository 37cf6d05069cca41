#include "kubelet/streaming/protocol.h"

#include <fmt/format.h>

#include "http/spdy.h"
#include "http/websocket.h"

namespace xebec::kubelet {
namespace {

constexpr std::string_view kV4 = "v4.channel.k8s.io";
constexpr std::string_view kBase64V4 = "v4.base64.channel.k8s.io";
constexpr std::string_view kV3 = "v3.channel.k8s.io";
constexpr std::string_view kPortForward = "portforward.k8s.io";
constexpr std::string_view kTunnelProtocol = "SPDY/3.1+portforward.k8s.io";

constexpr std::string_view kSpdyCommands[] = {kV4, kV3, "v2.channel.k8s.io", "channel.k8s.io"};
constexpr std::string_view kSpdyPortForward[] = {kPortForward};
constexpr std::string_view kWebSocketPortForward[] = {kTunnelProtocol, kV4, kBase64V4};
constexpr std::string_view kChannels[] = {"v5.channel.k8s.io", kV4, kBase64V4, "channel.k8s.io",
                                          "base64.channel.k8s.io"};

Status no_common(const std::vector<std::string>& offered, std::span<const std::string_view> accepted) {
  return Status(
      403, reason::kForbidden,
      fmt::format(
          "unable to upgrade: unable to negotiate protocol: client supports [{}], server accepts [{}]",
          fmt::join(offered, " "), fmt::join(accepted, " ")));
}

// The client's first choice that is accepted; empty when it names none, as clients before Kubernetes 1.1.
Result<Protocol> negotiate_spdy(const http::Request& request, std::span<const std::string_view> accepted) {
  Protocol protocol;
  std::vector<std::string> offered;
  for (std::string_view value : request.headers.all("x-stream-protocol-version")) {
    while (!value.empty()) {
      size_t comma = value.find(',');
      std::string_view name = value.substr(0, comma);
      value = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
      while (name.starts_with(' ')) name.remove_prefix(1);
      while (name.ends_with(' ')) name.remove_suffix(1);
      if (!name.empty()) offered.emplace_back(name);
    }
  }
  if (offered.empty()) return protocol;
  for (const std::string& name : offered) {
    if (std::ranges::find(accepted, name) == accepted.end()) continue;
    protocol.client = protocol.runtime = name;
    return protocol;
  }
  return fail(no_common(offered, accepted));
}

Result<Protocol> negotiate_websocket(const http::Request& request,
                                     std::span<const std::string_view> accepted) {
  Protocol protocol;
  std::vector<std::string> offered = http::websocket::offered_protocols(request);
  protocol.client = http::websocket::choose_protocol(request, accepted);
  if (protocol.client.empty() && !offered.empty()) return fail(no_common(offered, accepted));
  protocol.carrier = protocol.client == kTunnelProtocol ? Carrier::kTunnel : Carrier::kChannels;
  protocol.base64 = protocol.client.find("base64") != std::string::npos;
  return protocol;
}

Status no_upgrade() { return errors::bad_request("unable to upgrade: missing upgrade headers in request"); }

}  // namespace

bool Protocol::has_status() const { return runtime == kV4; }

Result<Protocol> negotiate_remote_command(const http::Request& request) {
  if (http::spdy::is_upgrade(request)) return negotiate_spdy(request, kSpdyCommands);
  if (!http::websocket::is_upgrade(request)) return fail(no_upgrade());
  TRY(Protocol protocol, negotiate_websocket(request, kChannels));
  // Before version 4 the error channel is plain text, which is what version 3 of SPDY sends.
  bool status = protocol.client.starts_with("v4.") || protocol.client.starts_with("v5.");
  protocol.runtime = status ? kV4 : kV3;
  return protocol;
}

Result<Protocol> negotiate_port_forward(const http::Request& request) {
  if (http::spdy::is_upgrade(request)) return negotiate_spdy(request, kSpdyPortForward);
  if (!http::websocket::is_upgrade(request)) return fail(no_upgrade());
  TRY(Protocol protocol, negotiate_websocket(request, kWebSocketPortForward));
  protocol.runtime = kPortForward;
  return protocol;
}

}  // namespace xebec::kubelet
