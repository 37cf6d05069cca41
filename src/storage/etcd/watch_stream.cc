#include "storage/etcd/watch_stream.h"

#include <deque>

#include "base/sync.h"

namespace xebec::storage::etcd {
namespace {

constexpr size_t kReadAhead = 64;  // messages

Status end_of(const grpc::Status& status) {
  if (status.ok()) return errors::service_unavailable("etcd ended the watch");
  return unavailable(status);
}

}  // namespace

// gRPC's side. It deletes itself, by its last reference to itself, when the call is done.
class WatchStream::Reactor final : public grpc::ClientBidiReactor<pb::WatchRequest, pb::WatchResponse> {
 public:
  Reactor(std::shared_ptr<Shared> shared, std::shared_ptr<Endpoint> endpoint,
          std::shared_ptr<rpc::InFlight> in_flight)
      : shared_(std::move(shared)), endpoint_(std::move(endpoint)), in_flight_(std::move(in_flight)) {
    context_.AddMetadata("hasleader", "true");
  }

  static void start(std::shared_ptr<Reactor> self, pb::WatchCreateRequest create);
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  // With the mutex of Shared held.
  void resume();
  void write_next();
  void cancel() { context_.TryCancel(); }

 private:
  const std::shared_ptr<Shared> shared_;
  const std::shared_ptr<Endpoint> endpoint_;
  const std::shared_ptr<rpc::InFlight> in_flight_;
  grpc::ClientContext context_;
  pb::WatchRequest request_;
  pb::WatchResponse response_;
  std::shared_ptr<Reactor> self_;
};

struct WatchStream::Shared {
  Queue<Result<pb::WatchResponse>> queue;
  std::mutex mutex;
  Reactor* reactor = nullptr;  // null when the stream cannot be written or read any more
  std::deque<pb::WatchRequest> requests;
  bool writing = false;
  bool paused = false;  // the reader is behind: nothing is being read, and a hold keeps the call
};

void WatchStream::Reactor::start(std::shared_ptr<Reactor> self, pb::WatchCreateRequest create) {
  Reactor& reactor = *self;
  Shared& shared = *reactor.shared_;
  if (!reactor.in_flight_->add(&reactor.context_)) {
    shared.queue.push(fail(store_closed()));
    return;
  }
  reactor.self_ = std::move(self);
  *reactor.request_.mutable_create_request() = std::move(create);
  {
    std::lock_guard lock(shared.mutex);
    shared.reactor = &reactor;
    shared.writing = true;
  }
  reactor.endpoint_->watch->async()->Watch(&reactor.context_, &reactor);
  reactor.StartWrite(&reactor.request_);
  reactor.StartRead(&reactor.response_);
  reactor.StartCall();
}

void WatchStream::Reactor::OnReadDone(bool ok) {
  std::lock_guard lock(shared_->mutex);
  if (!ok) {
    shared_->reactor = nullptr;  // OnDone follows
    return;
  }
  shared_->queue.push(std::move(response_));
  response_ = pb::WatchResponse();
  if (shared_->queue.size() < kReadAhead) {
    StartRead(&response_);
    return;
  }
  AddHold();
  shared_->paused = true;
}

void WatchStream::Reactor::resume() {
  shared_->paused = false;
  StartRead(&response_);
  RemoveHold();
}

void WatchStream::Reactor::write_next() {
  if (shared_->writing || shared_->requests.empty()) return;
  request_ = std::move(shared_->requests.front());
  shared_->requests.pop_front();
  shared_->writing = true;
  StartWrite(&request_);
}

void WatchStream::Reactor::OnWriteDone(bool ok) {
  std::lock_guard lock(shared_->mutex);
  shared_->writing = false;
  if (ok && shared_->reactor != nullptr) write_next();
}

void WatchStream::Reactor::OnDone(const grpc::Status& status) {
  in_flight_->remove(&context_);
  {
    std::lock_guard lock(shared_->mutex);
    shared_->reactor = nullptr;
  }
  shared_->queue.push(fail(end_of(status)));
  std::shared_ptr<Reactor> self = std::move(self_);
}

std::shared_ptr<WatchStream> WatchStream::open(std::shared_ptr<Endpoint> endpoint,
                                               std::shared_ptr<rpc::InFlight> in_flight,
                                               pb::WatchCreateRequest create) {
  auto shared = std::make_shared<Shared>();
  Reactor::start(std::make_shared<Reactor>(shared, std::move(endpoint), std::move(in_flight)),
                 std::move(create));
  return std::shared_ptr<WatchStream>(new WatchStream(std::move(shared)));
}

WatchStream::~WatchStream() { cancel(); }

Task<Result<pb::WatchResponse>> WatchStream::read() {
  std::optional<Result<pb::WatchResponse>> item = co_await shared_->queue.pop();
  {
    std::lock_guard lock(shared_->mutex);
    const bool room = shared_->queue.size() < kReadAhead / 2;
    if (shared_->paused && room && shared_->reactor != nullptr) shared_->reactor->resume();
  }
  co_return std::move(*item);  // the queue is never closed
}

void WatchStream::request_progress() {
  std::lock_guard lock(shared_->mutex);
  if (shared_->reactor == nullptr || !shared_->requests.empty()) return;
  shared_->requests.emplace_back().mutable_progress_request();
  shared_->reactor->write_next();
}

void WatchStream::cancel() {
  std::lock_guard lock(shared_->mutex);
  if (shared_->reactor == nullptr) return;
  shared_->reactor->cancel();
  // A call that is held never ends: the read fails at once.
  if (shared_->paused) shared_->reactor->resume();
}

}  // namespace xebec::storage::etcd
