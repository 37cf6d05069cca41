#include "codec/managed_fields.h"

#include "api/gen/appsv1.h"
#include "api/gen/corev1.h"
#include "api/gen/metav1.h"
#include "codec/field_compare.h"
#include "codec/json.h"

namespace xebec::codec {
namespace {

Value json(std::string_view text) {
  auto value = parse_json(text);
  EXPECT_TRUE(value) << text << ": " << value.error().message;
  return value ? *value : Value();
}

template <class T>
T typed(std::string_view text) {
  T object;
  auto result = decode_json(api::type_of<T>(), text, &object);
  EXPECT_TRUE(result) << result.error().message;
  return object;
}

FieldSet fields(std::string_view text) {
  auto set = FieldSet::parse(text);
  EXPECT_TRUE(set) << text;
  return set ? *set : FieldSet();
}

constexpr std::string_view kDeployment = R"({
  "metadata":{"name":"web","namespace":"default","labels":{"app":"web"}},
  "spec":{"replicas":2,"selector":{"matchLabels":{"app":"web"}},
    "template":{"metadata":{"labels":{"app":"web"}},
      "spec":{"containers":[{"name":"c","image":"nginx","ports":[{"containerPort":80,"protocol":"TCP"}],
                             "resources":{},"env":[{"name":"A","value":"1"}]}]}}}})";

TEST(FieldSets, RoundTripTheirJson) {
  std::string text =
      R"({"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:finalizers":{"v:\"a\"":{}},"f:ports":{".":{},)"
      R"("k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}},"f:x":{"i:3":{}}}})";
  EXPECT_EQ(fields(text).serialize(), text);
  EXPECT_FALSE(FieldSet::parse(R"({"x":{}})"));
}

TEST(FieldSets, SetAlgebra) {
  FieldSet a = fields(R"({"f:a":{".":{},"f:b":{}},"f:c":{}})"),
           b = fields(R"({"f:a":{"f:b":{},"f:d":{}},"f:e":{}})");
  EXPECT_EQ(a.union_with(b).serialize(), R"({"f:a":{".":{},"f:b":{},"f:d":{}},"f:c":{},"f:e":{}})");
  EXPECT_EQ(a.intersection(b).serialize(), R"({"f:a":{"f:b":{}}})");
  EXPECT_EQ(a.difference(b).serialize(), R"({"f:a":{},"f:c":{}})");
  EXPECT_EQ(b.recursive_difference(fields(R"({"f:a":{}})")).serialize(), R"({"f:e":{}})");
}

TEST(FieldSets, PathsAsErrorsShowThem) {
  EXPECT_EQ(
      path_string(
          fields(R"({"f:spec":{"f:c":{"k:{\"name\":\"x\",\"port\":1}":{"f:image":{}}}}})").paths().at(0)),
      R"(.spec.c[name="x",port=1].image)");
}

TEST(ManagedFields, OfACreatedObjectAreUpstreams) {
  auto zero = appsv1::Deployment();
  auto made = typed<appsv1::Deployment>(kDeployment);
  FieldWrite write{.manager = "kubectl-create",
                   .api_version = "apps/v1",
                   .subresource = "",
                   .now = api::Time::from_unix(1700000000),
                   .type = MergeType::of(api::type_of<appsv1::Deployment>())};
  ManagedFieldsList none;
  auto entries = update_managed_fields(write, {.live = View(api::type_of<appsv1::Deployment>(), &zero),
                                               .updated = View(api::type_of<appsv1::Deployment>(), &made),
                                               .create = true,
                                               .live_entries = none,
                                               .sent_entries = none});
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ(entries->at(0).manager, "kubectl-create");
  EXPECT_EQ(entries->at(0).operation, "Update");
  EXPECT_EQ(
      entries->at(0).fieldsV1->raw,
      R"({"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:replicas":{},"f:selector":{},"f:template":{"f:metadata":)"
      R"({"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:env":{".":{},"k:{\"name\":\"A\"}":)"
      R"({".":{},"f:name":{},"f:value":{}}},"f:image":{},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":)"
      R"({".":{},"f:containerPort":{},"f:protocol":{}}},"f:resources":{}}}}}}})");
}

class DeploymentWrites : public ::testing::Test {
 protected:
  FieldWrite write(std::string manager, std::string subresource = "") {
    return {.manager = std::move(manager),
            .api_version = "apps/v1",
            .subresource = std::move(subresource),
            .now = api::Time::from_unix(++now_),
            .type = MergeType::of(api::type_of<appsv1::Deployment>())};
  }
  Result<ManagedFieldsList> update(FieldWrite w, const Value& live, const Value& updated,
                                   const ManagedFieldsList& entries, bool create = false) {
    return update_managed_fields(w, {.live = View(live),
                                     .updated = View(updated),
                                     .create = create,
                                     .live_entries = entries,
                                     .sent_entries = {}});
  }
  Value tree(std::string_view text) {
    Value value = json(text);
    value["apiVersion"] = "apps/v1";
    value["kind"] = "Deployment";
    return value;
  }
  int64_t now_ = 1000;
};

TEST_F(DeploymentWrites, AnUpdateTakesWhatItChanges) {
  Value empty = tree("{}"), v1 = tree(R"({"spec":{"replicas":1,"paused":true}})"),
        v2 = tree(R"({"spec":{"replicas":3,"paused":true}})");
  auto first = update(write("a"), empty, v1, {}, true);
  ASSERT_TRUE(first);
  auto second = update(write("b"), v1, v2, *first);
  ASSERT_TRUE(second);
  ASSERT_EQ(second->size(), 2u);
  EXPECT_EQ(second->at(0).manager, "a");
  EXPECT_EQ(second->at(0).fieldsV1->raw, R"({"f:spec":{".":{},"f:paused":{}}})");
  EXPECT_EQ(second->at(1).fieldsV1->raw, R"({"f:spec":{"f:replicas":{}}})");
  // Nothing changed: nothing is recorded, not even the time.
  auto third = update(write("c"), v2, v2, *second);
  ASSERT_TRUE(third);
  EXPECT_TRUE(*third == *second);
  // Removed fields are nobody's.
  auto fourth = update(write("b"), v2, tree(R"({"spec":{"paused":true}})"), *second);
  ASSERT_TRUE(fourth);
  EXPECT_EQ(fourth->size(), 1u);
}

TEST_F(DeploymentWrites, UntrackedObjectsStayUntracked) {
  auto entries = update(write("a"), tree("{}"), tree(R"({"spec":{"replicas":1}})"), {}, false);
  ASSERT_TRUE(entries);
  EXPECT_TRUE(entries->empty());
}

TEST_F(DeploymentWrites, OldUpdatesAreMerged) {
  Value live = tree("{}");
  ManagedFieldsList entries;
  for (int i = 0; i < 15; ++i) {
    Value next = live;
    next.set_path({"metadata", "labels", "l" + std::to_string(i)}, "x");
    auto result = update(write("manager" + std::to_string(i)), live, next, entries, i == 0);
    ASSERT_TRUE(result);
    entries = *result;
    live = next;
  }
  EXPECT_EQ(entries.size(), 10u);
  EXPECT_EQ(entries[0].manager, "ancient-changes");
}

TEST_F(DeploymentWrites, ApplyMergesOwnsAndPrunes) {
  Value live = tree(R"({"metadata":{"name":"web"}})");
  Value config = tree(R"({"metadata":{"name":"web","labels":{"a":"1","b":"2"}},"spec":{"replicas":1}})");
  auto first = apply_fields(write("me"), {.live = live, .config = config, .live_entries = {}});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(to_json(*first->object.find("spec")), R"({"replicas":1})");
  ASSERT_EQ(first->entries.size(), 1u);
  EXPECT_EQ(first->entries[0].operation, "Apply");
  EXPECT_EQ(first->entries[0].fieldsV1->raw,
            R"({"f:metadata":{"f:labels":{"f:a":{},"f:b":{}}},"f:spec":{"f:replicas":{}}})");

  Value smaller = tree(R"({"metadata":{"name":"web","labels":{"a":"1"}},"spec":{"replicas":1}})");
  auto second =
      apply_fields(write("me"), {.live = first->object, .config = smaller, .live_entries = first->entries});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(to_json(*second->object.at_path({"metadata", "labels"})), R"({"a":"1"})");
  auto third =
      apply_fields(write("me"), {.live = second->object, .config = smaller, .live_entries = second->entries});
  ASSERT_TRUE(third);
  EXPECT_FALSE(third->changed);
  EXPECT_TRUE(third->entries == second->entries);
}

TEST_F(DeploymentWrites, ApplyConflictsUnlessForced) {
  Value empty = tree("{}"), live = tree(R"({"spec":{"replicas":3,"paused":true}})");
  auto entries = update(write("kubectl-client-side-apply"), empty, live, {}, true);
  ASSERT_TRUE(entries);
  Value config = tree(R"({"spec":{"replicas":5}})");
  auto refused = apply_fields(write("me"), {.live = live, .config = config, .live_entries = *entries});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 409);
  EXPECT_EQ(
      refused.error().message,
      R"(Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas)");
  ASSERT_EQ(refused.error().details.causes.size(), 1u);
  EXPECT_EQ(refused.error().details.causes[0].field, ".spec.replicas");
  EXPECT_EQ(refused.error().details.causes[0].reason, "FieldManagerConflict");
  auto both = apply_fields(
      write("me"),
      {.live = live, .config = tree(R"({"spec":{"replicas":5,"paused":false}})"), .live_entries = *entries});
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().message,
            "Apply failed with 2 conflicts: conflicts with \"kubectl-client-side-apply\" using apps/v1:\n- "
            ".spec.paused\n- .spec.replicas");
  auto forced =
      apply_fields(write("me"), {.live = live, .config = config, .live_entries = *entries, .force = true});
  ASSERT_TRUE(forced);
  EXPECT_EQ(forced->object.at_path({"spec", "replicas"})->int_or(0), 5);
  ASSERT_EQ(forced->entries.size(), 2u);
  EXPECT_EQ(forced->entries[1].fieldsV1->raw, R"({"f:spec":{".":{},"f:paused":{}}})");
}

TEST_F(DeploymentWrites, ApplyMergesAssociativeListsAndKeepsOthersItems) {
  Value live = tree(R"({"spec":{"template":{"spec":{"containers":[{"name":"sidecar","image":"s"}]}}}})");
  auto entries = update(write("injector"), tree("{}"), live, {}, true);
  Value config = tree(R"({"spec":{"template":{"spec":{"containers":[{"name":"c","image":"i"}]}}}})");
  auto applied = apply_fields(write("me"), {.live = live, .config = config, .live_entries = *entries});
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(to_json(*applied->object.at_path({"spec", "template", "spec", "containers"})),
            R"([{"image":"s","name":"sidecar"},{"image":"i","name":"c"}])");
  // Dropping the container takes it away, and only it.
  auto dropped = apply_fields(write("me"), {.live = applied->object,
                                            .config = tree(R"({"spec":{"paused":true}})"),
                                            .live_entries = applied->entries});
  ASSERT_TRUE(dropped) << dropped.error().message;
  EXPECT_EQ(to_json(*dropped->object.at_path({"spec", "template", "spec", "containers"})),
            R"([{"image":"s","name":"sidecar"}])");
}

TEST_F(DeploymentWrites, ApplyRefusesManagedFieldsAndOtherVersions) {
  Value live = tree("{}");
  auto with_fields = apply_fields(
      write("me"),
      {.live = live, .config = tree(R"({"metadata":{"managedFields":[{}]}})"), .live_entries = {}});
  ASSERT_FALSE(with_fields);
  EXPECT_EQ(with_fields.error().message, "metadata.managedFields must be nil");
  Value other = tree("{}");
  other["apiVersion"] = "apps/v1beta1";
  EXPECT_EQ(
      apply_fields(write("me"), {.live = live, .config = other, .live_entries = {}}).error().message,
      "Incorrect version specified in apply patch. Specified patch version: apps/v1beta1, expected: apps/v1");
}

TEST(ManagedFields, OfCustomResourcesFollowTheirSchema) {
  Value schema = json(R"({"type":"object","properties":{"spec":{"type":"object","properties":{
      "items":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["id"],"items":{"type":"object","properties":{"id":{"type":"string"},"v":{"type":"integer"}}}},
      "tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
      "plain":{"type":"array","items":{"type":"string"}}}}}})");
  Value object = json(R"({"spec":{"items":[{"id":"a","v":1}],"tags":["x"],"plain":["p"]}})");
  auto set = field_set(MergeType::of_schema(schema), View(object));
  ASSERT_TRUE(set);
  EXPECT_EQ(
      set->serialize(),
      R"({"f:spec":{"f:items":{"k:{\"id\":\"a\"}":{".":{},"f:id":{},"f:v":{}}},"f:plain":{},"f:tags":{"v:\"x\"":{}}}})");
}

}  // namespace
}  // namespace xebec::codec
