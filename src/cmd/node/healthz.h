// The kubelet's plain http port for whoever starts it: /healthz, on this machine only by default
// (k8s.io/kubernetes/cmd/kubelet/app/server.go).
#pragma once

#include "base/cancel.h"
#include "base/task.h"
#include "cmd/node/node_options.h"
#include "cmd/process.h"
#include "http/asio_executor.h"

namespace xebec::cmd {

// Serves until cancelled. A port that is taken is tried again every 5 seconds: nodes live without it.
Task<void> serve_healthz(const NodeOptions& options, http::IoPool& pool, Process& process, CancelToken token);

}  // namespace xebec::cmd
