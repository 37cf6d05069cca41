#include "kubelet/server/container_streams.h"

#include <fmt/format.h>

#include <charconv>

#include "api/gen/corev1.h"
#include "kubelet/streaming/port_channels.h"
#include "kubelet/streaming/runtime_connection.h"
#include "kubelet/streaming/upgrades.h"

namespace xebec::kubelet {
namespace {

Status no_pod() { return Status(404, reason::kNotFound, "pod does not exist"); }

// The runtime's errors keep their code where it says something to a client.
Status runtime_error(Status status) {
  if (status.code != 404 && status.code != 429) status.code = 500;
  return status;
}

Result<std::vector<int32_t>> ports_of(const http::Request& request) {
  std::vector<int32_t> ports;
  for (const std::string& text : request.params("port")) {
    std::string_view rest = text;
    while (!rest.empty()) {
      size_t comma = rest.find(',');
      std::string_view part = rest.substr(0, comma);
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
      int32_t port = 0;
      auto [end, failed] = std::from_chars(part.data(), part.data() + part.size(), port);
      if (failed != std::errc() || end != part.data() + part.size() || port < 1 || port > 65535) {
        return fail(errors::bad_request(fmt::format("unable to parse \"{}\" as a port", text)));
      }
      ports.push_back(port);
    }
  }
  return ports;
}

// There the ports are named by the request, not by each stream.
Result<void> check_channel_ports(const std::vector<int32_t>& ports) {
  if (ports.empty()) return fail(errors::bad_request("query parameter \"port\" is required"));
  if (ports.size() <= kMostForwardedPorts) return {};
  return fail(errors::bad_request(
      fmt::format("at most {} ports can be forwarded over one connection", kMostForwardedPorts)));
}

}  // namespace

Task<Result<FoundPod>> ContainerStreams::running_container(StreamTarget target) const {
  FoundPod found = co_await pods_.find(target.ns, target.pod, target.container);
  if (!found.pod) co_return fail(no_pod());
  bool same = target.uid.empty() || target.uid == found.pod->metadata.uid;
  bool running =
      found.container && found.container->phase == ContainerPhase::kRunning && !found.container->id.empty();
  if (!same || !running) {
    Status status = errors::internal("");
    status.message = fmt::format("container not found (\"{}\")", target.container);
    co_return fail(std::move(status));
  }
  co_return found;
}

Task<Result<http::Response>> ContainerStreams::exec(Context context, http::Request request,
                                                    StreamTarget target) const {
  CO_TRY(StreamOptions options, parse_stream_options(request));
  CO_TRY(Protocol protocol, negotiate_remote_command(request));
  CO_TRY(FoundPod found, co_await running_container(std::move(target)));
  cri::ExecRequest exec;
  exec.container_id = found.container->id;
  exec.command = options.command;
  exec.tty = options.tty;
  exec.stdin_ = options.stdin_;
  exec.stdout_ = options.stdout_;
  exec.stderr_ = options.stderr_;
  Result<std::string> url = co_await pods_.exec_url(std::move(exec));
  if (!url) co_return fail(runtime_error(url.error()));
  CO_TRY(auto runtime,
         co_await connect_runtime(pool_, std::move(context), std::move(*url), protocol.runtime));
  co_return join_streams(request, protocol, std::move(runtime), std::move(options), rng_);
}

Task<Result<http::Response>> ContainerStreams::attach(Context context, http::Request request,
                                                      StreamTarget target) const {
  CO_TRY(StreamOptions options, parse_stream_options(request));
  CO_TRY(Protocol protocol, negotiate_remote_command(request));
  CO_TRY(FoundPod found, co_await running_container(std::move(target)));
  // Whether the process has a terminal was decided when it was started.
  options.tty = found.container_tty;
  if (options.tty) options.stderr_ = false;
  cri::AttachRequest attach;
  attach.container_id = found.container->id;
  attach.tty = options.tty;
  attach.stdin_ = options.stdin_;
  attach.stdout_ = options.stdout_;
  attach.stderr_ = options.stderr_;
  Result<std::string> url = co_await pods_.attach_url(std::move(attach));
  if (!url) co_return fail(runtime_error(url.error()));
  CO_TRY(auto runtime,
         co_await connect_runtime(pool_, std::move(context), std::move(*url), protocol.runtime));
  co_return join_streams(request, protocol, std::move(runtime), std::move(options), rng_);
}

Task<Result<http::Response>> ContainerStreams::port_forward(Context context, http::Request request,
                                                            StreamTarget target) const {
  CO_TRY(std::vector<int32_t> ports, ports_of(request));
  CO_TRY(Protocol protocol, negotiate_port_forward(request));
  const bool channels = protocol.carrier == Carrier::kChannels;
  if (channels) {
    CO_TRY_VOID(check_channel_ports(ports));
  }
  std::string no_container;
  FoundPod found = co_await pods_.find(target.ns, target.pod, std::move(no_container));
  if (!found.pod || (!target.uid.empty() && target.uid != found.pod->metadata.uid)) co_return fail(no_pod());
  if (found.sandbox_id.empty()) {
    Status status = errors::internal("");
    status.message = fmt::format("failed to find sandbox of pod \"{}\"", target.pod);
    co_return fail(std::move(status));
  }
  Result<std::string> url = co_await pods_.port_forward_url(found.sandbox_id, ports);
  if (!url) co_return fail(runtime_error(url.error()));
  CO_TRY(auto runtime,
         co_await connect_runtime(pool_, std::move(context), std::move(*url), protocol.runtime));
  if (channels) co_return join_ports(request, protocol, std::move(runtime), std::move(ports), rng_);
  StreamOptions none;
  co_return join_streams(request, protocol, std::move(runtime), std::move(none), rng_);
}

}  // namespace xebec::kubelet
