// containerd's event service as a stream of lifecycle events. CRI of containerd 1.6 has none of its own.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "base/sync.h"
#include "containerd_events.grpc.pb.h"
#include "kubelet/cri/grpc_call.h"
#include "kubelet/cri/types.h"

namespace xebec::cri {

// One subscription. It ends with an error in the queue; events are dropped, with an error, when nobody reads
// them. gRPC holds a reference until the stream is over.
class EventStream : public std::enable_shared_from_this<EventStream> {
 public:
  static constexpr size_t kCapacity = 16384;

  static std::shared_ptr<EventStream> open(std::shared_ptr<grpc::Channel> channel,
                                           std::shared_ptr<rpc::InFlight> in_flight,
                                           const std::string& name_space);
  Task<Result<Event>> next();

 private:
  class Reactor;
  Queue<Result<Event>> queue_;
};

}  // namespace xebec::cri
