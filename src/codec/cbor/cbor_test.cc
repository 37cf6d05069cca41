#include "codec/cbor/cbor.h"

#include <gtest/gtest.h>

#include "api/gen/appsv1.h"
#include "api/gen/corev1.h"
#include "codec/cbor/reader.h"
#include "codec/json_text.h"

namespace xebec::codec {
namespace {

std::string bytes(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (unsigned char c : bytes) {
    out += "0123456789abcdef"[c >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  return out;
}

// The JSON of an item and the item written again; the error when it is refused.
std::pair<std::string, std::string> both(std::string_view item) {
  Result<Value> value = parse_cbor(bytes(item));
  if (!value) return {value.error().message, ""};
  std::string again;
  append_cbor(*value, again);
  return {to_json(*value), hex(again)};
}

using Pair = std::pair<std::string, std::string>;

// The examples of RFC 8949, appendix A, as upstream takes them.
TEST(Cbor, NumbersKeepTheirTypeAndAreShort) {
  for (const char* same : {"00",
                           "01",
                           "0a",
                           "17",
                           "1818",
                           "1864",
                           "1903e8",
                           "1a000f4240",
                           "1b000000e8d4a51000",
                           "1b7fffffffffffffff",
                           "20",
                           "29",
                           "3863",
                           "3903e7",
                           "3b7fffffffffffffff",
                           "f90000",
                           "f98000",
                           "f93c00",
                           "fb3ff199999999999a",
                           "f93e00",
                           "f97bff",
                           "fa47c35000",
                           "fa7f7fffff",
                           "fb7e37e43c8800759c",
                           "f90001",
                           "f90400",
                           "f9c400",
                           "fbc010666666666666",
                           "f4",
                           "f5",
                           "f6"}) {
    EXPECT_EQ(both(same).second, same);
  }
  EXPECT_EQ(both("1b000000e8d4a51000").first, "1000000000000");
  EXPECT_EQ(both("3903e7").first, "-1000");
  EXPECT_EQ(both("f90001").first, "5.960464477539063e-8");
  EXPECT_EQ(both("f9c400").first, "-4");
  EXPECT_TRUE(parse_cbor(bytes("f93c00"))->is_double());
  // Written in more bytes than it takes.
  EXPECT_EQ(both("1b0000000000000001").second, "01");
  EXPECT_EQ(both("fb3ff0000000000000").second, "f93c00");
}

TEST(Cbor, StringsAreByteStringsWhateverTheyCameAs) {
  EXPECT_EQ(both("60"), Pair("\"\"", "40"));
  EXPECT_EQ(both("6449455446"), Pair("\"IETF\"", "4449455446"));
  EXPECT_EQ(both("62c3bc"), Pair("\"ü\"", "42c3bc"));
  EXPECT_EQ(both("5f42010243030405ff").second, "450102030405");
  EXPECT_EQ(both("7f657374726561646d696e67ff"), Pair("\"streaming\"", "4973747265616d696e67"));
  EXPECT_EQ(both("6180").first, "cbor: invalid UTF-8 string");
}

TEST(Cbor, CollectionsAreSortedAndOfKnownLength) {
  EXPECT_EQ(both("8301820203820405"), Pair("[1,[2,3],[4,5]]", "8301820203820405"));
  EXPECT_EQ(both("9f018202039f0405ffff").second, "8301820203820405");
  EXPECT_EQ(both("bf6346756ef563416d7421ff"), Pair(R"({"Amt":-2,"Fun":true})", "a243416d74214346756ef5"));
  // By length first.
  EXPECT_EQ(both("a242626201416102").second, "a241610242626201");
  EXPECT_EQ(both("a201020304").first, "cbor: cannot unmarshal positive integer into Go value of type string");
  EXPECT_EQ(both("a2614101414102").first, "cbor: found duplicate map key \"A\" at map element index 1");
}

TEST(Cbor, TagsBecomeWhatJsonWouldShow) {
  EXPECT_EQ(both("d9d9f701").first, "1");
  EXPECT_EQ(both("c074323031332d30332d32315432303a30343a30305a").first, "\"2013-03-21T20:04:00Z\"");
  EXPECT_EQ(both("c11a514b67b0").first, "\"2013-03-21T20:04:00Z\"");
  EXPECT_EQ(both("c1fb41d452d9ec200000").first, "\"2013-03-21T20:04:00.5Z\"");
  EXPECT_EQ(both("d74401020304").first, "\"01020304\"");
  EXPECT_EQ(both("d64401020304").first, "\"AQIDBA==\"");
  EXPECT_EQ(both("d54401020304").first, "\"AQIDBA\"");
  // To what is nearest to it, and no further.
  EXPECT_EQ(both("82d782d64101410241ff").first, R"([["AQ==","02"],"\ufffd"])");
  EXPECT_EQ(both("d82076687474703a2f2f7777772e6578616d706c652e636f6d").first, "\"http://www.example.com\"");
  EXPECT_EQ(both("c00a").first, "cbor: tag number 0 must be followed by text string, got positive integer");
}

TEST(Cbor, WhatJsonCannotSayIsRefused) {
  const std::string refused = "cbor: data item of cbor type primitives is not accepted by protocol: ";
  EXPECT_EQ(both("f97c00").first, refused + "floating-point infinity");
  EXPECT_EQ(both("faff800000").first, refused + "floating-point infinity");
  EXPECT_EQ(both("fb7ff8000000000000").first, refused + "floating-point NaN");
  EXPECT_EQ(both("f7").first, refused + "simple value 23 is not recognized");
  EXPECT_EQ(both("f8ff").first, refused + "simple value 255 is not recognized");
  EXPECT_EQ(both("c249010000000000000000").first,
            "cbor: data item of cbor type tag is not accepted by protocol: bignum");
  EXPECT_EQ(
      both("1bffffffffffffffff").first,
      "cbor: cannot unmarshal positive integer into Go value of type int64 (18446744073709551615 overflows "
      "Go's int64)");
  EXPECT_EQ(both("3bffffffffffffffff").first,
            "cbor: cannot unmarshal negative integer into Go value of type int64 (-18446744073709551616 "
            "overflows Go's int64)");
}

TEST(Cbor, MalformedItemsAreNamed) {
  EXPECT_EQ(check_cbor(""), "EOF");
  for (const char* cut : {"18", "1a0000", "61", "81", "a161", "9f01", "5f41", "d9d9", "d9d9f7"})
    EXPECT_EQ(check_cbor(bytes(cut)), "unexpected EOF") << cut;
  EXPECT_EQ(check_cbor(bytes("0001")), "cbor: 1 bytes of extraneous data starting at index 1");
  EXPECT_EQ(check_cbor(bytes("1c")), "cbor: invalid additional information 28 for type positive integer");
  EXPECT_EQ(check_cbor(bytes("ff")), "cbor: unexpected \"break\" code");
  EXPECT_EQ(check_cbor(bytes("bf01ff")), "cbor: unexpected \"break\" code");
  EXPECT_EQ(check_cbor(bytes("5f6100ff")),
            "cbor: wrong element type UTF-8 text string for indefinite-length byte string");
  EXPECT_EQ(check_cbor(bytes("5f5f4100ffff")),
            "cbor: indefinite-length byte string chunk is not definite-length");
  EXPECT_EQ(check_cbor(bytes("f818")), "cbor: invalid simple value 24 for type primitives");
}

TEST(Cbor, DepthAndSizeAreBounded) {
  EXPECT_EQ(check_cbor(std::string(64, '\x81') + "\x01"), "");
  EXPECT_EQ(check_cbor(std::string(65, '\x81') + "\x01"), "cbor: exceeded max nested level 64");
  EXPECT_EQ(check_cbor(std::string(100000, '\xc6') + "\x01"), "cbor: exceeded max nested level 64");
  EXPECT_EQ(check_cbor(bytes("9b7fffffffffffffff")),
            "cbor: exceeded max number of elements 1024 for CBOR array");
  EXPECT_EQ(check_cbor(bytes("b90401")), "cbor: exceeded max number of key-value pairs 1024 for CBOR map");
  EXPECT_EQ(check_cbor("\x9f" + std::string(1025, '\x01') + "\xff"),
            "cbor: exceeded max number of elements 1024 for CBOR array");
}

// A document of JSON, its strings as text strings or byte strings.
template <class T>
Result<DecodeResult> decode(std::string_view json, T& out, Strictness strictness = Strictness::Strict) {
  Result<Value> value = parse_json(json);
  EXPECT_TRUE(value) << json;
  return decode_cbor(api::type_of<T>(), encode_cbor(*value), &out, strictness);
}
template <class T>
std::string error_of(std::string_view json) {
  T out;
  Result<DecodeResult> result = decode(json, out);
  return result ? "(no error)" : result.error().message;
}

TEST(CborObjects, AreWrittenFieldByField) {
  corev1::Secret secret;
  secret.metadata.name = "s";
  secret.metadata.creationTimestamp = api::Time::from_unix(1'700'000'000);
  secret.data["k"] = api::Bytes(std::string("\x01\x02", 2));
  secret.immutable = true;
  const std::string expected = bytes("d9d9f7") +
                               "\xa5\x44kind\x46Secret\x4a"
                               "apiVersion\x42v1\x48metadata\xa2\x44name\x41s\x51"
                               "creationTimestamp\x54"
                               "2023-11-14T22:13:20Z\x49immutable\xf5\x44"
                               "data\xa1\x41k\xd6\x42\x01\x02";
  EXPECT_EQ(hex(encode_cbor(api::type_of<corev1::Secret>(), &secret, "v1", "Secret")), hex(expected));
}

TEST(CborObjects, AreReadWithTheirKindAndVersion) {
  corev1::Pod pod;
  Result<DecodeResult> result = decode(
      R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","labels":{"x":"y"},"creationTimestamp":null},
          "spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"1500m"}},
                  "readinessProbe":{"httpGet":{"port":"http"}}}],"hostNetwork":true,"priority":-5}})",
      pod);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->kind, "Pod");
  EXPECT_EQ(result->api_version, "v1");
  EXPECT_EQ(pod.metadata.labels["x"], "y");
  EXPECT_TRUE(pod.metadata.creationTimestamp.is_zero());
  EXPECT_EQ(pod.spec.containers.at(0).resources.limits["cpu"].str(), "1500m");
  EXPECT_EQ(pod.spec.priority, -5);
  EXPECT_TRUE(pod.spec.hostNetwork);
}

TEST(CborObjects, BytesAreRawBehindTheirTagAndBase64Without) {
  corev1::Secret secret;
  const api::Message& type = api::type_of<corev1::Secret>();
  const std::string both = bytes("a16464617461a24161d642ff004162484151494442413d3d");
  ASSERT_TRUE(decode_cbor(type, both, &secret));
  EXPECT_EQ(hex(secret.data["a"].data), "ff00");
  EXPECT_EQ(hex(secret.data["b"].data), "01020304");
  Result<DecodeResult> bad = decode_cbor(type,
                                         "\xa1\x64"
                                         "data\xa1\x41"
                                         "a\x42%%",
                                         &secret);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message,
            "cbor: failed to decode base64 from byte string: illegal base64 data at input byte 0");
}

TEST(CborObjects, TypeErrorsInGosWords) {
  EXPECT_EQ(error_of<appsv1::Deployment>(R"({"spec":{"replicas":"three"}})"),
            "cbor: cannot unmarshal byte string into Go struct field v1.Deployment.spec of type int32");
  EXPECT_EQ(error_of<appsv1::Deployment>(R"({"spec":{"replicas":1.0}})"),
            "cbor: cannot unmarshal primitives into Go struct field v1.Deployment.spec of type int32");
  EXPECT_EQ(error_of<appsv1::Deployment>(R"({"spec":{"replicas":3000000000}})"),
            "cbor: cannot unmarshal positive integer into Go struct field v1.Deployment.spec of type int32 "
            "(3000000000 overflows int32)");
  EXPECT_EQ(error_of<corev1::Pod>(R"({"spec":{"containers":{"a":1}}})"),
            "cbor: cannot unmarshal map into Go struct field v1.Pod.spec of type []v1.Container");
  EXPECT_EQ(error_of<corev1::Pod>(R"({"metadata":{"labels":{"a":1}}})"),
            "cbor: cannot unmarshal positive integer into Go struct field v1.Pod.metadata of type string");
  EXPECT_EQ(error_of<corev1::Pod>("[]"),
            "cbor: cannot unmarshal array into Go value of type v1.Pod (cannot decode CBOR array to struct "
            "without toarray option)");
}

TEST(CborObjects, UnknownFieldsAreToldByTheirIndexAndRefusedWhenStrict) {
  corev1::Pod pod;
  const std::string json = R"({"metadata":{"a":{"b":1},"name":"x"},"zzz":2})";
  Result<DecodeResult> warned = decode(json, pod, Strictness::Warn);
  ASSERT_TRUE(warned);
  EXPECT_EQ(warned->strict_errors,
            std::vector<std::string>{"cbor: found unknown field at map element index 0"});
  EXPECT_EQ(pod.metadata.name, "x");
  EXPECT_EQ(error_of<corev1::Pod>(json),
            "strict decoding error: cbor: found unknown field at map element index 0");
  EXPECT_TRUE(decode(json, pod, Strictness::Ignore)->strict_errors.empty());
}

TEST(CborObjects, DuplicatesAreRefusedWhateverTheStrictness) {
  corev1::Pod pod;
  auto error = [&](std::string_view item) {
    Result<DecodeResult> result = decode_cbor(api::type_of<corev1::Pod>(), item, &pod, Strictness::Ignore);
    return result ? "(no error)" : result.error().message;
  };
  const std::string twice = " at map element index 1";
  EXPECT_EQ(error("\xa2\x44kind\x43Pod\x64kind\x43Pod"), "cbor: found duplicate map key \"kind\"" + twice);
  EXPECT_EQ(error("\xa2\x44spec\xa0\x44spec\xa0"), "cbor: found duplicate map key \"spec\"" + twice);
  EXPECT_EQ(error("\xa2\x42no\x01\x42no\x01"), "cbor: found duplicate map key \"no\"" + twice);
  EXPECT_EQ(error("\xa2\x20\x01\x20\x02"), "cbor: found duplicate map key -1" + twice);
  EXPECT_EQ(error("\xa1\x48metadata\xa1\x46labels\xa2\x41x\x41y\x61x\x41y"),
            "cbor: found duplicate map key \"x\"" + twice);
}

TEST(CborObjects, SayWhatTheyAre) {
  Value value;
  value["apiVersion"] = Value("apps/v1");
  value["kind"] = Value("Deployment");
  value["spec"] = Value("anything");
  Result<TypeMeta> meta = interpret_cbor(encode_cbor(value));
  ASSERT_TRUE(meta) << meta.error().message;
  EXPECT_EQ(meta->api_version + " " + meta->kind, "apps/v1 Deployment");
  EXPECT_EQ(interpret_cbor("\x80").error().message,
            "unable to determine group/version/kind: cbor: cannot unmarshal array into Go value of type "
            "v1.TypeMeta (cannot decode CBOR array to struct without toarray option)");
}

}  // namespace
}  // namespace xebec::codec
