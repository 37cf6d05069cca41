// One request over HTTP/2 and its response, which its sender and the connection share.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "http/client_detail.h"
#include "http/http2_session.h"

namespace xebec::http {

struct Http2Exchange {
  // Set before the connection sees it.
  Request request;
  OutgoingBody out;

  // On the connection's executor.
  int32_t id() const { return out.stream_id; }
  Response response;
  bool headed = false;  // response headers are complete
  bool sent = false;    // the request's headers have left
  bool collecting = false;
  std::string collected;
  uint64_t deadline_timer = 0;

  OneShot<Outcome> answered;

  std::mutex mutex;  // guards what follows
  std::deque<Buffer> pieces;
  bool ended = false;
  std::optional<Status> broken;
  std::optional<OneShot<bool>> reader;

  void wake(std::unique_lock<std::mutex>& lock) {
    std::optional<OneShot<bool>> waiting = std::exchange(reader, std::nullopt);
    lock.unlock();
    if (waiting) waiting->set(true);
  }
  void push(Buffer piece) {
    std::unique_lock lock(mutex);
    pieces.push_back(std::move(piece));
    wake(lock);
  }
  void end() {
    std::unique_lock lock(mutex);
    ended = true;
    wake(lock);
  }
  // Thread-safe; the first reason stays.
  void fail_with(Status status, bool not_processed) {
    answered.set(std::unexpected(Failure{status, not_processed}));
    std::unique_lock lock(mutex);
    if (ended || broken) return;
    broken = std::move(status);
    wake(lock);
  }
};
}  // namespace xebec::http
