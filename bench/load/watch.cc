#include <cstring>

#include "base/executor.h"
#include "load/scenario.h"

namespace xebec::load {
namespace {

// Cuts a watch's body into events: lines of JSON, or protobuf messages after their length.
class Events {
 public:
  explicit Events(Format format) : format_(format) {}
  void feed(std::string_view bytes) { bytes_ += bytes; }

  // Nothing until more is fed. Valid until the next call.
  std::optional<std::string_view> next() {
    std::string_view rest = std::string_view(bytes_).substr(offset_);
    std::optional<std::string_view> event;
    if (format_ == Format::kJson) {
      size_t end = rest.find('\n');
      if (end != std::string_view::npos) event = take(rest, 0, end, 1);
    } else if (rest.size() >= 4) {
      size_t length = 0;
      for (size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(rest[i]);
      if (rest.size() - 4 >= length) event = take(rest, 4, length, 0);
    }
    if (!event) bytes_.erase(0, std::exchange(offset_, 0));
    return event;
  }

 private:
  std::string_view take(std::string_view rest, size_t before, size_t length, size_t after) {
    offset_ += before + length + after;
    return rest.substr(before, length);
  }

  Format format_;
  std::string bytes_;
  size_t offset_ = 0;
};

}  // namespace

Task<void> watch_events(http::Client& client, std::string path, std::string revision, Format format,
                        Context context, uint64_t since, Measured& measured, std::atomic<size_t>& ready) {
  http::Request request;
  request.method = "GET";
  request.path = std::move(path);
  request.query = "watch=1&timeoutSeconds=3600&resourceVersion=" + revision;
  std::string accept(media_type(format));
  if (format == Format::kProtobuf) accept += ";stream=watch";
  request.headers.add("Accept", accept);
  Result<http::Response> response = co_await client.send(context, std::move(request));
  if (!response || response->status != 200) {
    measured.error(response ? "watch: status " + std::to_string(response->status) : response.error().message);
    ++ready;
    co_return;
  }
  auto* body = std::get_if<std::unique_ptr<http::BodyStream>>(&response->body);
  if (body == nullptr) {
    measured.error("the watch ended at once");
    ++ready;
    co_return;
  }
  ++ready;
  Events events(format);
  std::vector<uint32_t> latencies;
  uint64_t bytes = 0;
  for (;;) {
    Result<http::Buffer> piece = co_await (*body)->next();
    if (!piece || *piece == nullptr) break;
    bytes += (*piece)->size();
    events.feed(**piece);
    auto now =
        std::chrono::duration_cast<std::chrono::microseconds>(Executor::current()->now().time_since_epoch());
    while (auto event = events.next()) {
      uint64_t mark = mark_of(*event);
      if (mark > since) latencies.push_back(static_cast<uint32_t>(static_cast<uint64_t>(now.count()) - mark));
    }
    if (latencies.size() >= 256) measured.merge(std::exchange(latencies, {}), std::exchange(bytes, 0));
    if (context.cancel.cancelled()) break;
  }
  measured.merge(std::move(latencies), bytes);
}

}  // namespace xebec::load
