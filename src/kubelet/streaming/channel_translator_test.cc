// Exec between a WebSocket client and a SPDY runtime, both played here, over pipes in memory.
#include "kubelet/streaming/channel_translator.h"

#include "base/scope.h"
#include "http/testing/pipe.h"
#include "kubelet/streaming/channel_reader.h"
#include "kubelet/streaming/protocol.h"

namespace xebec::kubelet {
namespace {

namespace websocket = http::websocket;
namespace spdy = http::spdy;
using StreamPtr = std::shared_ptr<spdy::Stream>;
using testing::receive;
using testing::Seen;

// How the runtime behaves: echoes its input, then ends with a status, without one, or never.
enum class End { kStatus, kBroken, kNever };

struct Runtime {
  Runtime(std::unique_ptr<http::ByteStream> stream, End end)
      : session(std::move(stream), spdy::Role::kServer), end(end) {}
  spdy::Session session;
  const End end;
  std::map<std::string, StreamPtr, std::less<>> streams;
  std::vector<std::string> order;
  std::string resizes;
  bool over = false;
};

Task<void> echo(Runtime* runtime) {
  std::string buffer(10000, '\0');
  StreamPtr in = runtime->streams["stdin"], out = runtime->streams["stdout"];
  for (;;) {
    Result<size_t> count = co_await in->read(buffer);
    if (!count || *count == 0) break;
    std::string_view bytes = std::string_view(buffer).substr(0, *count);
    Result<void> written = co_await out->write(bytes);
    if (!written) break;
  }
  if (runtime->end == End::kNever) co_return;
  std::string status = R"({"status":"Success"})";
  if (runtime->end == End::kStatus) (void)co_await runtime->streams["error"]->write(status);
  // As the real one: every stream is reset, then the connection goes.
  for (auto& [name, stream] : runtime->streams) (void)co_await stream->reset(spdy::kCancel);
  runtime->session.close();
}

Task<void> read_resizes(Runtime* runtime) {
  std::string buffer(1000, '\0');
  StreamPtr stream = runtime->streams["resize"];
  for (;;) {
    Result<size_t> count = co_await stream->read(buffer);
    if (!count || *count == 0) co_return;
    runtime->resizes.append(buffer, 0, *count);
  }
}

Task<void> serve(Runtime* runtime, size_t expected, Scope* scope) {
  while (runtime->streams.size() < expected) {
    std::optional<StreamPtr> stream = co_await runtime->session.accept();
    if (!stream) co_return;
    std::string type((*stream)->headers().get("streamtype"));
    runtime->order.push_back(type);
    runtime->streams[type] = *stream;
    http::Headers none;
    (void)co_await (*stream)->reply(std::move(none));
  }
  scope->spawn(echo(runtime));
  if (runtime->streams.contains("resize")) scope->spawn(read_resizes(runtime));
}

Task<void> run_runtime(Runtime* runtime) {
  (void)co_await runtime->session.run();
  runtime->over = true;
}

Task<void> translate(websocket::Socket& socket, spdy::Session& session, TranslatorOptions options,
                     CancelToken cancel, bool* done) {
  co_await translate_channels(socket, session, std::move(options), std::move(cancel));
  *done = true;
}

// What the client does.
struct Script {
  std::string input;
  std::string resize;
  bool base64 = false;
  bool leave = false;   // instead of ending its input
  bool cancel = false;  // the server is told to stop
  End end = End::kStatus;
};

struct Played {
  Seen seen;
  std::vector<std::string> order;
  std::string resizes;
  bool runtime_over = false, translation_over = false;
};

Task<Result<void>> say(websocket::Socket& socket, uint8_t channel, std::string data, bool base64) {
  websocket::Message message = encode_channel(channel, data, base64);
  co_return co_await socket.send(message.kind, std::move(message.data));
}

Task<void> act(websocket::Socket& socket, Script script, CancelSource* source) {
  if (!script.resize.empty()) (void)co_await say(socket, kResizeChannel, script.resize, script.base64);
  for (size_t at = 0; at < script.input.size(); at += 30000) {
    (void)co_await say(socket, kStdinChannel, script.input.substr(at, 30000), script.base64);
  }
  if (script.cancel) {
    source->cancel();
  } else if (script.leave) {
    socket.abort();
  } else {
    std::string stdin_(1, static_cast<char>(kStdinChannel));
    (void)co_await say(socket, kCloseChannel, std::move(stdin_), script.base64);
  }
}

Task<Played> play(Script script) {
  auto rng = make_seeded_rng(1);
  auto [client_end, front] = http::test::make_pipe(SIZE_MAX, 100'000);
  auto [back, runtime_end] = http::test::make_pipe(SIZE_MAX, 100'000);
  websocket::Socket client(std::move(client_end), websocket::Role::kClient, *rng);
  websocket::Socket socket(std::move(front), websocket::Role::kServer, *rng);
  spdy::Session session(std::move(back), spdy::Role::kClient);
  Runtime runtime(std::move(runtime_end), script.end);
  TranslatorOptions options;
  options.base64 = script.base64;
  options.streams.stdin_ = options.streams.stdout_ = true;
  options.streams.tty = !script.resize.empty();
  options.streams.stderr_ = script.resize.empty();
  Scope scope(*Executor::current());
  CancelSource source;
  Played played;
  scope.spawn(run_runtime(&runtime));
  scope.spawn(serve(&runtime, 4, &scope));
  scope.spawn(translate(socket, session, std::move(options), source.token(), &played.translation_over));
  scope.spawn(receive(client, script.base64, &played.seen));
  scope.spawn(act(client, std::move(script), &source));
  co_await scope.join();
  played.order = runtime.order;
  played.resizes = runtime.resizes;
  played.runtime_over = runtime.over;
  co_return played;
}

TEST(ChannelTranslator, BytesGoBothWaysAndTheStatusComesLast) {
  Script script;
  script.input = std::string(2'000'000, 'x');
  Played played = block_on(play(script));
  EXPECT_EQ(played.seen.channels[kStdoutChannel], script.input);
  EXPECT_EQ(played.seen.channels[kErrorChannel], R"({"status":"Success"})");
  EXPECT_EQ(played.seen.close_code, websocket::kNormalClosure);
  EXPECT_THAT(played.order, ::testing::ElementsAre("error", "stdin", "stdout", "stderr"));
  EXPECT_TRUE(played.runtime_over);
}

TEST(ChannelTranslator, ATerminalHasSizesAndNoStderr) {
  Script script;
  script.resize = R"({"Width":80,"Height":24})";
  script.input = "ls\n";
  Played played = block_on(play(script));
  EXPECT_EQ(played.resizes, script.resize);
  EXPECT_EQ(played.seen.channels[kStdoutChannel], "ls\n");
  EXPECT_THAT(played.order, ::testing::ElementsAre("error", "stdin", "stdout", "resize"));
}

TEST(ChannelTranslator, ALostRuntimeIsNoSuccess) {
  Script script;
  script.end = End::kBroken;
  Played played = block_on(play(script));
  EXPECT_EQ(played.seen.close_code, websocket::kInternalError);
}

TEST(ChannelTranslator, AClientThatLeavesEndsTheRuntimesSession) {
  Script script;
  script.end = End::kNever;
  script.leave = true;
  script.input = "some";
  Played played = block_on(play(script));
  EXPECT_TRUE(played.runtime_over);
  EXPECT_TRUE(played.translation_over);
}

TEST(ChannelTranslator, CancellationEndsBothSides) {
  Script script;
  script.end = End::kNever;
  script.cancel = true;
  Played played = block_on(play(script));
  EXPECT_TRUE(played.runtime_over);
  EXPECT_TRUE(played.translation_over);
}

TEST(Channels, Base64MessagesAreText) {
  websocket::Message message = encode_channel(kStdoutChannel, "hi", true);
  EXPECT_EQ(message.kind, websocket::Kind::kText);
  EXPECT_EQ(message.data, "1aGk=");
  Result<ChannelMessage> decoded = decode_channel(message, true);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->channel, kStdoutChannel);
  EXPECT_EQ(decoded->data, "hi");
  message.data = "1!";
  EXPECT_FALSE(decode_channel(message, true));
  message.data.clear();
  EXPECT_FALSE(decode_channel(message, false));
}

http::Request spdy_request(std::vector<std::string> protocols) {
  http::Request request;
  request.method = "POST";
  request.headers.add("Connection", "Upgrade");
  request.headers.add("Upgrade", "SPDY/3.1");
  for (const std::string& protocol : protocols) request.headers.add("X-Stream-Protocol-Version", protocol);
  return request;
}

http::Request websocket_request(std::string protocols) {
  http::Request request;
  request.method = "GET";
  request.headers.add("Connection", "keep-alive, Upgrade");
  request.headers.add("Upgrade", "websocket");
  if (!protocols.empty()) request.headers.add("Sec-WebSocket-Protocol", protocols);
  return request;
}

TEST(Protocols, TheClientsFirstKnownOneIsChosen) {
  auto spdy =
      negotiate_remote_command(spdy_request({"v9.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io"}));
  EXPECT_EQ(spdy->client, "v4.channel.k8s.io");
  EXPECT_EQ(spdy->runtime, "v4.channel.k8s.io");
  EXPECT_EQ(spdy->carrier, Carrier::kSpdy);
  auto v5 = negotiate_remote_command(websocket_request("v5.channel.k8s.io, v4.channel.k8s.io"));
  EXPECT_EQ(v5->client, "v5.channel.k8s.io");
  EXPECT_EQ(v5->runtime, "v4.channel.k8s.io");
  auto base64 = negotiate_remote_command(websocket_request("base64.channel.k8s.io"));
  EXPECT_TRUE(base64->base64);
  EXPECT_FALSE(base64->has_status());
  auto tunnel = negotiate_port_forward(websocket_request("SPDY/3.1+portforward.k8s.io"));
  EXPECT_EQ(tunnel->carrier, Carrier::kTunnel);
  EXPECT_EQ(tunnel->runtime, "portforward.k8s.io");
  for (std::string name : {"", "v4.channel.k8s.io", "v4.base64.channel.k8s.io"}) {
    auto channels = negotiate_port_forward(websocket_request(name));
    ASSERT_TRUE(channels);
    EXPECT_EQ(channels->carrier, Carrier::kChannels);
    EXPECT_EQ(channels->runtime, "portforward.k8s.io");
    EXPECT_EQ(channels->base64, name.find("base64") != name.npos);
  }
}

TEST(Protocols, WithoutACommonOneTheUpgradeIsForbidden) {
  auto refused = negotiate_remote_command(spdy_request({"v9.channel.k8s.io"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 403);
  EXPECT_EQ(negotiate_remote_command(websocket_request("v9.channel.k8s.io")).error().code, 403);
  EXPECT_EQ(negotiate_port_forward(websocket_request("v5.channel.k8s.io")).error().code, 403);
  EXPECT_EQ(negotiate_remote_command(http::Request()).error().code, 400);
}

}  // namespace
}  // namespace xebec::kubelet
