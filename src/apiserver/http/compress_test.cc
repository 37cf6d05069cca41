// Large answers are compressed for those who take it.
#include <gmock/gmock.h>
#include <zlib.h>

#include "apiserver/test_api.h"

namespace xebec::apiserver::testing {
namespace {

const std::string kMaps = "/api/v1/namespaces/default/configmaps";

std::string inflated(const std::string& packed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  for (int result = Z_OK; result == Z_OK;) {
    char buffer[64 << 10];
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof(buffer);
    result = inflate(&stream, Z_NO_FLUSH);
    EXPECT_TRUE(result == Z_OK || result == Z_STREAM_END) << result;
    out.append(buffer, sizeof(buffer) - stream.avail_out);
  }
  inflateEnd(&stream);
  return out;
}

TEST(Compression, IsOfLargeAnswersForThoseWhoTakeIt) {
  TestApi api;
  for (const char* name : {"a", "b", "c"}) api.create_map(name, std::string(100'000, name[0]));
  for (const char* accept : {"application/json", "application/vnd.kubernetes.protobuf", "application/yaml"}) {
    http::Response plain = api.send({"GET", kMaps, "", {{"Accept", accept}}});
    EXPECT_FALSE(plain.headers.has("Content-Encoding"));
    http::Response packed =
        api.send({"GET", kMaps, "", {{"Accept", accept}, {"Accept-Encoding", "br, gzip;q=0.5"}}});
    EXPECT_EQ(packed.headers.get("Content-Encoding"), "gzip");
    EXPECT_EQ(packed.headers.get("Vary"), "Accept-Encoding");
    EXPECT_EQ(packed.headers.get("Content-Type"), accept);
    const std::string bytes = api.text(packed), whole = api.text(plain);
    EXPECT_LT(bytes.size(), whole.size() / 20);
    EXPECT_TRUE(inflated(bytes) == whole);
  }
}

TEST(Compression, GoesWithTheStreamOfALongList) {
  TestApi api;
  for (int i = 0; i < 20; ++i) api.create_map(fmt::format("map-{}", i), std::string(100'000, 'x'));
  http::Response plain = api.send({"GET", kMaps});
  http::Response packed = api.send({"GET", kMaps, "", {{"Accept-Encoding", "gzip"}}});
  EXPECT_TRUE(std::holds_alternative<std::unique_ptr<http::BodyStream>>(packed.body));
  EXPECT_EQ(packed.headers.get("Content-Encoding"), "gzip");
  const std::string bytes = api.text(packed);
  EXPECT_LT(bytes.size(), 100'000u);
  EXPECT_TRUE(inflated(bytes) == api.text(plain));
}

TEST(Compression, IsNotOfSmallAnswersNorOfWatches) {
  TestApi api;
  api.create_map("a", std::string(100'000, 'x'));
  const std::vector<std::pair<std::string, std::string>> gzip = {{"Accept-Encoding", "gzip"}};
  EXPECT_FALSE(api.send({"GET", kMaps, "", gzip}).headers.has("Content-Encoding"));
  api.create_map("b", std::string(100'000, 'x'));
  EXPECT_TRUE(api.send({"GET", kMaps, "", gzip}).headers.has("Content-Encoding"));
  EXPECT_FALSE(
      api.send({"GET", kMaps + "?watch=true&timeoutSeconds=1", "", gzip}).headers.has("Content-Encoding"));
}

}  // namespace
}  // namespace xebec::apiserver::testing
