// What hostile clients send to a whole API server over TLS: each gets a clear answer or loses its connection,
// memory stays bounded, and others are served meanwhile.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "../tls/tls_peer.h"
#include "asking.h"
#include "cluster.h"
#include "codec/json.h"
#include "codec/value.h"

namespace xebec::integration {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr size_t kMiB = 1 << 20;
// Generous: attackers of the same process need memory as well.
constexpr size_t kGrowth = 192 * kMiB;

struct Answered {
  int status = 0;
  std::string message;  // of the Status
  std::string text;
};

Task<Result<Answered>> ask(http::Client* client, http::Request request) {
  Context context;
  CO_TRY(http::Response response, co_await client->send(context, std::move(request)));
  Answered out;
  out.status = response.status;
  CO_TRY(out.text, co_await response.read_body());
  Result<codec::Value> status = codec::parse_json(out.text);
  const codec::Value* message = status ? status->find("message") : nullptr;
  if (message) out.message = message->string_or();
  co_return out;
}

class Protection : public testing::Test {
 protected:
  static http::ServerLimits impatient() {
    http::ServerLimits limits;
    limits.header_timeout = limits.body_timeout = std::chrono::seconds(1);
    limits.idle_timeout = std::chrono::seconds(3);
    limits.tick = std::chrono::milliseconds(50);
    return limits;
  }
  static void SetUpTestSuite() { cluster = new Cluster(impatient()); }
  static void TearDownTestSuite() {
    delete cluster;
    cluster = nullptr;
  }
  void SetUp() override {
    client_ = cluster->client();
    is_served();
    before_ = resident_bytes();
  }
  void TearDown() override {
    is_served();
    const size_t now = resident_bytes();
    EXPECT_LT(now, before_ + kGrowth) << "grown by " << (now - before_) / kMiB << " MiB";
  }

  Answered create(http::Client& client, std::string_view type, std::string body) {
    http::Request request;
    request.method = "POST";
    request.path = "/api/v1/namespaces/default/configmaps";
    request.headers.add("Content-Type", type);
    request.body = std::move(body);
    Result<Answered> answered = block_on(ask(&client, std::move(request)));
    EXPECT_TRUE(answered) << answered.error().message;
    return answered ? *answered : Answered();
  }
  // Somebody else gets answers.
  void is_served() {
    http::Request request;
    request.method = "GET";
    request.path = "/api/v1/namespaces/default";
    Result<Answered> answered = block_on(ask(client_.get(), std::move(request)));
    ASSERT_TRUE(answered) << answered.error().message;
    EXPECT_EQ(answered->status, 200) << answered->text;
  }
  // The frames that the server answers an attack with, until it ends the connection.
  std::string attack(const std::string& frames) {
    TlsPeer peer(cluster->port(), "h2");
    peer.send(h2_preface() + frames);
    is_served();
    return peer.read();
  }

  static Cluster* cluster;
  std::unique_ptr<http::Client> client_;
  size_t before_ = 0;
};
Cluster* Protection::cluster = nullptr;

// HEADERS of GET /livez, by HPACK without a table.
const std::string kGet = std::string("\x82\x87\x04\x06/livez\x41\x01", 12) + "h";
constexpr uint8_t kEndStream = 1, kEndHeaders = 4;

TEST_F(Protection, ABodyOfMoreThanThreeMebibytesIsRefused) {
  const std::string body = R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"data":{"k":")" +
                           std::string(3 * kMiB, 'x') + "\"}}";
  for (bool http1 : {false, true}) {
    std::unique_ptr<http::Client> client = cluster->client(http1);
    const Answered answered = create(*client, "application/json", body);
    EXPECT_EQ(answered.status, 413);
    EXPECT_EQ(answered.message, "Request entity too large: limit is 3145728");
    EXPECT_THAT(answered.text, HasSubstr("\"reason\":\"RequestEntityTooLarge\""));
  }
}

TEST_F(Protection, LaughsDoNotMultiply) {
  std::string text =
      "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\na0: &a0 [lol, lol, lol, lol, lol]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string aliases =
        fmt::format("*a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}", i - 1);
    text += fmt::format("a{0}: &a{0} [{1}]\n", i, aliases);
  }
  const Answered answered = create(*client_, "application/yaml", text);
  EXPECT_EQ(answered.status, 400);
  EXPECT_THAT(answered.message, HasSubstr("yaml: document contains excessive aliasing"));
}

TEST_F(Protection, DepthIsBounded) {
  constexpr int kDeep = 10001;
  const std::string deep = std::string(kDeep, '[') + std::string(kDeep, ']');
  const Answered json =
      create(*client_, "application/json",
             R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"data":)" + deep + "}");
  EXPECT_EQ(json.status, 400);
  EXPECT_THAT(json.message, HasSubstr("invalid character '[' exceeded max depth"));
  const Answered yaml = create(*client_, "application/yaml",
                               "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: " + deep + "\n");
  EXPECT_EQ(yaml.status, 400);
  EXPECT_THAT(yaml.message, HasSubstr("exceeded max depth"));
}

TEST_F(Protection, HeadersAreBounded) {
  std::string many = "GET /livez HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; many.size() < 2 * kMiB; ++i) many += fmt::format("X-{}: y\r\n", i);
  for (const std::string& head : {many + "\r\n", "GET /livez HTTP/1.1\r\nHost: a\r\nX-Giant: " +
                                                     std::string(2 * kMiB, 'g') + "\r\n\r\n"}) {
    TlsPeer peer(cluster->port(), "http/1.1");
    peer.send(head);
    EXPECT_THAT(peer.read(), StartsWith("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
  }
  // A table entry of 4 KiB, named over and over by a byte each: small to send, large to keep.
  std::string block = kGet;
  const std::string large(4000, 'v');
  block += std::string("\x40\x01x\x7f\xa1\x1e", 6) + large;  // x: vvv..., into the table, where it is 62
  block += std::string(16000 - block.size(), '\xbe');
  std::string frames = h2_frame(1, kEndStream, 1, block);
  for (int i = 0; i < 50; ++i) frames += h2_frame(9, 0, 1, std::string(16000, '\xbe'));
  frames += h2_frame(9, kEndHeaders, 1, "");
  TlsPeer peer(cluster->port(), "h2");
  peer.send(h2_preface() + frames);
  EXPECT_THAT(peer.read(), HasSubstr(h2_frame(3, 0, 1, std::string("\0\0\0\x02", 4))));  // INTERNAL_ERROR
}

TEST_F(Protection, SlowHeadersAreCutOff) {
  TlsPeer one(cluster->port(), "http/1.1");
  EXPECT_EQ(one.dribble("GET /livez HTTP/1.1\r\nHost: a\r\nX: " + std::string(5000, 'x')), "");
  TlsPeer two(cluster->port(), "h2");
  two.send(h2_preface() + h2_frame(1, kEndStream, 1, kGet));  // and never the end of the header
  EXPECT_EQ(goaway_code(two.read()), 11);                     // ENHANCE_YOUR_CALM
}

TEST_F(Protection, SlowBodiesAreCutOff) {
  TlsPeer one(cluster->port(), "http/1.1");
  EXPECT_EQ(one.dribble("POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: a\r\n"
                        "Content-Length: 100000\r\n\r\n" +
                        std::string(5000, ' ')),
            "");
  TlsPeer two(cluster->port(), "h2");
  two.send(h2_preface() + h2_frame(1, kEndHeaders, 1, kGet));
  std::string pieces;
  for (int i = 0; i < 5000; ++i) pieces += h2_frame(0, 0, 1, "x");
  // The stream is reset, and the connection ended once nothing is asked of it.
  const std::string frames = two.dribble(pieces);
  EXPECT_THAT(frames, HasSubstr(h2_frame(3, 0, 1, std::string("\0\0\0\x08", 4))));  // CANCEL
}

TEST_F(Protection, ARapidResetEndsTheConnection) {
  std::string frames;
  for (uint32_t id = 1; id < 2 * 20000; id += 2) {
    frames +=
        h2_frame(1, kEndStream | kEndHeaders, id, kGet) + h2_frame(3, 0, id, std::string("\0\0\0\x08", 4));
  }
  EXPECT_GT(goaway_code(attack(frames)), 0);
}

TEST_F(Protection, AContinuationFloodEndsTheConnection) {
  std::string frames = h2_frame(1, 0, 1, kGet);
  for (int i = 0; i < 200000; ++i) frames += h2_frame(9, 0, 1, "");
  const std::string answer = attack(frames);
  EXPECT_THAT(answer, testing::Not(HasSubstr("ok")));
}

TEST_F(Protection, FloodsOfWhatMustBeAnsweredEndTheConnection) {
  std::string pings, settings;
  for (int i = 0; i < 200000; ++i) pings += h2_frame(6, 0, 0, "12345678");
  for (int i = 0; i < 200000; ++i) settings += h2_frame(4, 0, 0, std::string("\0\x03\0\0\0\x64", 6));
  attack(pings);
  attack(settings);
}

TEST_F(Protection, ManyAtOnceDisturbNobody) {
  std::vector<std::unique_ptr<TlsPeer>> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(std::make_unique<TlsPeer>(cluster->port(), i % 2 == 0 ? "h2" : "http/1.1"));
    slow.back()->send(i % 2 == 0 ? h2_preface() : "GET /livez HT");
  }
  is_served();
  for (auto& peer : slow) EXPECT_EQ(peer->read().find("ok"), std::string::npos);
}

}  // namespace
}  // namespace xebec::integration
