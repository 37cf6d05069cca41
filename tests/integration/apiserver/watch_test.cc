// Watches over real sockets: HTTP/1.1, HTTP/2 and WebSockets; and readers that stop reading.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "asking.h"
#include "base/sync.h"
#include "cluster.h"
#include "codec/cbor/cbor.h"
#include "codec/json.h"
#include "http/websocket.h"

namespace xebec::integration {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
namespace websocket = http::websocket;

constexpr size_t kBig = 100 << 10;

class Watches : public testing::Test {
 protected:
  static void SetUpTestSuite() { cluster = new Cluster(); }
  static void TearDownTestSuite() {
    delete cluster;
    cluster = nullptr;
  }
  void TearDown() override {
    auto client = cluster->client();
    block_on(ask(*client, "DELETE", kMaps));
  }
  static Cluster* cluster;
};
Cluster* Watches::cluster = nullptr;

Task<std::string> version_now(http::Client& client) {
  Reply list = co_await ask(client, "GET", kMaps + "?limit=1");
  co_return at(list.json(), {"metadata", "resourceVersion"});
}

// --- HTTP/1.1 and HTTP/2 ---

class WatchesOver : public Watches, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Http, WatchesOver, testing::Values(true, false),
                         [](const auto& info) { return info.param ? "Http1" : "Http2"; });

Task<std::vector<std::string>> shown(http::Client& client, std::string target) {
  std::vector<std::string> out;
  Context context;
  http::Request sent = request("GET", target);
  Result<http::Response> response = co_await client.send(context, std::move(sent));
  EXPECT_TRUE(response) << response.error().message;
  if (!response) co_return out;
  EXPECT_EQ(response->status, 200) << target;
  Lines lines(std::move(*response));
  for (;;) {
    std::optional<std::string> line = co_await lines.next();
    if (!line) break;
    const codec::Value event = *codec::parse_json(*line);
    out.push_back(at(event, {"type"}) + " " + at(event, {"object", "metadata", "name"}) +
                  at(event, {"object", "reason"}));
  }
  co_return out;
}

Task<void> watch_of_every_kind(http::Client& client) {
  const std::string since = co_await version_now(client);
  for (const std::string name : {"a", "b"}) {
    Reply made = co_await ask(client, "POST", kMaps, map_body(name));
    EXPECT_EQ(made.status, 201);
  }
  const std::string end = "timeoutSeconds=1&resourceVersion=" + since;
  std::vector<std::string> all = co_await shown(client, kMaps + "?watch=1&" + end);
  EXPECT_THAT(all, ElementsAre("ADDED a(absent)", "ADDED b(absent)"));
  all = co_await shown(client, "/api/v1/watch/namespaces/default/configmaps/b?" + end);
  EXPECT_THAT(all, ElementsAre("ADDED b(absent)"));
  all = co_await shown(client, "/api/v1/configmaps?watch=1&" + end);
  EXPECT_THAT(all, testing::Contains("ADDED b(absent)"));
  all = co_await shown(client, kMaps +
                                   "?watch=1&timeoutSeconds=1&sendInitialEvents=true&allowWatchBookmarks=true"
                                   "&resourceVersionMatch=NotOlderThan");
  EXPECT_GE(all.size(), 3u);
  EXPECT_THAT(all, testing::Contains("BOOKMARK (absent)(absent)"));
}

TEST_P(WatchesOver, AreOfOneObjectOfANamespaceAndOfAll) {
  auto client = cluster->client(GetParam());
  block_on(watch_of_every_kind(*client));
}

Task<void> expired(http::Client& client, std::string old, std::string token) {
  Reply exact = co_await ask(client, "GET", kMaps + "?resourceVersionMatch=Exact&resourceVersion=" + old);
  EXPECT_EQ(exact.status, 410);
  EXPECT_EQ(at(exact.json(), {"reason"}), "Expired");
  Reply page = co_await ask(client, "GET", kMaps + "?limit=1&continue=" + token);
  EXPECT_EQ(page.status, 410);
  const std::string inconsistent = at(page.json(), {"metadata", "continue"});
  Reply rest = co_await ask(client, "GET", kMaps + "?limit=1&continue=" + inconsistent);
  EXPECT_EQ(rest.status, 200) << rest.text;
  std::vector<std::string> events = co_await shown(client, kMaps + "?watch=1&resourceVersion=" + old);
  EXPECT_THAT(events, ElementsAre("ERROR (absent)Expired"));
}

TEST_P(WatchesOver, ExpireWithWhatIsCompactedAway) {
  auto client = cluster->client(GetParam());
  const std::string old = block_on(version_now(*client));
  for (const std::string name : {"a", "b", "c"})
    ASSERT_EQ(block_on(ask(*client, "POST", kMaps, map_body(name))).status, 201);
  const codec::Value page = block_on(ask(*client, "GET", kMaps + "?limit=1")).json();
  ASSERT_EQ(block_on(ask(*client, "DELETE", kMaps + "/c")).status, 200);
  ASSERT_TRUE(block_on(cluster->store().compact(cluster->store().current_revision())));
  cluster->restart();
  client = cluster->client(GetParam());
  block_on(expired(*client, old, at(page, {"metadata", "continue"})));
}

// --- WebSockets ---

struct Dialled {
  std::unique_ptr<websocket::Socket> socket;
  std::string protocol;
  int refused = 0;
};

Task<Dialled> dial(http::Client& client, Rng& rng, std::string target, std::string accept = "",
                   std::string protocol = "", std::string origin = "http://localhost") {
  Dialled out;
  http::Request sent = request("GET", target, accept);
  std::vector<std::string_view> protocols;
  if (!protocol.empty()) protocols.push_back(protocol);
  std::string key = websocket::prepare(sent, protocols, rng);
  if (!origin.empty()) sent.headers.add("Origin", origin);
  http::Headers answered;
  Context context;
  Result<std::unique_ptr<http::ByteStream>> stream =
      co_await client.upgrade(context, std::move(sent), answered);
  if (!stream) {
    out.refused = stream.error().code;
    co_return out;
  }
  Result<std::string> chosen = websocket::check(answered, key);
  EXPECT_TRUE(chosen);
  if (chosen) out.protocol = *chosen;
  out.socket = std::make_unique<websocket::Socket>(std::move(*stream), websocket::Role::kClient, rng);
  co_return out;
}

// The next message; nothing at the end.
Task<std::optional<websocket::Message>> message(websocket::Socket& socket) {
  Result<std::optional<websocket::Message>> got = co_await socket.receive();
  EXPECT_TRUE(got) << got.error().message;
  if (!got) co_return std::optional<websocket::Message>();
  co_return std::move(*got);
}

// "TYPE name" of a message of JSON.
Task<std::string> event(websocket::Socket& socket) {
  std::optional<websocket::Message> got = co_await message(socket);
  if (!got) co_return std::string("(end)");
  EXPECT_EQ(got->kind, websocket::Kind::kText);
  const codec::Value value = *codec::parse_json(got->data);
  co_return at(value, {"type"}) + " " + at(value, {"object", "metadata", "name"});
}

class WebSocketWatches : public Watches {
 protected:
  std::unique_ptr<Rng> rng_ = make_system_rng();
};

Task<void> one_event_a_message(http::Client& client, Rng& rng) {
  const std::string since = co_await version_now(client);
  Dialled watch =
      co_await dial(client, rng, kMaps + "?watch=1&resourceVersion=" + since, "", "binary.k8s.io");
  EXPECT_TRUE(watch.socket);
  if (!watch.socket) co_return;
  EXPECT_EQ(watch.protocol, "binary.k8s.io");
  Reply made = co_await ask(client, "POST", kMaps, map_body("a"));
  EXPECT_EQ(made.status, 201);
  std::string seen = co_await event(*watch.socket);
  EXPECT_EQ(seen, "ADDED a");
  // What the client says does not matter.
  std::string noise = "hello", ping = "there?";
  (void)co_await watch.socket->send(websocket::Kind::kText, std::move(noise));
  (void)co_await watch.socket->ping(std::move(ping));
  made = co_await ask(client, "PATCH", kMaps + "/a", R"({"data":{"k":"w"}})");
  seen = co_await event(*watch.socket);
  EXPECT_EQ(seen, "MODIFIED a");
  made = co_await ask(client, "DELETE", kMaps + "/a");
  seen = co_await event(*watch.socket);
  EXPECT_EQ(seen, "DELETED a");
  std::string bye = "bye";
  Result<void> closed = co_await watch.socket->close(websocket::kNormalClosure, std::move(bye));
  EXPECT_TRUE(closed);
  std::optional<websocket::Message> end = co_await message(*watch.socket);
  EXPECT_FALSE(end);
}

TEST_F(WebSocketWatches, SendOneEventAMessage) {
  auto client = cluster->client(true);
  block_on(one_event_a_message(*client, *rng_));
}

Task<void> binary_forms(http::Client& client, Rng& rng) {
  Reply made = co_await ask(client, "POST", kMaps, map_body("a"));
  EXPECT_EQ(made.status, 201);
  const std::string target = "/api/v1/watch/namespaces/default/configmaps/a";
  Dialled protobuf = co_await dial(client, rng, target, "application/vnd.kubernetes.protobuf");
  EXPECT_TRUE(protobuf.socket);
  if (!protobuf.socket) co_return;
  std::optional<websocket::Message> got = co_await message(*protobuf.socket);
  EXPECT_TRUE(got);
  if (!got) co_return;
  EXPECT_EQ(got->kind, websocket::Kind::kBinary);
  // A WatchEvent, with nothing before it.
  EXPECT_THAT(got->data, StartsWith("\x0a\x05"
                                    "ADDED\x12"));
  Dialled cbor = co_await dial(client, rng, target, "application/cbor");
  EXPECT_TRUE(cbor.socket);
  if (!cbor.socket) co_return;
  got = co_await message(*cbor.socket);
  EXPECT_TRUE(got);
  if (!got) co_return;
  EXPECT_EQ(got->kind, websocket::Kind::kBinary);
  Result<codec::Value> value = codec::parse_cbor(got->data);
  EXPECT_TRUE(value);
  EXPECT_EQ(at(value ? *value : codec::Value(), {"object", "metadata", "name"}), "a");
}

TEST_F(WebSocketWatches, OfProtobufAndCborAreBinary) {
  auto client = cluster->client(true);
  block_on(binary_forms(*client, *rng_));
}

Task<void> ends(http::Client& client, Rng& rng) {
  Reply made = co_await ask(client, "POST", kMaps, map_body("a"));
  Dialled watch = co_await dial(
      client, rng, "/api/v1/configmaps?watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Da");
  EXPECT_TRUE(watch.socket);
  if (!watch.socket) co_return;
  std::string seen = co_await event(*watch.socket);
  EXPECT_EQ(seen, "ADDED a");
  seen = co_await event(*watch.socket);
  EXPECT_EQ(seen, "(end)");
  EXPECT_EQ(watch.socket->close_code(), websocket::kNormalClosure);
  // One that cannot begin says why, and ends.
  Dialled late = co_await dial(
      client, rng,
      kMaps + "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=99999999");
  EXPECT_TRUE(late.socket);
  if (!late.socket) co_return;
  std::optional<websocket::Message> got = co_await message(*late.socket);
  EXPECT_TRUE(got);
  EXPECT_THAT(got ? got->data : std::string(), HasSubstr(R"("type":"ERROR")"));
  got = co_await message(*late.socket);
  EXPECT_FALSE(got);
  Dialled refused = co_await dial(client, rng, kMaps + "?watch=1", "", "", "");
  EXPECT_EQ(refused.refused, 403);
  refused = co_await dial(client, rng, kMaps + "?watch=1&resourceVersion=abc");
  EXPECT_EQ(refused.refused, 400);
}

TEST_F(WebSocketWatches, EndWithTheirTimeOrTheirError) {
  auto client = cluster->client(true);
  block_on(ends(*client, *rng_));
}

// --- readers that stop ---

Task<void> count_events(http::Client& client, std::string target, int wanted, int& seen) {
  Context context;
  http::Request sent = request("GET", target);
  Result<http::Response> response = co_await client.send(context, std::move(sent));
  EXPECT_TRUE(response);
  if (!response) co_return;
  Lines lines(std::move(*response));
  while (seen < wanted) {
    std::optional<std::string> line = co_await lines.next();
    if (!line) co_return;
    ++seen;
  }
}

// A watch that is opened and not read while far more happens than buffers hold; then what was sent is read.
Task<void> stop_reading(Cluster& cluster, bool http1) {
  constexpr int kUpdates = 300;
  auto slow_client = cluster.client(http1), fast_client = cluster.client(http1), writer = cluster.client();
  const std::string since = co_await version_now(*writer);
  const std::string target = kMaps + "?watch=1&resourceVersion=" + since;
  Context context;
  http::Request sent = request("GET", target);
  Result<http::Response> slow = co_await slow_client->send(context, std::move(sent));
  EXPECT_TRUE(slow);
  if (!slow) co_return;
  Scope scope(*Executor::current());
  int seen = 0;
  scope.spawn(count_events(*fast_client, target, kUpdates, seen));
  const size_t before = resident_bytes();
  for (int i = 0; i < kUpdates; ++i) {
    std::string method = i == 0 ? "POST" : "PATCH";
    std::string where = i == 0 ? kMaps : kMaps + "/big";
    std::string body = map_body("big", fmt::format("{}{}", i, std::string(kBig, 'x')));
    Reply written = co_await ask(*writer, std::move(method), std::move(where), std::move(body));
    EXPECT_LT(written.status, 300) << written.text;
  }
  co_await scope.join();
  EXPECT_EQ(seen, kUpdates);
  // 30 MB were written; the history that is kept and what is on its way are bounded.
  EXPECT_LT(resident_bytes(), before + may_take(120 << 20));
  // The server gives up on it, ten times faster than it is waited for. Reading again meets the end of what
  // was on its way, and no word about it.
  bool slept = co_await sleep_for(std::chrono::seconds(10));
  EXPECT_TRUE(slept);
  Lines lines(std::move(*slow));
  int got = 0;
  for (;;) {
    std::optional<std::string> line = co_await lines.next();
    if (!line) break;
    ++got;
  }
  EXPECT_LT(got, kUpdates);
  EXPECT_TRUE(lines.broken());
}

TEST(WatchesThatNobodyReads, AreCutOffAndSlowNobody) {
  http::ServerLimits limits;
  limits.stalled_timeout = std::chrono::seconds(1);
  limits.tick = std::chrono::milliseconds(100);
  Cluster cluster(limits);
  for (bool http1 : {true, false}) {
    SCOPED_TRACE(http1 ? "HTTP/1.1" : "HTTP/2");
    block_on(stop_reading(cluster, http1));
    auto client = cluster.client();
    block_on(ask(*client, "DELETE", kMaps + "/big"));
  }
}

}  // namespace
}  // namespace xebec::integration
