// Long lists go out piece by piece, in every form, and are what they were when they were asked for.
#include <gmock/gmock.h>
#include <zlib.h>

#include "apiserver/test_api.h"
#include "codec/protobuf.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

const std::string kMaps = "/api/v1/namespaces/default/configmaps";
const std::string kTable = ";as=Table;g=meta.k8s.io;v=v1";
const std::string kPartial = ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
constexpr int kObjects = 40;
constexpr size_t kObjectBytes = 100'000;

class StreamedLists : public ::testing::Test {
 protected:
  StreamedLists() {
    for (int i = 0; i < kObjects; ++i)
      api_.create_map(fmt::format("map-{:02}", i),
                      std::string(kObjectBytes, static_cast<char>('a' + i % 26)));
  }
  http::Response list(const std::string& accept, const std::string& query = "") {
    return api_.send({"GET", kMaps + query, "", {{"Accept", accept}}});
  }
  static http::BodyStream* stream_of(http::Response& response) {
    auto* stream = std::get_if<std::unique_ptr<http::BodyStream>>(&response.body);
    return stream ? stream->get() : nullptr;
  }
  Result<http::Buffer> next(http::BodyStream& stream) { return api_.server.run(stream.next()); }

  TestApi api_;
};

std::vector<std::string> expected_names() {
  std::vector<std::string> names;
  names.reserve(kObjects);
  for (int i = 0; i < kObjects; ++i) names.push_back(fmt::format("map-{:02}", i));
  return names;
}

std::vector<std::string> names_of(const codec::Value& list, const char* array,
                                  const std::vector<std::string>& path) {
  std::vector<std::string> names;
  const codec::Value* items = list.find(array);
  if (!items || !items->as_list()) return names;
  for (const codec::Value& item : *items->as_list()) {
    const codec::Value* found = &item;
    for (const std::string& step : path) found = found ? found->find(step) : nullptr;
    names.push_back(found ? std::string(found->string_or()) : "(none)");
  }
  return names;
}

TEST_F(StreamedLists, ComeInPiecesOfModerateSize) {
  for (const std::string& accept :
       {std::string("application/json"), "application/json" + kTable,
        std::string("application/vnd.kubernetes.protobuf"), std::string("application/cbor")}) {
    http::Response response = list(accept, "?includeObject=Object");
    http::BodyStream* stream = stream_of(response);
    ASSERT_TRUE(stream) << accept;
    size_t pieces = 0, total = 0;
    for (;;) {
      Result<http::Buffer> piece = next(*stream);
      ASSERT_TRUE(piece) << accept << piece.error().message;
      if (!*piece) break;
      ++pieces;
      total += (*piece)->size();
      EXPECT_LT((*piece)->size(), (256u << 10) + 2 * kObjectBytes) << accept;
    }
    EXPECT_GT(pieces, 8u) << accept;
    EXPECT_GT(total, kObjects * kObjectBytes) << accept;
  }
}

TEST_F(StreamedLists, SayTheSameAsPages) {
  auto [status, whole] = api_.call({"GET", kMaps});
  EXPECT_EQ(status, 200);
  EXPECT_THAT(names_of(whole, "items", {"metadata", "name"}), ElementsAreArray(expected_names()));
  const codec::Value* items = whole.find("items");
  for (size_t i = 0; i < items->as_list()->size(); i += 7) {
    const codec::Value& item = (*items->as_list())[i];
    auto [found, one] = api_.call({"GET", kMaps + "/" + at(item, {"metadata", "name"})});
    EXPECT_EQ(found, 200);
    EXPECT_EQ(at(one, {"metadata"}), at(item, {"metadata"}));
    EXPECT_TRUE(at(one, {"data"}) == at(item, {"data"}));
  }
}

TEST_F(StreamedLists, AreWholeInEveryForm) {
  http::Response table = list("application/json" + kTable, "?includeObject=Object");
  ASSERT_TRUE(stream_of(table));
  EXPECT_THAT(names_of(api_.json(table), "rows", {"object", "metadata", "name"}),
              ElementsAreArray(expected_names()));

  http::Response protobuf = list("application/vnd.kubernetes.protobuf");
  ASSERT_TRUE(stream_of(protobuf));
  Result<api::Object> object =
      codec::decode_protobuf_envelope(api::type_of<corev1::ConfigMapList>(), api_.text(protobuf));
  ASSERT_TRUE(object) << object.error().message;
  const auto& decoded = object->get<corev1::ConfigMapList>();
  ASSERT_EQ(decoded.items.size(), static_cast<size_t>(kObjects));
  EXPECT_EQ(decoded.items[39].metadata.name, "map-39");
  EXPECT_EQ(decoded.items[39].data.begin()->second.size(), kObjectBytes);
  EXPECT_NE(decoded.metadata.resourceVersion, "");
  EXPECT_EQ(decoded.items[39].metadata.resourceVersion,
            at(api_.call({"GET", kMaps + "/map-39"}).second, {"metadata", "resourceVersion"}));

  // These are made from the whole.
  for (const char* accept : {"application/yaml", "application/json;pretty=1"}) {
    http::Response response = list(accept);
    EXPECT_FALSE(stream_of(response)) << accept;
    EXPECT_THAT(api_.text(response), HasSubstr("map-39")) << accept;
  }
  http::Response partial = list("application/json" + kPartial);
  EXPECT_FALSE(stream_of(partial));  // short
  EXPECT_THAT(names_of(api_.json(partial), "items", {"metadata", "name"}),
              ElementsAreArray(expected_names()));
}

TEST_F(StreamedLists, DoNotSeeWhatIsWrittenMeanwhile) {
  http::Response response = list("application/json");
  ASSERT_TRUE(stream_of(response));
  EXPECT_EQ(api_.call({"DELETE", kMaps + "/map-39"}).first, 200);
  EXPECT_EQ(api_.call({"DELETE", kMaps}).first, 200);
  EXPECT_THAT(names_of(api_.json(response), "items", {"metadata", "name"}),
              ElementsAreArray(expected_names()));
}

TEST_F(StreamedLists, HoldTheirPlaceAmongTheRequestsInProgress) {
  // The gauge tells the most there were since it was looked at.
  const std::string gauge = "apiserver_current_inflight_requests{request_kind=\"readOnly\"} ";
  {
    http::Response response = list("application/json");
    ASSERT_TRUE(stream_of(response));
    api_.metrics.text();
    EXPECT_THAT(api_.metrics.text(), HasSubstr(gauge + "1\n"));
  }
  api_.metrics.text();
  EXPECT_THAT(api_.metrics.text(), HasSubstr(gauge + "0\n"));
}

TEST_F(StreamedLists, EndWithTheTimeOfARequest) {
  http::Response response = list("application/json");
  http::BodyStream* stream = stream_of(response);
  ASSERT_TRUE(stream);
  EXPECT_TRUE(next(*stream));
  api_.server.executor.run_for(std::chrono::seconds(59));
  EXPECT_TRUE(next(*stream));
  api_.server.executor.run_for(std::chrono::seconds(2));
  EXPECT_FALSE(next(*stream));
}

}  // namespace
}  // namespace xebec::apiserver::testing
