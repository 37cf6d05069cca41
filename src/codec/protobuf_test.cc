#include "codec/protobuf.h"

#include <filesystem>
#include <random>

#include "api/gen/appsv1.h"
#include "api/gen/authenticationv1.h"
#include "api/gen/corev1.h"
#include "api/gen/metav1.h"
#include "api/scheme.h"
#include "codec/vector_files.h"

namespace xebec::codec {
namespace {

namespace fs = std::filesystem;

class ProtobufVectors : public VectorFiles {
 protected:
  std::vector<fs::path> files() const { return VectorFiles::files(".pb"); }
  // WatchEvent carries no names in its envelope, and Status was once in every group.
  const api::Message* type_of_envelope(const api::GroupVersionKind& gvk) const {
    if (gvk.kind.empty()) return &metav1::WatchEvent::kDescriptor;
    if (gvk.kind == "Status") return &metav1::Status::kDescriptor;
    return scheme_.find(gvk);
  }
};

TEST_F(ProtobufVectors, OfTheCurrentReleaseRoundTripByteForByte) {
  unpack("v1.36");
  if (IsSkipped()) return;
  std::size_t checked = 0;
  for (const fs::path& file : files()) {
    const std::string bytes = read_file(file);
    auto envelope = unwrap_protobuf(bytes);
    ASSERT_TRUE(envelope) << file.filename();
    const auto gvk = api::GroupVersionKind::from(envelope->api_version, envelope->kind);
    const api::Message* type = type_of_envelope(gvk);
    ASSERT_NE(type, nullptr) << file.filename();
    auto object = decode_protobuf_envelope(*type, bytes);
    ASSERT_TRUE(object) << file.filename() << ": " << object.error().message;
    EXPECT_TRUE(encode_protobuf_envelope(gvk, *type, object->data()) == bytes) << file.filename();
    const api::Object copy = object->clone();
    EXPECT_TRUE(copy == *object) << file.filename();
    EXPECT_TRUE(encode_protobuf(*type, copy.data()) == envelope->raw) << file.filename() << " copied";
    ++checked;
  }
  EXPECT_GE(checked, 180u);
}

TEST_F(ProtobufVectors, OfOlderReleasesDecodeAndReachAFixedPoint) {
  unpack("older");
  if (IsSkipped()) return;
  for (const fs::path& file : files()) {
    const std::string bytes = read_file(file);
    auto envelope = unwrap_protobuf(bytes);
    ASSERT_TRUE(envelope) << file;
    const api::Message* type =
        type_of_envelope(api::GroupVersionKind::from(envelope->api_version, envelope->kind));
    if (!type && envelope->api_version.find("alpha") != std::string_view::npos)
      continue;  // alphas lose kinds
    ASSERT_NE(type, nullptr) << file;
    auto object = decode_protobuf_envelope(*type, bytes);
    ASSERT_TRUE(object) << file << ": " << object.error().message;
    const std::string once = encode_protobuf(*type, object->data());
    api::Object again(*type);
    ASSERT_TRUE(decode_protobuf(*type, once, again.data())) << file;
    EXPECT_TRUE(encode_protobuf(*type, again.data()) == once) << file;
    EXPECT_TRUE(again == *object) << file;
  }
}

TEST_F(ProtobufVectors, DamagedInputNeverCrashes) {
  unpack("v1.36");
  if (IsSkipped()) return;
  std::mt19937 random(7);
  for (const fs::path& file : files()) {
    const std::string good = read_file(file);
    for (int round = 0; round < 30; ++round) {
      std::string bad = good;
      for (int i = 0; i < 4; ++i) bad[4 + random() % (bad.size() - 4)] = static_cast<char>(random());
      if (round % 3 == 0) bad.resize(random() % bad.size());
      (void)decode_protobuf_envelope(scheme_, bad);
    }
  }
}

// Hand-made from upstream's generated marshalers: plain values and value structs are written even when zero.
TEST(Protobuf, ZeroValuedConfigMapHasItsMetadataOnly) {
  const corev1::ConfigMap zero;
  const std::string metadata("\x0a\x00\x12\x00\x1a\x00\x22\x00\x2a\x00\x32\x00\x38\x00\x42\x00",
                             16);  // ObjectMeta without optional parts
  EXPECT_EQ(encode_protobuf(corev1::ConfigMap::kDescriptor, &zero), std::string("\x0a\x10", 2) + metadata);
}

TEST(Protobuf, OptionalFieldsAreWrittenWhenSetToZero) {
  appsv1::DeploymentSpec spec;
  const std::string without = encode_protobuf(appsv1::DeploymentSpec::kDescriptor, &spec);
  spec.replicas = 0;
  EXPECT_EQ(encode_protobuf(appsv1::DeploymentSpec::kDescriptor, &spec),
            std::string("\x08\x00", 2) + without);
}

TEST(Protobuf, NegativeNumbersTakeTenBytes) {
  corev1::PodSpec spec;
  spec.priority = -1;
  const std::string bytes = encode_protobuf(corev1::PodSpec::kDescriptor, &spec);
  EXPECT_NE(bytes.find("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), std::string::npos);
  corev1::PodSpec back;
  ASSERT_TRUE(decode_protobuf(corev1::PodSpec::kDescriptor, bytes, &back));
  EXPECT_EQ(back.priority, -1);
}

TEST(Protobuf, MapEntriesComeInKeyOrder) {
  corev1::ConfigMap map;
  map.data["b"] = "2";
  map.data["a"] = "1";
  const std::string bytes = encode_protobuf(corev1::ConfigMap::kDescriptor, &map);
  EXPECT_LT(bytes.find("\x0a\x01"
                       "a\x12\x01"
                       "1"),
            bytes.find("\x0a\x01"
                       "b\x12\x01"
                       "2"));
}

TEST(Protobuf, ALaterMapEntryReplacesAnEarlierOne) {
  const std::string entries("\x12\x06\x0a\x01k\x12\x01x\x12\x03\x0a\x01k", 13);
  corev1::ConfigMap map;
  ASSERT_TRUE(decode_protobuf(corev1::ConfigMap::kDescriptor, entries, &map));
  ASSERT_EQ(map.data.size(), 1u);
  EXPECT_EQ(map.data.at("k"), "");
}

TEST(Protobuf, UnknownFieldsAreSkipped) {
  std::string bytes(
      "\xa2\x1f\x03"
      "abc",
      6);                                               // field 500, delimited
  bytes += std::string("\xa8\x1f\x05", 3);              // field 501, varint
  bytes += std::string("\xb3\x1f\x08\x01\xb4\x1f", 6);  // field 502, a group
  bytes += std::string("\x0a\x03\x0a\x01x", 5);
  corev1::Pod pod;
  ASSERT_TRUE(decode_protobuf(corev1::Pod::kDescriptor, bytes, &pod));
  EXPECT_EQ(pod.metadata.name, "x");
}

TEST(Protobuf, PackedNumbersAreRead) {
  corev1::LinuxContainerUser user;
  ASSERT_TRUE(
      decode_protobuf(corev1::LinuxContainerUser::kDescriptor, std::string("\x1a\x02\x05\x07", 4), &user));
  EXPECT_EQ(user.supplementalGroups, (std::vector<int64_t>{5, 7}));
}

TEST(Protobuf, ZeroTimesAreEmptyMessages) {
  corev1::Event event;
  std::string bytes = encode_protobuf(corev1::Event::kDescriptor, &event);
  corev1::Event back;
  ASSERT_TRUE(decode_protobuf(corev1::Event::kDescriptor, bytes, &back));
  EXPECT_TRUE(back.firstTimestamp.is_zero());
  event.firstTimestamp = api::Time::from_unix(0);
  ASSERT_TRUE(decode_protobuf(corev1::Event::kDescriptor, encode_protobuf(corev1::Event::kDescriptor, &event),
                              &back));
  EXPECT_FALSE(back.firstTimestamp.is_zero());
  EXPECT_EQ(back.firstTimestamp.seconds, 0);
}

TEST(Protobuf, WrongWireTypesAndCutInputAreErrors) {
  corev1::Pod pod;
  EXPECT_FALSE(decode_protobuf(corev1::Pod::kDescriptor, std::string("\x08\x01", 2), &pod));
  EXPECT_FALSE(decode_protobuf(corev1::Pod::kDescriptor, std::string("\x0a\x05x", 3), &pod));
  EXPECT_FALSE(decode_protobuf(corev1::Pod::kDescriptor, std::string("\x00", 1), &pod));
  EXPECT_FALSE(unwrap_protobuf("{}"));
}

TEST(Protobuf, NestingIsBounded) {
  std::string bytes;
  for (int i = 0; i < 20000; ++i) {
    std::string outer;  // JSONSchemaProps.not = 28
    append_varint(outer, 28 << 3 | 2);
    append_varint(outer, bytes.size());
    bytes = outer + bytes;
    if (bytes.size() > 200000) break;
  }
  const api::Scheme scheme = api::Scheme::builtin();
  const api::Message* type =
      scheme.find_message("k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps");
  ASSERT_NE(type, nullptr);
  api::Object object(*type);
  EXPECT_FALSE(decode_protobuf(*type, bytes, object.data()));
}

TEST(Protobuf, WrapAndUnwrapAreInverse) {
  const std::string bytes = wrap_protobuf("apps/v1", "Deployment", "raw");
  auto envelope = unwrap_protobuf(bytes);
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->api_version, "apps/v1");
  EXPECT_EQ(envelope->kind, "Deployment");
  EXPECT_EQ(envelope->raw, "raw");
}

TEST(Protobuf, DamagedObjectsNeverCrash) {
  corev1::Pod pod;
  pod.metadata.name = "p";
  pod.metadata.labels["app"] = "web";
  pod.spec.containers.emplace_back().image = "nginx";
  pod.spec.containers[0].resources.limits["cpu"] = api::Quantity::must_parse("100m");
  pod.spec.containers[0].livenessProbe.emplace().initialDelaySeconds = 3;
  const std::string good = encode_protobuf(corev1::Pod::kDescriptor, &pod);
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::string bad = good;
    for (int i = 0; i < 3; ++i) bad[random() % bad.size()] = static_cast<char>(random());
    corev1::Pod out;
    (void)decode_protobuf(corev1::Pod::kDescriptor, bad, &out);
  }
}

}  // namespace
}  // namespace xebec::codec
