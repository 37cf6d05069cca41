// The frame of a session between a client that speaks WebSocket channels and a runtime that speaks SPDY: what
// the runtime writes to its streams goes out on channels, what comes in on channels goes to a subclass.
// Back-pressure: output is read from the runtime as the client takes it, input from the client as the runtime
// does.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "base/scope.h"
#include "http/spdy.h"
#include "http/websocket.h"
#include "kubelet/streaming/channels.h"

namespace xebec::kubelet {

// One session, on the current executor. Client and runtime outlive it.
class ChannelBridge {
 public:
  using StreamPtr = std::shared_ptr<http::spdy::Stream>;

  ChannelBridge(http::websocket::Socket& client, http::spdy::Session& runtime, bool base64);
  virtual ~ChannelBridge() = default;
  ChannelBridge(const ChannelBridge&) = delete;
  ChannelBridge& operator=(const ChannelBridge&) = delete;

  // From the opening of the streams until the runtime is done (the client then gets a close that says how it
  // went), the client leaves or `cancel` is cancelled. Client and runtime are closed at the end.
  Task<void> run(CancelToken cancel);

 protected:
  // Opens the runtime's streams and starts their outputs. An error goes to the client with the close.
  virtual Task<Result<void>> open_streams() = 0;
  // What the client sent.
  virtual Task<void> take(ChannelMessage message) = 0;
  // What was wrong with a session that has come to its end; empty: nothing.
  virtual std::string complaint() const { return ""; }

  // A stream that the runtime has been asked for; it may not have replied yet.
  Task<Result<StreamPtr>> open_stream(http::Headers headers);
  Task<Result<void>> send(uint8_t channel, std::string_view data);
  // Copies the stream to the channel until it ends. The runtime is done when every output has ended.
  void start_output(StreamPtr stream, uint8_t channel);
  // To the runtime; dropped by a stream that is over, for a process need not read all of its input.
  static Task<void> give(StreamPtr stream, std::string data);
  // Bytes that the runtime has written for a channel.
  size_t written(uint8_t channel) const { return written_[channel]; }

 private:
  Task<void> run_session();
  Task<void> start();
  Task<void> pump_output(StreamPtr stream, uint8_t channel);
  Task<void> pump_input();
  Task<void> finish();
  void output_ended();

  http::websocket::Socket& client_;
  http::spdy::Session& runtime_;
  const bool base64_;
  Scope scope_;
  int outputs_ = 1;  // pumps that have not ended, and the opening of the streams
  std::array<size_t, 256> written_{};
  std::string failure_;  // why the runtime's streams could not be opened
  OneShot<bool> over_;   // true: the runtime is done; false: the client left, or cancelled
  OneShot<bool> client_gone_;
};

}  // namespace xebec::kubelet
