// Long lists over real sockets: in pieces, to the end; and readers that stop reading.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <thread>

#include "asking.h"
#include "base/sync.h"
#include "cluster.h"

namespace xebec::integration {
namespace {

constexpr int kObjects = 120;
constexpr size_t kObjectBytes = 100 << 10;

class LongLists : public testing::TestWithParam<bool> {
 protected:
  static void SetUpTestSuite() {
    http::ServerLimits limits;
    limits.stalled_timeout = std::chrono::seconds(1);
    limits.tick = std::chrono::milliseconds(100);
    cluster = new Cluster(limits);
    auto client = cluster->client();
    block_on(fill(*client));
  }
  static void TearDownTestSuite() {
    delete cluster;
    cluster = nullptr;
  }
  static Task<void> fill(http::Client& client) {
    for (int i = 0; i < kObjects; ++i) {
      std::string body = map_body(fmt::format("map-{:03}", i), std::string(kObjectBytes, 'x'));
      Reply made = co_await ask(client, "POST", kMaps, std::move(body));
      EXPECT_EQ(made.status, 201) << made.text;
    }
  }
  static Cluster* cluster;
};
Cluster* LongLists::cluster = nullptr;
INSTANTIATE_TEST_SUITE_P(Http, LongLists, testing::Values(true, false),
                         [](const auto& info) { return info.param ? "Http1" : "Http2"; });

TEST_P(LongLists, AreWhole) {
  auto client = cluster->client(GetParam());
  const Reply reply = block_on(ask(*client, "GET", kMaps));
  EXPECT_EQ(reply.status, 200);
  const codec::Value list = reply.json();
  const codec::Value* items = list.find("items");
  ASSERT_TRUE(items && items->as_list());
  ASSERT_EQ(items->as_list()->size(), static_cast<size_t>(kObjects));
  for (int i = 0; i < kObjects; ++i) {
    const codec::Value& item = (*items->as_list())[static_cast<size_t>(i)];
    EXPECT_EQ(at(item, {"metadata", "name"}), fmt::format("map-{:03}", i));
    EXPECT_EQ(at(item, {"data", "k"}).size(), kObjectBytes);
  }
  // The connection serves on.
  const Reply one = block_on(ask(*client, "GET", kMaps + "/map-007"));
  EXPECT_EQ(one.status, 200);
}

Task<std::vector<http::Response>> begun(http::Client& client, int count) {
  std::vector<http::Response> lists;
  for (int i = 0; i < count; ++i) {
    Context context;
    http::Request sent = request("GET", kMaps);
    Result<http::Response> response = co_await client.send(context, std::move(sent));
    EXPECT_TRUE(response);
    if (response) lists.push_back(std::move(*response));
  }
  co_return lists;
}

Task<bool> comes_whole(http::Response response) {
  Result<std::string> text = co_await response.read_body();
  co_return text.has_value();
}

// 240 MB would be on their way, if the server wrote them whether they are read or not.
TEST_P(LongLists, CostLittleUntilTheyAreReadAndAreCutOffWhenTheyAreNot) {
  const size_t before = resident_bytes();
  std::vector<std::unique_ptr<http::Client>> clients;
  std::vector<http::Response> lists;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(cluster->client(GetParam()));
    for (http::Response& list : block_on(begun(*clients.back(), 1))) lists.push_back(std::move(list));
  }
  EXPECT_LT(resident_bytes(), before + may_take(120 << 20));
  // Others are served meanwhile, and those who wait too long get no more.
  auto other = cluster->client();
  const Reply one = block_on(ask(*other, "GET", kMaps + "/map-007"));
  EXPECT_EQ(one.status, 200);
  // The server gives up on them, five times faster than it is waited for.
  std::this_thread::sleep_for(std::chrono::seconds(5));
  for (http::Response& list : lists) EXPECT_FALSE(block_on(comes_whole(std::move(list))));
}

}  // namespace
}  // namespace xebec::integration
