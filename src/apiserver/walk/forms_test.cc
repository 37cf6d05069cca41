// Every stored resource in every form an answer can have: protobuf, YAML, CBOR, Table, PartialObjectMetadata.
#include <gmock/gmock.h>

#include "apiserver/walk/stored.h"
#include "codec/cbor/cbor.h"
#include "codec/protobuf.h"
#include "codec/yaml.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::HasSubstr;

const std::string kProtobuf = "application/vnd.kubernetes.protobuf";

class EveryForm : public StoredResource {
 protected:
  codec::Value get_as(const std::string& target, const std::string& accept) {
    auto [status, got] = api_.call({"GET", target, "", {{"Accept", accept}}});
    EXPECT_EQ(status, 200) << codec::to_json(got);
    return std::move(got);
  }
  // What a JSON client would see of a protobuf document.
  codec::Value of_protobuf(http::Response& response) {
    EXPECT_EQ(response.headers.get("Content-Type"), kProtobuf);
    auto object = codec::decode_protobuf_envelope(api_.server.scheme, api_.text(response));
    EXPECT_TRUE(object) << object.error().message;
    return object ? parsed(codec::encode_json(object->type(), object->data(), walker_.api_version(),
                                              object->gvk().kind))
                  : codec::Value();
  }
};
INSTANTIATE_TEST_SUITE_P(Walk, EveryForm, ::testing::ValuesIn(stored_keys()), test_name);

TEST_P(EveryForm, IsSentAndReadAsProtobuf) {
  Result<api::Object> typed = codec::decode_json(*walker_.resource->message, walker_.body());
  ASSERT_TRUE(typed) << typed.error().message;
  const api::GroupVersionKind gvk{std::string(walker_.resource->group),
                                  std::string(walker_.resource->version),
                                  std::string(walker_.resource->kind)};
  const std::string bytes = codec::encode_protobuf_envelope(gvk, typed->type(), typed->data());
  http::Response made =
      api_.send({"POST", walker_.collection(), bytes, {{"Content-Type", kProtobuf}, {"Accept", kProtobuf}}});
  ASSERT_EQ(made.status, 201) << api_.text(made);
  const codec::Value created = of_protobuf(made);

  auto [status, json] = api_.call({"GET", walker_.item()});
  EXPECT_EQ(codec::to_json(created), codec::to_json(json));
  http::Response got = api_.send({"GET", walker_.item(), "", {{"Accept", kProtobuf}}});
  EXPECT_EQ(codec::to_json(of_protobuf(got)), codec::to_json(json));

  http::Response listed = api_.send({"GET", walker_.collection(), "", {{"Accept", kProtobuf}}});
  const codec::Value list = of_protobuf(listed);
  EXPECT_EQ(codec::to_json(list), codec::to_json(get_as(walker_.collection(), "application/json")));

  http::Response gone = api_.send({"DELETE", walker_.item(), "", {{"Accept", kProtobuf}}});
  EXPECT_EQ(gone.status, 200);
  EXPECT_EQ(gone.headers.get("Content-Type"), kProtobuf);
}

TEST_P(EveryForm, IsSentAndReadAsYaml) {
  const std::string yaml = codec::encode_yaml(walker_.object);
  http::Response made = api_.send({"POST",
                                   walker_.collection(),
                                   yaml,
                                   {{"Content-Type", "application/yaml"}, {"Accept", "application/yaml"}}});
  ASSERT_EQ(made.status, 201) << api_.text(made);
  EXPECT_EQ(made.headers.get("Content-Type"), "application/yaml");
  Result<codec::Value> read = codec::parse_yaml(api_.text(made));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(codec::to_json(*read), codec::to_json(get_as(walker_.item(), "application/json")));
}

TEST_P(EveryForm, IsSentAndReadAsCbor) {
  auto of_cbor = [this](http::Response& response) {
    EXPECT_EQ(response.headers.get("Content-Type"), "application/cbor");
    const std::string bytes = api_.text(response);
    EXPECT_TRUE(bytes.starts_with(codec::kCborMagic));
    Result<codec::Value> value = codec::parse_cbor(bytes);
    EXPECT_TRUE(value) << value.error().message;
    return value ? codec::to_json(*value) : std::string();
  };
  http::Response made = api_.send({"POST",
                                   walker_.collection(),
                                   codec::encode_cbor(walker_.object),
                                   {{"Content-Type", "application/cbor"}, {"Accept", "application/cbor"}}});
  ASSERT_EQ(made.status, 201) << of_cbor(made);
  const std::string json = codec::to_json(get_as(walker_.item(), "application/json"));
  EXPECT_EQ(of_cbor(made), json);
  for (const std::string& view : {std::string(), std::string(";as=Table;v=v1;g=meta.k8s.io")}) {
    for (const std::string& target : {walker_.item(), walker_.collection()}) {
      http::Response got = api_.send({"GET", target, "", {{"Accept", "application/cbor" + view}}});
      EXPECT_EQ(of_cbor(got), codec::to_json(get_as(target, "application/json" + view))) << target << view;
    }
  }
  http::Response missing =
      api_.send({"GET", walker_.collection() + "/nobody", "", {{"Accept", "application/cbor"}}});
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(of_cbor(missing), HasSubstr("\"reason\":\"NotFound\""));
}

TEST_P(EveryForm, IsShownAsATable) {
  create();
  for (const std::string& target : {walker_.item(), walker_.collection()}) {
    const codec::Value table =
        get_as(target, "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
    EXPECT_EQ(at(table, {"kind"}), "Table");
    EXPECT_EQ(at(table, {"apiVersion"}), "meta.k8s.io/v1");
    const codec::ValueList columns = list_of(table, {"columnDefinitions"});
    ASSERT_EQ(columns.size(), walker_.resource->columns.size());
    for (size_t i = 0; i < columns.size(); ++i) {
      EXPECT_EQ(at(columns[i], {"name"}), walker_.resource->columns[i].name);
      EXPECT_EQ(at(columns[i], {"type"}), walker_.resource->columns[i].type);
    }
    const codec::ValueList rows = list_of(table, {"rows"});
    ASSERT_EQ(rows.size(), 1u);
    const codec::ValueList cells = list_of(rows[0], {"cells"});
    ASSERT_EQ(cells.size(), columns.size());
    for (size_t i = 0; i < cells.size(); ++i) {
      if (at(columns[i], {"name"}) != "Name") continue;
      EXPECT_EQ(cells[i].string_or(), walker_.name());
    }
    EXPECT_EQ(at(rows[0], {"object", "kind"}), "PartialObjectMetadata");
    EXPECT_EQ(at(rows[0], {"object", "metadata", "name"}), walker_.name());
  }
  auto rows_with = [this](const std::string& include) {
    return list_of(get_as(walker_.collection() + "?includeObject=" + include,
                          "application/json;as=Table;v=v1;g=meta.k8s.io"),
                   {"rows"});
  };
  EXPECT_EQ(at(rows_with("Object")[0], {"object", "kind"}), walker_.resource->kind);
  EXPECT_EQ(at(rows_with("None")[0], {"object"}), "null");
}

TEST_P(EveryForm, IsShownAsMetadataOnly) {
  const codec::Value made = create();
  const codec::Value one =
      get_as(walker_.item(), "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");
  EXPECT_EQ(at(one, {"kind"}), "PartialObjectMetadata");
  EXPECT_EQ(at(one, {"apiVersion"}), "meta.k8s.io/v1");
  EXPECT_TRUE(*one.find("metadata") == *made.find("metadata"));
  EXPECT_EQ(one.as_map()->size(), 3u);
  const codec::Value list =
      get_as(walker_.collection(), "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io");
  EXPECT_EQ(at(list, {"kind"}), "PartialObjectMetadataList");
  ASSERT_EQ(list_of(list, {"items"}).size(), 1u);
  EXPECT_TRUE(*list_of(list, {"items"})[0].find("metadata") == *made.find("metadata"));

  http::Response bytes = api_.send(
      {"GET", walker_.item(), "", {{"Accept", kProtobuf + ";as=PartialObjectMetadata;v=v1;g=meta.k8s.io"}}});
  auto object = codec::decode_protobuf_envelope(api_.server.scheme, api_.text(bytes));
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ(object->meta()->name, walker_.name());
}

TEST_P(EveryForm, IsRefusedInOthers) {
  create();
  auto [status, refused] = api_.call({"GET", walker_.item(), "", {{"Accept", "text/html"}}});
  EXPECT_EQ(status, 406);
  EXPECT_THAT(at(refused, {"message"}), HasSubstr("only the following media types are accepted: "));
  EXPECT_EQ(at(refused, {"reason"}), "NotAcceptable");
  auto [status2, refused2] = api_.call({"POST", walker_.collection(), "x", {{"Content-Type", "text/plain"}}});
  EXPECT_EQ(status2, 415);
  EXPECT_THAT(at(refused2, {"message"}), HasSubstr("accepted media types include: "));
}

TEST_P(EveryForm, IsRefusedWhenTheBodyIsNoneOfIt) {
  auto post = [this](const std::string& body) { return api_.call({"POST", walker_.collection(), body}); };
  auto [status, garbled] = post("{");
  EXPECT_EQ(status, 400) << codec::to_json(garbled);
  EXPECT_EQ(at(garbled, {"message"}),
            "the object provided is unrecognized (must be of type " + std::string(walker_.resource->kind) +
                "): couldn't get version/kind; json parse error: unexpected end of JSON "
                "input ({)");
  codec::Value object = walker_.object;
  object.set_path({"kind"}, "Nonsense");
  auto [status2, other] = post(codec::to_json(object));
  EXPECT_EQ(status2, 400);
  EXPECT_THAT(at(other, {"message"}),
              HasSubstr("Nonsense in version \"" + std::string(walker_.resource->version) +
                        "\" cannot be handled as a " + std::string(walker_.resource->kind)));
  object.set_path({"kind"}, walker_.resource->kind);
  object.set_path({"apiVersion"}, "example.com/v1");
  auto [status3, version] = post(codec::to_json(object));
  EXPECT_EQ(status3, 400);
  const std::string kind(walker_.resource->kind);
  EXPECT_EQ(at(version, {"message"}), kind + " in version \"v1\" cannot be handled as a " + kind +
                                          ": no kind \"" + kind +
                                          "\" is registered for version \"example.com/v1\" in scheme "
                                          "\"pkg/api/legacyscheme/scheme.go:30\"");
  object = walker_.object;
  object.set_path({"metadata"}, "text");
  EXPECT_EQ(post(codec::to_json(object)).first, 400);
}

}  // namespace
}  // namespace xebec::apiserver::testing
