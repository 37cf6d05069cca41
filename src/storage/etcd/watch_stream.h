// WatchStream: one stream of etcd's Watch service with one watch on it. Thread-safe but for read(), which one
// coroutine calls.
#pragma once

#include <memory>

#include "rpc/in_flight.h"
#include "storage/etcd/endpoint.h"
#include "storage/etcd/etcd_status.h"

namespace xebec::storage::etcd {

class WatchStream {
 public:
  // etcd ends it when its member loses the leader, so that a member that is cut off is left.
  static std::shared_ptr<WatchStream> open(std::shared_ptr<Endpoint> endpoint,
                                           std::shared_ptr<rpc::InFlight> in_flight,
                                           pb::WatchCreateRequest create);
  ~WatchStream();

  // The next message. Error: the stream is over, for this reason. It is read ahead by a few messages only:
  // a slow reader makes etcd wait.
  Task<Result<pb::WatchResponse>> read();
  void request_progress();
  void cancel();

 private:
  class Reactor;
  struct Shared;
  explicit WatchStream(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

  const std::shared_ptr<Shared> shared_;
};

}  // namespace xebec::storage::etcd
