// The round-trip vectors of every kind: JSON, YAML and protobuf decode to the same object and encode to the
// same bytes.
#include <filesystem>
#include <random>

#include "api/scheme.h"
#include "codec/cbor/cbor.h"
#include "codec/json.h"
#include "codec/json_text.h"
#include "codec/protobuf.h"
#include "codec/transcode.h"
#include "codec/vector_files.h"
#include "codec/view.h"
#include "codec/yaml.h"

namespace xebec::codec {
namespace {

namespace fs = std::filesystem;

class Vectors : public VectorFiles {};

TEST_F(Vectors, OfTheCurrentReleaseRoundTripInJson) {
  unpack("v1.36");
  if (IsSkipped()) return;
  std::size_t checked = 0;
  for (const fs::path& file : files(".json")) {
    const std::string text = read_file(file);
    const api::Message* type = type_of(file);
    ASSERT_NE(type, nullptr) << file.filename();
    api::Object object(*type);
    auto result = decode_json(*type, text, object.data(), Strictness::Warn);
    ASSERT_TRUE(result) << file.filename() << ": " << result.error().message;
    EXPECT_THAT(result->strict_errors, ::testing::IsEmpty()) << file.filename();
    std::string again = encode_json(*type, object.data(), result->api_version, result->kind, true);
    EXPECT_EQ(again + (text.ends_with('\n') ? "\n" : ""), text) << file.filename();
    ++checked;
  }
  EXPECT_GE(checked, 180u);
}

TEST_F(Vectors, OfTheCurrentReleaseAreTheSameInProtobufAndJson) {
  unpack("v1.36");
  if (IsSkipped()) return;
  std::size_t checked = 0;
  for (const fs::path& file : files(".pb")) {
    fs::path json_file = file;
    json_file.replace_extension(".json");
    const api::Message* type = type_of(file);
    ASSERT_NE(type, nullptr) << file.filename();
    auto from_protobuf = decode_protobuf_envelope(*type, read_file(file));
    ASSERT_TRUE(from_protobuf) << file.filename();
    auto from_json = decode_json(from_protobuf->type(), read_file(json_file));
    ASSERT_TRUE(from_json) << file.filename() << ": " << from_json.error().message;
    // Raw JSON inside keeps its white space: compare what is written.
    EXPECT_EQ(encode_json(*from_json), encode_json(*from_protobuf)) << file.filename();
    ++checked;
  }
  EXPECT_GE(checked, 180u);
}

TEST_F(Vectors, TranscodeFromProtobufToTheSameBytes) {
  std::size_t checked = 0;
  for (const char* release : {"v1.36", "older"}) {
    unpack(release);
    if (IsSkipped()) return;
    Transcoder transcoder(scheme_);
    for (const fs::path& file : files(".pb")) {
      const std::string bytes = read_file(file);
      const api::Message* type = type_of(file);
      if (!type) continue;  // an alpha version that came and went
      ++checked;
      auto object = decode_protobuf_envelope(*type, bytes);
      ASSERT_TRUE(object) << file.filename() << ": " << object.error().message;
      auto envelope = unwrap_protobuf(bytes);
      std::string expected, got;
      append_json(object->type(), object->data(), envelope->api_version, envelope->kind, expected);
      auto result =
          transcoder.append(object->type(), envelope->raw, {envelope->api_version, envelope->kind, ""}, got);
      ASSERT_TRUE(result) << file.filename() << ": " << result.error().message;
      EXPECT_EQ(got, expected) << file.filename();
    }
    fs::remove_all(dir_);
    dir_.clear();
  }
  EXPECT_GE(checked, 800u);
}

TEST_F(Vectors, DamagedInputNeverCrashesAndTranscodesAsItDecodes) {
  unpack("v1.36");
  if (IsSkipped()) return;
  Transcoder transcoder(scheme_);
  std::mt19937 random(7);
  for (const fs::path& file : files(".pb")) {
    const api::Message* type = type_of(file);
    ASSERT_NE(type, nullptr);
    const std::string text = read_file(file);
    auto envelope = unwrap_protobuf(text);
    ASSERT_TRUE(envelope) << file.filename();
    const std::string good(envelope->raw);
    for (int round = 0; round < 20 && !good.empty(); ++round) {
      std::string bytes = good;
      for (int i = 0; i <= round % 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
      api::Object object(*type);
      std::string expected, got = "before";
      auto decoded = decode_protobuf(*type, bytes, object.data());
      auto transcoded = transcoder.append(*type, bytes, {"v", "K", ""}, got);
      if (!transcoded) {
        EXPECT_EQ(got, "before");
        EXPECT_FALSE(decoded);
      }
      if (!decoded || !transcoded) continue;
      append_json(*type, object.data(), "v", "K", expected);
      EXPECT_EQ(got, "before" + expected) << file.filename();
    }
  }
}

TEST_F(Vectors, DamagedTextNeverCrashes) {
  unpack("v1.36");
  if (IsSkipped()) return;
  std::mt19937 random(11);
  for (const char* extension : {".json", ".yaml"}) {
    for (const fs::path& file : files(extension)) {
      const api::Message* type = type_of(file);
      const std::string good = read_file(file);
      for (int round = 0; round < 3; ++round) {
        std::string text = good;
        for (int i = 0; i <= round; ++i) text[random() % text.size()] = static_cast<char>(random());
        api::Object object(*type);
        auto result = decode_yaml(*type, text, object.data(), Strictness::Warn);
        if (!result) {
          EXPECT_FALSE(result.error().message.empty());
        }
      }
    }
  }
}

TEST_F(Vectors, ZeroObjectsTranscodeToTheSameBytes) {
  Transcoder transcoder(scheme_);
  for (const api::Message* type : scheme_.messages()) {
    if (type->json_only) continue;
    api::Object zero(*type);
    std::string expected, got, empty;
    append_json(*type, zero.data(), "v", "K", expected);
    std::string wire = encode_protobuf(*type, zero.data());
    ASSERT_TRUE(transcoder.append(*type, wire, {"v", "K", ""}, got)) << type->full_name;
    EXPECT_EQ(got, expected) << type->full_name;
    ASSERT_TRUE(transcoder.append(*type, "", {"v", "K", ""}, empty)) << type->full_name;
    EXPECT_EQ(empty, expected) << type->full_name;
  }
}

TEST_F(Vectors, TranscodingSetsTheResourceVersion) {
  Transcoder transcoder(scheme_);
  const api::Message* pod = scheme_.find("", "v1", "Pod");
  std::string out;
  ASSERT_TRUE(transcoder.append(*pod, "", {"v1", "Pod", "42"}, out));
  EXPECT_EQ(
      out,
      R"({"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"42"},"spec":{"containers":null},"status":{}})");
}

TEST_F(Vectors, AreTheSameThroughTrees) {
  unpack("v1.36");
  if (IsSkipped()) return;
  for (const fs::path& file : files(".json")) {
    const std::string text = read_file(file);
    const api::Message* type = type_of(file);
    ASSERT_NE(type, nullptr);
    auto object = decode_json(*type, text);
    ASSERT_TRUE(object);
    auto tree = parse_json(text);
    ASSERT_TRUE(tree);
    auto meta = interpret_json(text);
    Value seen = to_value(*type, object->data(), meta->api_version, meta->kind);
    EXPECT_TRUE(seen == *tree) << file.filename() << "\n" << to_json(seen) << "\n" << to_json(*tree);
    api::Object again(*type);
    ASSERT_TRUE(from_value(*type, seen, again.data(), Strictness::Strict));
    EXPECT_EQ(encode_json(again), encode_json(*object)) << file.filename();
  }
}

TEST_F(Vectors, AreTheSameThroughCbor) {
  unpack("v1.36");
  if (IsSkipped()) return;
  int checked = 0;
  for (const fs::path& file : files(".json")) {
    const api::Message* type = type_of(file);
    if (!type) continue;
    api::Object object(*type), copy(*type);
    Result<DecodeResult> json = decode_json(*type, read_file(file), object.data());
    ASSERT_TRUE(json) << file;
    const std::string bytes = encode_cbor(*type, object.data(), json->api_version, json->kind);
    Result<DecodeResult> decoded = decode_cbor(*type, bytes, copy.data(), Strictness::Strict);
    ASSERT_TRUE(decoded) << file << ": " << decoded.error().message;
    EXPECT_EQ(decoded->kind, json->kind);
    const std::string text = encode_json(*type, object.data(), json->api_version, json->kind);
    EXPECT_EQ(encode_json(*type, copy.data(), decoded->api_version, decoded->kind), text) << file;
    // The tree of the document is that of its JSON.
    Result<Value> tree = parse_cbor(bytes), expected = parse_json(text);
    ASSERT_TRUE(tree && expected) << file;
    EXPECT_EQ(to_json(*tree), to_json(*expected)) << file;
    EXPECT_EQ(encode_cbor(*tree), encode_cbor(*parse_cbor(encode_cbor(*tree)))) << file;
    ++checked;
  }
  EXPECT_GT(checked, 150);
}

TEST_F(Vectors, OfOlderReleasesDecodeAndReachAFixedPoint) {
  unpack("older");
  if (IsSkipped()) return;
  std::size_t checked = 0;
  for (const fs::path& file : files(".json")) {
    const std::string text = read_file(file);
    const api::Message* type = type_of(file);
    if (!type) continue;  // an alpha version that came and went
    ++checked;
    auto object = decode_json(*type, text);
    ASSERT_TRUE(object) << file.filename() << ": " << object.error().message;
    std::string once = encode_json(*object);
    auto again = decode_json(*type, once);
    ASSERT_TRUE(again) << file.filename();
    EXPECT_EQ(encode_json(*again), once) << file.filename();
  }
  EXPECT_GE(checked, 600u);
}

}  // namespace
}  // namespace xebec::codec
