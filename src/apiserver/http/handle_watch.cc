// WATCH: a cursor on the watch cache, written out frame by frame. Frames are shared by all watches of the
// same form.
#include <deque>

#include "apiserver/cache/cursor.h"
#include "apiserver/http/resource_call.h"
#include "apiserver/http/watch_socket.h"
#include "http/websocket.h"

namespace xebec::apiserver {
namespace {

class WatchStream final : public http::BodyStream {
 public:
  WatchStream(std::unique_ptr<WatchCursor> cursor, Encoder encoder, const api::Message& hub)
      : cursor_(std::move(cursor)), encoder_(std::move(encoder)), hub_(hub) {}
  // A watch that is over before it has begun.
  WatchStream(const Status& error, Encoder encoder, const api::Message& hub)
      : encoder_(std::move(encoder)), hub_(hub), over_(true) {
    frames_.push_back(encoder_.error_event(error));
  }

  Task<Result<http::Buffer>> next() override {
    if (frames_.empty() && !over_) {
      Result<std::vector<WatchEvent>> events = co_await cursor_->next();
      take(std::move(events));
    }
    if (frames_.empty()) co_return http::Buffer();
    http::Buffer frame = std::move(frames_.front());
    frames_.pop_front();
    co_return frame;
  }

 private:
  void take(Result<std::vector<WatchEvent>> events) {
    if (!events) {
      over_ = true;
      if (!events.error().is(reason::kCancelled)) frames_.push_back(encoder_.error_event(events.error()));
      return;
    }
    if (events->empty()) over_ = true;
    for (const WatchEvent& event : *events) {
      Result<http::Buffer> frame = encoder_.event(event, hub_, first_);
      first_ = false;
      frames_.push_back(frame ? std::move(*frame) : encoder_.error_event(frame.error()));
      if (!frame) {
        over_ = true;
        return;
      }
    }
  }

  std::unique_ptr<WatchCursor> cursor_;
  const Encoder encoder_;
  const api::Message& hub_;
  std::deque<http::Buffer> frames_;
  bool first_ = true;
  bool over_ = false;
};

// Once a request is known to be right, upstream tells what is wrong by an event: a version that is too old,
// or that the cache does not reach, or objects that cannot be read.
bool told_by_event(const Status& error) {
  return error.code == 410 || error.is(reason::kTimeout) || error.is(reason::kStorageReadError);
}

}  // namespace

Answer handle_watch(Context context, ResourceCall call) {
  Offered offered;
  offered.views = true;
  offered.list = true;
  offered.stream = true;
  CO_TRY(Encoder encoder, encoder_for(call, shape_of(call), offered));
  CO_TRY(ListOptions options, parse_list_options(call.request(), true));
  WatchRequest request;
  request.namespace_ = call.namespace_;
  request.name = call.name;
  request.label_selector = std::move(options.label_selector);
  request.field_selector = std::move(options.field_selector);
  request.resource_version = std::move(options.resource_version);
  request.resource_version_match = std::move(options.resource_version_match);
  request.allow_bookmarks = options.allow_bookmarks;
  request.send_initial_events = options.send_initial_events;
  request.continue_ = std::move(options.continue_);

  // Spread out, so that all watches of a restarted server do not end at once.
  int64_t seconds = options.timeout_seconds.value_or(0);
  if (seconds <= 0) {
    const int64_t least = std::chrono::duration_cast<std::chrono::seconds>(call.deps->min_watch).count();
    seconds = least;
    if (least > 0) seconds += static_cast<int64_t>(call.deps->rng->below(static_cast<uint64_t>(least)));
  }
  context.deadline = Executor::current()->now() + std::chrono::seconds(seconds);
  // Over a WebSocket the end of the client is seen by who reads it, after the request has been answered.
  std::shared_ptr<CancelSource> stop;
  if (http::websocket::is_upgrade(call.request())) {
    stop = std::make_shared<CancelSource>(context.cancel);
    context.cancel = stop->token();
  }
  Result<std::unique_ptr<WatchCursor>> cursor =
      co_await call.registry->watch(std::move(context), std::move(request));
  if (!cursor && !told_by_event(cursor.error())) co_return fail(std::move(cursor).error());

  const MediaType media = encoder.media_type();
  const api::Message& hub = call.registry->hub();
  std::unique_ptr<http::BodyStream> stream;
  if (cursor) {
    stream = std::make_unique<WatchStream>(std::move(*cursor), std::move(encoder), hub);
  } else {
    stream = std::make_unique<WatchStream>(cursor.error(), std::move(encoder), hub);
  }
  if (stop) {
    WatchSocket watch;
    watch.frames = std::move(stream);
    watch.media = media;
    watch.stop = std::move(stop);
    co_return watch_over_websocket(call.request(), std::move(watch), *call.deps->rng);
  }
  http::Response response;
  response.headers.add("Content-Type", stream_content_type(media));
  response.body = std::move(stream);
  co_return response;
}

}  // namespace xebec::apiserver
