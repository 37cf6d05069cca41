// What a client asks of exec and attach: the query parameters of the kubelet's streaming paths
// (k8s.io/kubelet/pkg/cri/streaming/remotecommand).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace xebec::kubelet {

struct StreamOptions {
  bool stdin_ = false, stdout_ = false, stderr_ = false;
  bool tty = false;
  std::vector<std::string> command;  // of exec
};

// `input`, `output`, `error`, `tty` are "1" where wanted. With a TTY there is no stderr. BadRequest without
// any stream.
Result<StreamOptions> parse_stream_options(const http::Request& request);

}  // namespace xebec::kubelet
