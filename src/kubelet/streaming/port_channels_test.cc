// Port forwarding between a WebSocket client and a SPDY runtime, both played here, over pipes in memory.
#include "kubelet/streaming/port_channels.h"

#include <map>

#include "base/scope.h"
#include "http/testing/pipe.h"
#include "kubelet/streaming/channel_reader.h"

namespace xebec::kubelet {
namespace {

namespace websocket = http::websocket;
namespace spdy = http::spdy;
using StreamPtr = std::shared_ptr<spdy::Stream>;
using testing::receive;
using testing::Seen;

struct Runtime {
  explicit Runtime(std::unique_ptr<http::ByteStream> stream)
      : session(std::move(stream), spdy::Role::kServer) {}
  spdy::Session session;
  std::vector<std::string> opened;  // "streamtype port requestid"
  bool over = false;
};

Task<void> run_runtime(Runtime* runtime) {
  (void)co_await runtime->session.run();
  runtime->over = true;
}

// Answers what came first with "got" before it, and ends.
Task<void> answer(StreamPtr data) {
  std::string buffer(1000, '\0');
  Result<size_t> count = co_await data->read(buffer);
  if (!count || *count == 0) co_return;
  const std::string text = "got " + buffer.substr(0, *count);
  (void)co_await data->write(text);
  (void)co_await data->shutdown_write();
}

Task<void> end(StreamPtr stream, std::string last_words) {
  if (!last_words.empty()) (void)co_await stream->write(last_words);
  (void)co_await stream->shutdown_write();
}

// Port 80 answers, nobody listens on port 300.
Task<void> serve(Runtime* runtime, Scope* scope) {
  for (;;) {
    std::optional<StreamPtr> stream = co_await runtime->session.accept();
    if (!stream) co_return;
    const http::Headers& headers = (*stream)->headers();
    const std::string type(headers.get("streamtype")), port(headers.get("port"));
    runtime->opened.push_back(type + " " + port + " " + std::string(headers.get("requestid")));
    http::Headers none;
    (void)co_await (*stream)->reply(std::move(none));
    const bool refused = port == "300";
    std::string words = refused && type == "error" ? "connection refused" : "";
    if (type == "data" && !refused) {
      scope->spawn(answer(*stream));
    } else {
      scope->spawn(end(*stream, std::move(words)));
    }
  }
}

Task<void> translate(websocket::Socket& socket, spdy::Session& session, PortChannels channels,
                     CancelToken cancel, bool* done) {
  co_await translate_ports(socket, session, std::move(channels), std::move(cancel));
  *done = true;
}

enum class Act { kAsk, kLeave, kCancel };

Task<void> act(websocket::Socket& socket, Act what, bool base64, CancelSource* source) {
  if (what == Act::kLeave) {
    socket.abort();
  } else if (what == Act::kCancel) {
    source->cancel();
  } else {
    // The second one is on a channel that is not the client's.
    websocket::Message message = encode_channel(0, "it", base64);
    websocket::Message wrong = encode_channel(1, "nothing", base64);
    (void)co_await socket.send(wrong.kind, std::move(wrong.data));
    (void)co_await socket.send(message.kind, std::move(message.data));
  }
}

struct Played {
  Seen seen;
  std::vector<std::string> opened;
  bool runtime_over = false, translation_over = false;
};

Task<Played> play(Act what, bool base64) {
  auto rng = make_seeded_rng(1);
  auto [client_end, front] = http::test::make_pipe(SIZE_MAX, 100'000);
  auto [back, runtime_end] = http::test::make_pipe(SIZE_MAX, 100'000);
  websocket::Socket client(std::move(client_end), websocket::Role::kClient, *rng);
  websocket::Socket socket(std::move(front), websocket::Role::kServer, *rng);
  spdy::Session session(std::move(back), spdy::Role::kClient);
  Runtime runtime(std::move(runtime_end));
  PortChannels channels;
  channels.ports = {80, 300};
  channels.base64 = base64;
  Scope scope(*Executor::current());
  CancelSource source;
  Played played;
  scope.spawn(run_runtime(&runtime));
  scope.spawn(serve(&runtime, &scope));
  scope.spawn(translate(socket, session, std::move(channels), source.token(), &played.translation_over));
  scope.spawn(receive(client, base64, &played.seen));
  scope.spawn(act(client, what, base64, &source));
  co_await scope.join();
  played.opened = runtime.opened;
  played.runtime_over = runtime.over;
  co_return played;
}

TEST(PortChannels, EveryPortHasAChannelForDataAndOneForErrors) {
  using std::string_literals::operator""s;
  for (bool base64 : {false, true}) {
    Played played = block_on(play(Act::kAsk, base64));
    EXPECT_THAT(played.opened,
                ::testing::ElementsAre("error 80 0", "data 80 0", "error 300 1", "data 300 1"));
    EXPECT_EQ(played.seen.channels[0], "\x50\x00got it"s);
    EXPECT_EQ(played.seen.channels[1], "\x50\x00"s);
    EXPECT_EQ(played.seen.channels[2], "\x2c\x01"s);
    EXPECT_EQ(played.seen.channels[3], "\x2c\x01"s + "connection refused");
    EXPECT_EQ(played.seen.close_code, websocket::kNormalClosure);
    EXPECT_TRUE(played.runtime_over);
  }
}

TEST(PortChannels, AClientThatLeavesAndCancellationEndBothSides) {
  for (Act what : {Act::kLeave, Act::kCancel}) {
    Played played = block_on(play(what, false));
    EXPECT_TRUE(played.runtime_over);
    EXPECT_TRUE(played.translation_over);
  }
}

}  // namespace
}  // namespace xebec::kubelet
