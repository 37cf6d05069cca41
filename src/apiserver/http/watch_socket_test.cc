// A watch over a WebSocket that nobody reads, and handshakes that are none. What readers see is shown over
// real sockets, by the integration tests.
#include "apiserver/http/watch_socket.h"

#include <gtest/gtest.h>

#include "base/scope.h"
#include "base/sim_executor.h"
#include "base/sync.h"

namespace xebec::apiserver {
namespace {

// Frames without end.
class Endless final : public http::BodyStream {
 public:
  explicit Endless(int& asked) : asked_(asked) {}
  Task<Result<http::Buffer>> next() override {
    ++asked_;
    co_return http::make_buffer("{}\n");
  }

 private:
  int& asked_;
};

// A peer that says nothing and takes `room` bytes.
class Stalled final : public http::ByteStream {
 public:
  Stalled(size_t room, std::shared_ptr<bool> closed) : room_(room), closed_(std::move(closed)) {}
  Task<Result<size_t>> read(std::span<char>) override {
    while (!*closed_) co_await changed_.wait();
    co_return fail(errors::service_unavailable("closed"));
  }
  Task<Result<void>> write(std::string_view bytes) override {
    while (!*closed_ && bytes.size() > room_) co_await changed_.wait();
    if (*closed_) co_return fail(errors::service_unavailable("closed"));
    room_ -= bytes.size();
    co_return Result<void>();
  }
  Task<Result<void>> shutdown_write() override { co_return Result<void>(); }
  void close() override {
    *closed_ = true;
    changed_.notify_all();
  }

 private:
  size_t room_;
  std::shared_ptr<bool> closed_;
  Signal changed_;
};

http::Request handshake() {
  http::Request request;
  request.method = "GET";
  for (const auto& [name, value] :
       {std::pair("Connection", "Upgrade"), std::pair("Upgrade", "websocket"),
        std::pair("Sec-WebSocket-Version", "13"), std::pair("Origin", "http://localhost"),
        std::pair("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")}) {
    request.headers.add(name, value);
  }
  return request;
}

Task<void> run_upgrade(http::Upgrade& upgrade, std::unique_ptr<http::ByteStream> stream, bool& ended) {
  co_await upgrade.run(Context(), std::move(stream));
  ended = true;
}

TEST(WatchSocket, CutsOffWhoTakesNothing) {
  SimExecutor executor;
  auto rng = make_seeded_rng(1);
  int asked = 0;
  auto closed = std::make_shared<bool>(false);
  auto stop = std::make_shared<CancelSource>();
  WatchSocket watch;
  watch.frames = std::make_unique<Endless>(asked);
  watch.stop = stop;
  watch.stalled_timeout = std::chrono::seconds(60);
  http::Response response = watch_over_websocket(handshake(), std::move(watch), *rng);
  ASSERT_EQ(response.status, 101);
  auto& upgrade = std::get<std::unique_ptr<http::Upgrade>>(response.body);
  bool ended = false;
  Scope scope(executor);
  scope.spawn(run_upgrade(*upgrade, std::make_unique<Stalled>(100, closed), ended));
  executor.run_for(std::chrono::seconds(59));
  EXPECT_FALSE(*closed);
  // Five bytes a frame: what is not taken is not made either.
  EXPECT_LE(asked, 21);
  executor.run_for(std::chrono::seconds(2));
  EXPECT_TRUE(*closed);
  EXPECT_TRUE(ended);
  EXPECT_TRUE(stop->token().cancelled());
}

TEST(WatchSocket, RefusesHandshakesAsUpstream) {
  auto rng = make_seeded_rng(1);
  auto answer = [&](void (*change)(http::Headers&)) {
    http::Request request = handshake();
    change(request.headers);
    WatchSocket watch;
    watch.stop = std::make_shared<CancelSource>();
    return watch_over_websocket(request, std::move(watch), *rng);
  };
  EXPECT_EQ(answer([](http::Headers&) {}).status, 101);
  EXPECT_EQ(answer([](http::Headers& h) { h.erase("Origin"); }).status, 403);
  EXPECT_EQ(answer([](http::Headers& h) { h.erase("Sec-WebSocket-Key"); }).status, 400);
  http::Response old = answer([](http::Headers& h) { h.set("Sec-WebSocket-Version", "8"); });
  EXPECT_EQ(old.status, 400);
  EXPECT_EQ(old.headers.get("Sec-WebSocket-Version"), "13");
  EXPECT_EQ(answer([](http::Headers& h) { h.set("Sec-WebSocket-Protocol", "one, two"); }).status, 400);
  // The one protocol is confirmed.
  http::Response one =
      answer([](http::Headers& h) { h.set("Sec-WebSocket-Protocol", "base64.binary.k8s.io"); });
  EXPECT_EQ(one.status, 101);
  EXPECT_EQ(one.headers.get("Sec-WebSocket-Protocol"), "base64.binary.k8s.io");
}

}  // namespace
}  // namespace xebec::apiserver
