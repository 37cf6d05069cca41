#include "apiserver/registry/test_server.h"

namespace xebec::apiserver::testing {
namespace {

TEST(RegistryCreate, FillsSystemFieldsAndStores) {
  TestServer server;
  auto made = server.create(server.config_maps(), "default", api::Object::of(config_map("a")));
  ASSERT_TRUE(made) << made.error().message;
  const auto& meta = *made->object.meta();
  EXPECT_EQ(meta.namespace_, "default");
  EXPECT_EQ(meta.uid.size(), 36u);
  EXPECT_EQ(meta.creationTimestamp.seconds, 1'800'000'000);
  EXPECT_FALSE(meta.resourceVersion.empty());
  auto got = server.get(server.config_maps(), "default", "a");
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(*(*got)->object().value(), made->object);
  EXPECT_EQ((*got)->meta().uid, meta.uid);
}

TEST(RegistryCreate, TwiceIsAConflict) {
  TestServer server;
  ASSERT_TRUE(server.create(server.config_maps(), "default", api::Object::of(config_map("a"))));
  auto again = server.create(server.config_maps(), "default", api::Object::of(config_map("a")));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, 409);
  EXPECT_EQ(again.error().message, "configmaps \"a\" already exists");
  WriteOptions dry;
  dry.dry_run = true;
  EXPECT_FALSE(server.create(server.config_maps(), "default", api::Object::of(config_map("a")), dry));
}

TEST(RegistryCreate, SaysWhenTheOldOneIsBeingDeleted) {
  TestServer server;
  corev1::ConfigMap map = config_map("a");
  map.metadata.finalizers = {"example.com/f"};
  ASSERT_TRUE(server.create(server.config_maps(), "default", api::Object::of(map)));
  ASSERT_TRUE(server.remove(server.config_maps(), "default", "a"));
  auto again = server.create(server.config_maps(), "default", api::Object::of(config_map("a")));
  EXPECT_EQ(again.error().message, "object is being deleted: configmaps \"a\" already exists");
}

TEST(RegistryCreate, GeneratesNames) {
  TestServer server;
  corev1::ConfigMap map = config_map("");
  map.metadata.generateName = "web-";
  auto made = server.create(server.config_maps(), "default", api::Object::of(map));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->object.meta()->name.size(), 9u);
  EXPECT_TRUE(made->object.meta()->name.starts_with("web-"));
}

TEST(RegistryCreate, RefusesAnotherNamespace) {
  TestServer server;
  corev1::ConfigMap map = config_map("a");
  map.metadata.namespace_ = "other";
  auto made = server.create(server.config_maps(), "default", api::Object::of(map));
  EXPECT_EQ(made.error().code, 400);
  EXPECT_EQ(made.error().message,
            "the namespace of the provided object does not match the namespace sent on the request");
}

TEST(RegistryCreate, NamesInvalidMetadata) {
  TestServer server;
  corev1::ConfigMap map = config_map("Bad_Name");
  map.metadata.labels["a b"] = "c";
  auto made = server.create(server.config_maps(), "default", api::Object::of(map));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, 422);
  ASSERT_EQ(made.error().details.causes.size(), 2u);
  EXPECT_EQ(made.error().details.causes[0].field, "metadata.name");
  EXPECT_EQ(made.error().details.causes[0].message,
            "Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain must consist of lower case "
            "alphanumeric characters, "
            "'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex "
            "used for validation "
            "is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
  EXPECT_EQ(made.error().details.causes[1].field, "metadata.labels");
  auto unnamed = server.create(server.config_maps(), "default", api::Object::of(config_map("")));
  EXPECT_EQ(unnamed.error().message,
            "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required");
}

TEST(RegistryCreate, DryRunStoresNothing) {
  TestServer server;
  WriteOptions dry;
  dry.dry_run = true;
  auto made = server.create(server.config_maps(), "default", api::Object::of(config_map("a")), dry);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(made->object.meta()->uid.empty());
  EXPECT_EQ(server.get(server.config_maps(), "default", "a").error().message, "configmaps \"a\" not found");
}

TEST(RegistryCreate, PreparesPods) {
  TestServer server;
  corev1::Pod sent = pod("p");
  sent.status.phase = "Running";
  sent.spec.containers[0].resources.requests["cpu"] = api::Quantity(1);
  auto made = server.create(server.pods(), "default", api::Object::of(sent));
  ASSERT_TRUE(made) << made.error().message;
  const auto& got = made->object.get<corev1::Pod>();
  EXPECT_EQ(got.status.phase, "Pending");
  EXPECT_EQ(got.status.qosClass, "Burstable");
  EXPECT_EQ(got.metadata.generation, 1);
}

TEST(RegistryCreate, TracksFields) {
  TestServer server;
  WriteOptions options;
  options.field_manager = "kubectl";
  options.request_kind = {"", "v1", "ConfigMap"};
  auto made = server.create(server.config_maps(), "default", api::Object::of(config_map("a")), options);
  ASSERT_TRUE(made) << made.error().message;
  const auto& entries = made->object.meta()->managedFields;
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].manager, "kubectl");
  EXPECT_EQ(entries[0].operation, "Update");
  EXPECT_EQ(entries[0].apiVersion, "v1");
  ASSERT_TRUE(entries[0].fieldsV1);
  EXPECT_EQ(entries[0].fieldsV1->raw, R"({"f:data":{".":{},"f:k":{}}})");
}

TEST(RegistryCreate, MergesStringDataOfSecrets) {
  TestServer server;
  corev1::Secret secret;
  secret.metadata.name = "s";
  secret.type = "Opaque";
  secret.stringData["a"] = "b";
  auto made = server.create(server.registry("", "secrets"), "default", api::Object::of(secret));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->object.get<corev1::Secret>().data.get("a")->data, "b");
  EXPECT_TRUE(made->object.get<corev1::Secret>().stringData.empty());
}

}  // namespace
}  // namespace xebec::apiserver::testing
