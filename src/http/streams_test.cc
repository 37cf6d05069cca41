// WebSocket and SPDY, both roles against each other, over pipes in memory and over a real server.
#include <gtest/gtest.h>

#include "base/scope.h"
#include "http/spdy.h"
#include "http/spdy_frame.h"
#include "http/testing/pipe.h"
#include "http/testing/support.h"
#include "http/websocket.h"
#include "http/websocket_frame.h"

namespace xebec::http::test {
namespace {

// --- WebSocket ---

Task<void> websocket_echo(websocket::Socket& socket, int& messages) {
  for (;;) {
    Result<std::optional<websocket::Message>> got = co_await socket.receive();
    if (!got || !*got) co_return;
    ++messages;
    EXPECT_TRUE(co_await socket.send((*got)->kind, std::move((*got)->data)));
  }
}

Task<void> websocket_round_trip(size_t most) {
  auto rng = make_seeded_rng(1);
  auto [near, far] = make_pipe(most);
  websocket::Socket client(std::move(near), websocket::Role::kClient, *rng);
  websocket::Socket server(std::move(far), websocket::Role::kServer, *rng);
  Scope scope(*Executor::current());
  int messages = 0;
  scope.spawn(websocket_echo(server, messages));
  EXPECT_TRUE(co_await client.ping("are you there"));
  std::vector<std::string> sizes = {"",
                                    "x",
                                    std::string(125, 'a'),
                                    std::string(126, 'b'),
                                    std::string(65535, 'c'),
                                    std::string(65536, 'd'),
                                    std::string(200000, 'e')};
  for (const std::string& data : sizes) {
    EXPECT_TRUE(co_await client.send(websocket::Kind::kBinary, data));
    auto got = co_await client.receive();
    EXPECT_TRUE(got && *got && (*got)->data == data && (*got)->kind == websocket::Kind::kBinary);
  }
  EXPECT_TRUE(co_await client.close(websocket::kNormalClosure, "done"));
  auto end = co_await client.receive();
  EXPECT_TRUE(end && !*end);
  EXPECT_EQ(client.close_code(), websocket::kNormalClosure);
  EXPECT_FALSE(co_await client.send(websocket::Kind::kText, "late"));
  co_await scope.join();
  EXPECT_EQ(messages, 7);
  EXPECT_EQ(server.close_code(), websocket::kNormalClosure);
  EXPECT_EQ(server.close_reason(), "done");
}

TEST(WebSocket, MessagesGoBothWays) {
  block_on(websocket_round_trip(1 << 20));
  block_on(websocket_round_trip(777));
}

websocket::Event decode(std::string_view bytes, bool server = true, size_t limit = 1000) {
  websocket::Decoder decoder(server, limit);
  decoder.feed(bytes);
  return decoder.next();
}

TEST(WebSocket, FramesThatBreakTheRulesAreErrors) {
  using namespace websocket;
  auto code = [](const Event& event) { return event.what == Event::kError ? event.code : 0; };
  EXPECT_EQ(code(decode(encode_frame(Opcode::kText, "x", std::nullopt))), kProtocolError);  // not masked
  EXPECT_EQ(code(decode(encode_frame(Opcode::kText, "x", 7), false)), kProtocolError);      // masked
  EXPECT_EQ(code(decode(encode_frame(Opcode::kContinuation, "x", 7))), kProtocolError);     // of nothing
  EXPECT_EQ(code(decode(encode_frame(Opcode::kText, "\xff", 7))), kInvalidData);
  EXPECT_EQ(code(decode(encode_frame(Opcode::kText, "\xed\xa0\x80", 7))), kInvalidData);  // a surrogate
  EXPECT_EQ(code(decode(encode_frame(Opcode::kBinary, std::string(1001, 'x'), 7))), kMessageTooBig);
  EXPECT_EQ(code(decode(encode_frame(Opcode::kPing, std::string(126, 'x'), 7))), kProtocolError);
  EXPECT_EQ(code(decode(encode_frame(Opcode::kClose, "\x03", 7))), kProtocolError);
  EXPECT_EQ(code(decode(encode_frame(Opcode::kClose, "\x03\xed", 7))), kProtocolError);  // 1005
  EXPECT_EQ(code(decode(std::string("\xc2\x80\0\0\0\0", 6))), kProtocolError);           // reserved bit
  EXPECT_EQ(decode(encode_frame(Opcode::kText, "h\xc3\xa9\xf0\x9f\x98\x80", 7)).what, Event::kMessage);
}

TEST(WebSocket, FragmentsMakeOneMessageWithControlsBetween) {
  using namespace websocket;
  std::string first = encode_frame(Opcode::kText, "one ", std::nullopt);
  first[0] = static_cast<char>(first[0] & 0x7f);
  Decoder decoder(false, 1000);
  decoder.feed(first + encode_frame(Opcode::kPing, "p", std::nullopt) +
               encode_frame(Opcode::kContinuation, "two", std::nullopt));
  EXPECT_EQ(decoder.next().what, Event::kPing);
  EXPECT_EQ(decoder.next().data, "one two");
  EXPECT_EQ(decoder.next().what, Event::kMore);
}

TEST(WebSocket, HandshakesFollowTheRfc) {
  EXPECT_EQ(websocket::accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  auto rng = make_seeded_rng(2);
  Request request = get("/");
  std::vector<std::string_view> offered = {"v5.channel.k8s.io", "v4.channel.k8s.io"};
  std::string key = websocket::prepare(request, offered, *rng);
  EXPECT_TRUE(websocket::is_upgrade(request));
  std::vector<std::string_view> supported = {"v4.channel.k8s.io", "v5.channel.k8s.io"};
  EXPECT_EQ(websocket::choose_protocol(request, supported), "v5.channel.k8s.io");
  auto response = websocket::accept(request, "v5.channel.k8s.io", nullptr);
  ASSERT_TRUE(response);
  EXPECT_EQ(*websocket::check(response->headers, key), "v5.channel.k8s.io");
  EXPECT_FALSE(websocket::check(response->headers, "another key"));
  request.headers.set("Sec-WebSocket-Version", "8");
  EXPECT_FALSE(websocket::accept(request, "", nullptr));
  EXPECT_FALSE(websocket::accept(get("/"), "", nullptr));
}

// --- SPDY ---

Headers fields(std::string_view name, std::string_view value) {
  Headers headers;
  headers.add(name, value);
  return headers;
}

Task<void> run_session(spdy::Session& session) { (void)co_await session.run(); }

// Replies to every stream and echoes it; "refuse" streams are reset.
Task<void> spdy_echo_stream(std::shared_ptr<spdy::Stream> stream) {
  if (stream->headers().get("streamtype") == "refuse") {
    EXPECT_TRUE(co_await stream->reset(spdy::kRefusedStream));
    co_return;
  }
  EXPECT_TRUE(co_await stream->reply(fields("Echoes", stream->headers().get("streamtype"))));
  std::string buffer(10000, '\0');
  for (;;) {
    Result<size_t> count = co_await stream->read(buffer);
    if (!count || *count == 0) break;
    Result<void> written = co_await stream->write(std::string_view(buffer).substr(0, *count));
    if (!written) co_return;
  }
  (void)co_await stream->shutdown_write();
}

Task<void> spdy_echo(spdy::Session& session, Scope& scope) {
  for (;;) {
    auto stream = co_await session.accept();
    if (!stream) co_return;
    scope.spawn(spdy_echo_stream(*stream));
  }
}

Task<void> write_all(spdy::Stream& stream, const std::string& bytes) {
  EXPECT_TRUE(co_await stream.write(bytes));
  EXPECT_TRUE(co_await stream.shutdown_write());
}

Task<Result<std::string>> read_all(ByteStream& stream) {
  std::string all;
  std::string buffer(7000, '\0');
  for (;;) {
    CO_TRY(size_t count, co_await stream.read(buffer));
    if (count == 0) co_return all;
    all.append(buffer, 0, count);
  }
}

Task<void> spdy_round_trip(bool flow_control, size_t most, bool swapped) {
  spdy::Options options;
  options.flow_control = flow_control;
  auto [near, far] = make_pipe(most);
  // Either role may open streams.
  spdy::Session a(std::move(near), swapped ? spdy::Role::kServer : spdy::Role::kClient, options);
  spdy::Session b(std::move(far), swapped ? spdy::Role::kClient : spdy::Role::kServer, options);
  Scope scope(*Executor::current());
  scope.spawn(run_session(a));
  scope.spawn(run_session(b));
  scope.spawn(spdy_echo(b, scope));
  EXPECT_TRUE(co_await a.ping());
  Headers headers = fields("StreamType", "data");
  headers.add("Port", "80");
  headers.add("many", "1");
  headers.add("many", "2");
  std::vector<std::shared_ptr<spdy::Stream>> streams;
  std::vector<std::string> sent;
  for (int i = 0; i < 3; ++i) {
    auto stream = co_await a.open(headers);
    EXPECT_TRUE(stream);
    auto reply = co_await (*stream)->replied();
    EXPECT_TRUE(reply && reply->get("echoes") == "data");
    streams.push_back(*stream);
    sent.push_back(std::string(300000 + static_cast<size_t>(i), static_cast<char>('a' + i)));
  }
  for (size_t i = 0; i < 3; ++i) scope.spawn(write_all(*streams[i], sent[i]));
  for (size_t i = 0; i < 3; ++i) {
    auto got = co_await read_all(*streams[i]);
    EXPECT_TRUE(got && *got == sent[i]);
  }
  Headers refuse = fields("streamtype", "refuse");
  auto refused = co_await a.open(refuse);
  EXPECT_FALSE(co_await (*refused)->replied());
  // Closing resets the stream at the other end, which then ends its echo.
  auto closing = co_await a.open(headers);
  EXPECT_TRUE(co_await (*closing)->replied());
  (*closing)->close();
  EXPECT_TRUE(co_await a.ping());
  EXPECT_TRUE(co_await a.go_away());
  a.close();
  co_await scope.join();
  EXPECT_FALSE(co_await a.open(headers));
}

TEST(Spdy, StreamsGoBothWays) {
  for (bool flow_control : {false, true}) {
    for (bool swapped : {false, true}) {
      block_on(spdy_round_trip(flow_control, 1 << 20, swapped));
      block_on(spdy_round_trip(flow_control, 1000, swapped));
    }
  }
}

TEST(Spdy, HeaderNamesAreLowerCaseAndValuesKeptApart) {
  Headers headers = fields("X-Stream", "v");
  headers.add("many", "1");
  headers.add("MANY", "2");
  spdy::Deflater deflater;
  spdy::Inflater inflater;
  for (int i = 0; i < 3; ++i) {
    auto got = inflater.decompress(deflater.compress(headers));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->begin()->first, "x-stream");
    EXPECT_EQ(got->all("many").size(), 2u);
  }
  EXPECT_FALSE(inflater.decompress("nonsense"));
}

TEST(Spdy, MalformedFramesEndTheConnection) {
  auto broken = [](std::string bytes) {
    spdy::Decoder decoder;
    decoder.feed(bytes);
    return !decoder.next().has_value();
  };
  EXPECT_TRUE(broken(std::string("\x80\x02\0\x01\0\0\0\0", 8)));        // version 2
  EXPECT_TRUE(broken(std::string("\x80\x03\0\x01\0\xff\xff\xff", 8)));  // 16 MB of header
  EXPECT_TRUE(broken(std::string("\x80\x03\0\x03\0\0\0\x01x", 9)));     // a short RST_STREAM
  EXPECT_FALSE(broken(std::string("\x80\x03\0\x63\0\0\0\0", 8)));       // unknown, ignored
}

TEST(Spdy, TheDictionaryIsTheSpecifications) { EXPECT_EQ(spdy::dictionary().size(), 1423u); }

// --- over a server ---

class SpdyUpgrade final : public Upgrade {
 public:
  Task<void> run(Context context, std::unique_ptr<ByteStream> stream) override {
    spdy::Session session(std::move(stream), spdy::Role::kServer);
    Scope scope(*Executor::current());
    scope.spawn(spdy_echo(session, scope));
    (void)co_await session.run();
    co_await scope.join();
  }
};

class WebSocketUpgrade final : public Upgrade {
 public:
  Task<void> run(Context context, std::unique_ptr<ByteStream> stream) override {
    auto rng = make_seeded_rng(3);
    websocket::Socket socket(std::move(stream), websocket::Role::kServer, *rng);
    int messages = 0;
    co_await websocket_echo(socket, messages);
  }
};

class UpgradeHandler final : public Handler {
 public:
  Task<Response> handle(Context context, Request request) override {
    Result<Response> response =
        spdy::is_upgrade(request) ? spdy::accept(request, std::make_unique<SpdyUpgrade>())
                                  : websocket::accept(request, "echo", std::make_unique<WebSocketUpgrade>());
    co_return std::move(*response);
  }
};

Task<void> upgrade_to_both(Client& client) {
  Context context;
  Headers answered;
  Request request = post("/", "");
  request.headers.add("Connection", "Upgrade");
  request.headers.add("Upgrade", "SPDY/3.1");
  auto stream = co_await client.upgrade(context, std::move(request), answered);
  EXPECT_TRUE(stream) << stream.error().message;
  if (!stream) co_return;
  {
    spdy::Session session(std::move(*stream), spdy::Role::kClient);
    Scope scope(*Executor::current());
    scope.spawn(run_session(session));
    Headers headers = fields("streamtype", "stdin");
    auto opened = co_await session.open(headers);
    std::string sent(2000000, 's');
    scope.spawn(write_all(**opened, sent));
    auto got = co_await read_all(**opened);
    EXPECT_TRUE(got && *got == sent);
    session.close();
    co_await scope.join();
  }
  auto rng = make_seeded_rng(4);
  Request hello = get("/");
  std::string key = websocket::prepare(hello, {}, *rng);
  stream = co_await client.upgrade(context, std::move(hello), answered);
  EXPECT_TRUE(stream && websocket::check(answered, key) == "echo");
  websocket::Socket socket(std::move(*stream), websocket::Role::kClient, *rng);
  std::string sent(1000000, 'w');
  EXPECT_TRUE(co_await socket.send(websocket::Kind::kBinary, sent));
  auto got = co_await socket.receive();
  EXPECT_TRUE(got && *got && (*got)->data == sent);
  EXPECT_TRUE(co_await socket.close(websocket::kNormalClosure, ""));
  auto end = co_await socket.receive();
  EXPECT_TRUE(end && !*end);
}

TEST(Upgrades, SpdyAndWebSocketRunOverAServer) {
  IoPool pool(2);
  UpgradeHandler handler;
  ServerOptions options;
  auto server = Server::listen(pool, options, handler);
  ASSERT_TRUE(server);
  ClientOptions client_options;
  client_options.url = "http://127.0.0.1:" + std::to_string((*server)->port());
  auto client = make_client(pool, client_options);
  block_on(upgrade_to_both(**client));
}

}  // namespace
}  // namespace xebec::http::test
