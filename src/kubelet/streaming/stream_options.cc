#include "kubelet/streaming/stream_options.h"

namespace xebec::kubelet {

Result<StreamOptions> parse_stream_options(const http::Request& request) {
  auto flag = [&](std::string_view name) { return request.param(name) == "1"; };
  StreamOptions options;
  options.tty = flag("tty");
  options.stdin_ = flag("input");
  options.stdout_ = flag("output");
  options.stderr_ = flag("error") && !options.tty;
  options.command = request.params("command");
  if (!options.stdin_ && !options.stdout_ && !options.stderr_) {
    return fail(errors::bad_request("you must specify at least 1 of stdin, stdout, stderr"));
  }
  return options;
}

}  // namespace xebec::kubelet
