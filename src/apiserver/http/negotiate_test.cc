#include "apiserver/http/negotiate.h"

#include <gtest/gtest.h>

namespace xebec::apiserver {
namespace {

http::Request accepting(std::string accept) {
  http::Request request;
  request.method = "GET";
  if (!accept.empty()) request.headers.add("Accept", accept);
  return request;
}

constexpr Offered kList{.views = true, .list = true};
constexpr Offered kObject{.views = true};
constexpr Offered kWatch{.views = true, .list = true, .stream = true};

TEST(Negotiate, NoHeaderMeansJson) { EXPECT_EQ(negotiate(accepting(""), kObject)->type, MediaType::kJson); }

TEST(Negotiate, WildcardMeansJson) {
  EXPECT_EQ(negotiate(accepting("*/*"), kObject)->type, MediaType::kJson);
}

TEST(Negotiate, HigherQualityWins) {
  EXPECT_EQ(negotiate(accepting("application/json;q=0.5,application/yaml"), kObject)->type, MediaType::kYaml);
}

TEST(Negotiate, ProtobufWithJsonFallback) {
  EXPECT_EQ(negotiate(accepting("application/vnd.kubernetes.protobuf,application/json"), kObject)->type,
            MediaType::kProtobuf);
}

TEST(Negotiate, KubectlGetsATable) {
  auto accepted = negotiate(accepting("application/json;as=Table;v=v1;g=meta.k8s.io,"
                                      "application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"),
                            kList);
  EXPECT_EQ(accepted->view, View::kTable);
  EXPECT_EQ(accepted->view_version, "v1");
}

TEST(Negotiate, AViewThatIsNotOfferedFallsThrough) {
  auto accepted =
      negotiate(accepting("application/json;as=Table;v=v1;g=meta.k8s.io,application/json"), Offered{});
  EXPECT_EQ(accepted->view, View::kObject);
  EXPECT_FALSE(negotiate(accepting("application/json;as=Table;v=v1;g=meta.k8s.io"), Offered{}).has_value());
}

TEST(Negotiate, MetadataListIsForListsAndMetadataForWatches) {
  std::string both =
      "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,"
      "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
  EXPECT_EQ(negotiate(accepting(both), kList)->type, MediaType::kProtobuf);
  EXPECT_EQ(negotiate(accepting(both), kWatch)->type, MediaType::kJson);
}

TEST(Negotiate, StreamParameterIsForWatchesOnly) {
  EXPECT_TRUE(negotiate(accepting("application/json;stream=watch"), kWatch).has_value());
  EXPECT_FALSE(negotiate(accepting("application/json;stream=watch"), kList).has_value());
}

TEST(Negotiate, UnknownTypesAreNotAcceptable) {
  auto result = negotiate(accepting("text/html"), kObject);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, 406);
  EXPECT_EQ(result.error().message,
            "only the following media types are accepted: application/json, application/yaml, "
            "application/vnd.kubernetes.protobuf, application/cbor");
}

TEST(Negotiate, CborIsASequenceInWatches) {
  EXPECT_EQ(negotiate(accepting("application/cbor"), kObject)->type, MediaType::kCbor);
  EXPECT_EQ(negotiate(accepting("application/cbor-seq, application/json"), kWatch)->type, MediaType::kCbor);
  EXPECT_EQ(negotiate(accepting("application/cbor"), kWatch)->type, MediaType::kCbor);
  EXPECT_EQ(negotiate(accepting("application/cbor-seq, application/json"), kList)->type, MediaType::kJson);
  EXPECT_EQ(stream_content_type(MediaType::kCbor), "application/cbor-seq");
  EXPECT_EQ(negotiate(accepting("*/*"), kObject)->type, MediaType::kJson);
}

TEST(Negotiate, BodiesOfUnknownTypesAreUnsupported) {
  http::Request request;
  request.headers.add("Content-Type", "text/plain");
  EXPECT_EQ(body_media_type(request).error().code, 415);
  request.headers.set("Content-Type", "application/json; charset=utf-8");
  EXPECT_EQ(*body_media_type(request), MediaType::kJson);
}

}  // namespace
}  // namespace xebec::apiserver
