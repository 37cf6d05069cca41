// The gRPC calls in flight of one client, so that they can all be ended.
#pragma once

#include <grpcpp/client_context.h>

#include <mutex>
#include <set>

namespace xebec::rpc {

// Thread-safe. Holds contexts between add and remove; their owner keeps them alive so long.
class InFlight {
 public:
  // False after cancel_all.
  bool add(grpc::ClientContext* context) {
    std::lock_guard lock(mutex_);
    if (closed_) return false;
    contexts_.insert(context);
    return true;
  }
  void remove(grpc::ClientContext* context) {
    std::lock_guard lock(mutex_);
    contexts_.erase(context);
  }
  void cancel_all() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    for (grpc::ClientContext* context : contexts_) context->TryCancel();
  }
  bool closed() const {
    std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  mutable std::mutex mutex_;
  std::set<grpc::ClientContext*> contexts_;
  bool closed_ = false;
};

}  // namespace xebec::rpc
