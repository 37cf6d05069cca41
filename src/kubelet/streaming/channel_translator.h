// Exec and attach between a client that speaks WebSocket channels and a runtime that speaks SPDY: one SPDY
// stream a channel (k8s.io/apiserver/pkg/util/proxy StreamTranslatorHandler; KEP-4006). Back-pressure: output
// is read from the runtime as the client takes it, input from the client as the runtime does.
#pragma once

#include "base/cancel.h"
#include "base/task.h"
#include "http/spdy.h"
#include "http/websocket.h"
#include "kubelet/streaming/stream_options.h"

namespace xebec::kubelet {

struct TranslatorOptions {
  StreamOptions streams;
  bool base64 = false;
  // The runtime ends with a Status on the error stream, whatever the outcome: without one the connection
  // broke.
  bool expect_status = true;
};

// Runs the session, from the opening of its streams until the runtime is done (the client then gets a normal
// close), the client leaves or `cancel` is cancelled. Both are closed at the end. On the current executor.
Task<void> translate_channels(http::websocket::Socket& client, http::spdy::Session& runtime,
                              TranslatorOptions options, CancelToken cancel);

}  // namespace xebec::kubelet
