// A fault of gRPC 1.51: it ends its callback threads with the last channel that used them, and trips over
// itself (ref_counted.h, "prior > 0") when another channel comes at that moment.
#pragma once

#include <grpcpp/channel.h>

#include <memory>

namespace xebec::rpc {

// Call it with each channel that callbacks are used on: the first one stays until the program ends, and the
// threads with it. Without calls it does not reconnect. Thread-safe.
inline void keep_callback_threads(const std::shared_ptr<grpc::Channel>& channel) {
  static const std::shared_ptr<grpc::Channel> kept = channel;
}

}  // namespace xebec::rpc
