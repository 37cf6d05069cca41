#include "apiserver/schema/validate.h"

#include <gtest/gtest.h>

#include "apiserver/schema/defaults.h"
#include "apiserver/schema/formats.h"
#include "apiserver/schema/prune.h"
#include "codec/json.h"

namespace xebec::apiserver::schema {
namespace {

Schema schema_of(std::string_view text) {
  Schema out;
  const auto result = codec::decode_json(api::type_of<Schema>(), text, &out);
  EXPECT_TRUE(result) << text;
  return out;
}

codec::Value value_of(std::string_view text) {
  Result<codec::Value> out = codec::parse_json(text);
  EXPECT_TRUE(out) << text;
  return *out;
}

std::vector<std::string> texts(const field::Errors& errors) {
  std::vector<std::string> out;
  out.reserve(errors.size());
  for (const field::Error& error : errors) out.push_back(error.field + ": " + error.body);
  return out;
}

using Texts = std::vector<std::string>;

Texts wrong(std::string_view schema, std::string_view value) {
  return texts(validate_value(field::Path("spec"), value_of(value), schema_of(schema)));
}

TEST(SchemaValidation, Types) {
  EXPECT_EQ(wrong(R"({"type":"string"})", "1"),
            Texts{R"(spec: Invalid value: "integer":  in body must be of type string: "integer")"});
  EXPECT_EQ(wrong(R"({"type":"object","properties":{"a":{"type":"integer"}}})", R"({"a":"x"})"),
            Texts{R"(spec.a: Invalid value: "string": a in body must be of type integer: "string")"});
  EXPECT_EQ(wrong(R"({"type":"object","properties":{"a":{"type":"integer"}}})", R"({"a":null})"),
            Texts{R"(spec.a: Invalid value: "null": a in body must be of type integer: "null")"});
  EXPECT_EQ(wrong(R"({"type":"integer","nullable":true})", "null"), Texts{});
  EXPECT_EQ(wrong(R"({"type":"integer"})", "2.0"), Texts{});
  EXPECT_EQ(wrong(R"({"type":"number"})", "2"), Texts{});
  EXPECT_EQ(wrong(R"({"x-kubernetes-int-or-string":true})", "true"),
            Texts{R"(spec: Invalid value: "boolean":  in body must be of type integer,string: "boolean")"});
}

TEST(SchemaValidation, Strings) {
  EXPECT_EQ(wrong(R"({"type":"string","maxLength":2})", R"("äöü")"),
            Texts{"spec: Too long: may not be more than 2 bytes"});
  EXPECT_EQ(wrong(R"({"type":"string","maxLength":3})", R"("äöü")"), Texts{});
  EXPECT_EQ(wrong(R"({"type":"string","minLength":2,"pattern":"b"})", R"("a")"),
            Texts{R"(spec: Invalid value: "a":  in body should be at least 2 chars long)"});
  EXPECT_EQ(wrong(R"({"type":"string","pattern":"^b"})", R"("ab")"),
            Texts{R"(spec: Invalid value: "ab":  in body should match '^b')"});
  EXPECT_EQ(wrong(R"({"type":"string","format":"ipv4"})", R"("1.2.3")"),
            Texts{R"(spec: Invalid value: "1.2.3":  in body must be of type ipv4: "1.2.3")"});
  EXPECT_EQ(wrong(R"({"type":"string","enum":["a","b"]})", R"("c")"),
            Texts{R"(spec: Unsupported value: "c": supported values: "a", "b")"});
}

TEST(SchemaValidation, Numbers) {
  EXPECT_EQ(wrong(R"({"type":"integer","minimum":1,"maximum":5})", "7"),
            Texts{"spec: Invalid value: 7:  in body should be less than or equal to 5"});
  EXPECT_EQ(wrong(R"({"type":"number","minimum":1.5,"exclusiveMinimum":true})", "1.5"),
            Texts{"spec: Invalid value: 1.5:  in body should be greater than 1.5"});
  EXPECT_EQ(wrong(R"({"type":"integer","multipleOf":3})", "7"),
            Texts{"spec: Invalid value: 7:  in body should be a multiple of 3"});
  EXPECT_EQ(wrong(R"({"type":"integer","multipleOf":0.5})", "7"), Texts{});
}

TEST(SchemaValidation, ListsAndObjects) {
  EXPECT_EQ(wrong(R"({"type":"array","maxItems":1,"items":{"type":"string"}})", R"(["a",2])"),
            (Texts{R"(spec.[1]: Invalid value: "integer": [1] in body must be of type string: "integer")",
                   "spec: Too many: 2: must have at most 1 item"}));
  EXPECT_EQ(wrong(R"({"type":"object","required":["a"],"minProperties":1})", R"({"b":1})"),
            Texts{"spec.a: Required value"});
  EXPECT_EQ(wrong(R"({"type":"object","additionalProperties":{"type":"string"}})", R"({"b":1})"),
            Texts{R"(spec.b: Invalid value: "integer": .b in body must be of type string: "integer")"});
}

TEST(SchemaValidation, Quantifiers) {
  EXPECT_EQ(wrong(R"({"type":"integer","anyOf":[{"minimum":5},{"maximum":1}]})", "3"),
            (Texts{R"(spec: Invalid value: "": "" must validate at least one schema (anyOf))",
                   "spec: Invalid value: 3:  in body should be greater than or equal to 5"}));
  EXPECT_EQ(
      wrong(R"({"type":"integer","oneOf":[{"minimum":1},{"maximum":9}]})", "3"),
      Texts{
          R"(spec: Invalid value: "": "" must validate one and only one schema (oneOf). Found 2 valid alternatives)"});
  EXPECT_EQ(wrong(R"({"type":"integer","allOf":[{"minimum":5}]})", "3"),
            (Texts{"spec: Invalid value: 3:  in body should be greater than or equal to 5",
                   R"(spec: Invalid value: "": "" must validate all the schemas (allOf). None validated)"}));
  EXPECT_EQ(wrong(R"({"type":"integer","not":{"minimum":1}})", "3"),
            Texts{R"(spec: Invalid value: "": "" must not validate the schema (not))"});
}

TEST(SchemaValidation, Formats) {
  EXPECT_TRUE(has_format("date", "2024-02-29"));
  EXPECT_FALSE(has_format("date", "2023-02-29"));
  EXPECT_TRUE(has_format("cidr", "10.0.0.0/8"));
  EXPECT_FALSE(has_format("cidr", "10.0.0.0/33"));
  EXPECT_TRUE(has_format("k8s-short-name", "a-b"));
  EXPECT_FALSE(has_format("k8s-short-name", "a.b"));
  EXPECT_TRUE(has_format("mac", "00:00:5e:00:53:01"));
  EXPECT_FALSE(has_format("mac", "00:00-5e:00:53:01"));
  EXPECT_TRUE(has_format("no-such", "x"));
}

std::string pruned(std::string_view schema, std::string_view value, bool resource) {
  codec::Value out = value_of(value);
  prune(out, schema_of(schema), resource);
  return codec::to_json(out);
}

TEST(SchemaPruning, DropsWhatIsNotNamed) {
  constexpr std::string_view kSchema =
      R"({"type":"object","properties":{"a":{"type":"object","additionalProperties":{"type":"object"}},)"
      R"("l":{"type":"array","items":{"type":"object","properties":{"x":{"type":"string"}}}}}})";
  EXPECT_EQ(pruned(kSchema, R"({"a":{"k":{"y":1}},"b":1,"l":[{"x":"1","y":2}],"kind":"K"})", false),
            R"({"a":{"k":{}},"l":[{"x":"1"}]})");
  EXPECT_EQ(pruned(kSchema, R"({"kind":"K","metadata":{"z":1},"b":1})", true),
            R"({"kind":"K","metadata":{"z":1}})");
}

TEST(SchemaPruning, UnknownFieldsMayBeKept) {
  constexpr std::string_view kSchema =
      R"({"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":)"
      R"({"a":{"type":"object","properties":{"x":{"type":"string"}}}}})";
  EXPECT_EQ(pruned(kSchema, R"({"a":{"x":"1","y":2},"b":{"c":1}})", false), R"({"a":{"x":"1"},"b":{"c":1}})");
}

TEST(SchemaDefaults, FitTheirSchema) {
  const auto check = [](std::string_view schema) {
    return texts(check_defaults(field::Path("s"), schema_of(schema), true));
  };
  EXPECT_EQ(
      check(R"({"type":"object","properties":{"a":{"type":"integer","minimum":2,"default":1}}})"),
      Texts{"s.properties[a].default: Invalid value: 1:  in body should be greater than or equal to 2"});
  EXPECT_EQ(check(R"({"type":"object","properties":{"a":{"type":"object","default":{"b":1}}}})"),
            Texts{R"(s.properties[a].default: Invalid value: {"b":1}: must not have unknown fields)"});
  const std::string embedded =
      R"({"type":"object","properties":{"e":{"type":"object","x-kubernetes-embedded-resource":true,)"
      R"("properties":{"metadata":{"type":"object","properties":{"name":{"type":"string","default":"a/b"}}}}}}})";
  EXPECT_EQ(
      check(embedded),
      Texts{
          R"(s.properties[e].properties[metadata].properties[name].default: Invalid value: "a/b": must result in valid metadata: metadata.name: Invalid value: "a/b": may not contain '/')"});
  EXPECT_EQ(
      check(
          R"({"type":"object","properties":{"e":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true,"default":{"kind":"K"}}}})"),
      Texts{"s.properties[e].default.apiVersion: Required value"});
}

}  // namespace
}  // namespace xebec::apiserver::schema
