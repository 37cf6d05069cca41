// What every stored resource does when it is created, read, changed and deleted.
#include <gmock/gmock.h>

#include "apiserver/walk/stored.h"
#include "codec/protobuf.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using EveryResource = StoredResource;
INSTANTIATE_TEST_SUITE_P(Walk, EveryResource, ::testing::ValuesIn(stored_keys()), test_name);

TEST_P(EveryResource, IsCreatedOnce) {
  const codec::Value made = create();
  EXPECT_EQ(at(made, {"kind"}), walker_.resource->kind);
  EXPECT_EQ(at(made, {"apiVersion"}), walker_.api_version());
  EXPECT_EQ(at(made, {"metadata", "name"}), walker_.name());
  EXPECT_EQ(at(made, {"metadata", "namespace"}),
            walker_.resource->namespaced ? std::string(kNamespace) : "(absent)");
  EXPECT_EQ(at(made, {"metadata", "uid"}).size(), 36u);
  EXPECT_THAT(at(made, {"metadata", "creationTimestamp"}), StartsWith("2027-01-15T0"));
  EXPECT_FALSE(version_of(made).empty());
  // Who says nothing owns nothing; but a namespace is labelled with its name, and what is requested is
  // nobody's.
  const codec::ValueList owners = list_of(made, {"metadata", "managedFields"});
  const bool silent = walker_.resource->plural == "certificatesigningrequests" ||
                      (walker_.object.as_map()->size() == 3 && walker_.resource->plural != "namespaces");
  ASSERT_EQ(owners.size(), silent ? 0u : 1u);
  for (const codec::Value& owner : owners) {
    EXPECT_EQ(at(owner, {"operation"}), "Update");
    EXPECT_EQ(at(owner, {"manager"}), "unknown");
  }

  auto [status, again] = api_.call({"POST", walker_.collection(), walker_.body()});
  EXPECT_EQ(status, 409);
  expect_failure(again, "AlreadyExists",
                 walker_.resource_name() + " \"" + walker_.name() + "\" already exists");
}

TEST_P(EveryResource, IsReadAsItWasWritten) {
  const codec::Value made = create();
  auto [status, got] = api_.call({"GET", walker_.item()});
  EXPECT_EQ(status, 200);
  EXPECT_EQ(codec::to_json(got), codec::to_json(made));
  auto [status2, missing] = api_.call({"GET", walker_.collection() + "/nobody"});
  EXPECT_EQ(status2, 404);
  expect_failure(missing, "NotFound", walker_.resource_name() + " \"nobody\" not found");
  EXPECT_EQ(at(missing, {"details", "name"}), "nobody");
  EXPECT_EQ(at(missing, {"details", "kind"}), walker_.resource->plural);
}

TEST_P(EveryResource, GeneratesNames) {
  // Some are named by what they hold.
  if (walker_.name() != "walker") return;
  codec::Value object = walker_.object;
  object.find("metadata")->as_map()->erase("name");
  object.set_path({"metadata", "generateName"}, "walker-");
  auto [status, made] = api_.call({"POST", walker_.collection(), codec::to_json(object)});
  ASSERT_EQ(status, 201) << codec::to_json(made);
  const std::string name = at(made, {"metadata", "name"});
  EXPECT_THAT(name, StartsWith("walker-"));
  EXPECT_EQ(name.size(), 12u);
  EXPECT_EQ(api_.call({"GET", walker_.collection() + "/" + name}).first, 200);
}

TEST_P(EveryResource, NeedsAName) {
  codec::Value object = walker_.object;
  object.find("metadata")->as_map()->erase("name");
  auto [status, refused] = api_.call({"POST", walker_.collection(), codec::to_json(object)});
  EXPECT_EQ(status, 422);
  EXPECT_THAT(at(refused, {"message"}),
              HasSubstr("metadata.name: Required value: name or generateName is required"));
}

TEST_P(EveryResource, IsListedHereAndEverywhere) {
  const codec::Value made = create();
  for (const std::string& path : {walker_.collection(), walker_.everywhere()}) {
    auto [status, list] = api_.call({"GET", path});
    EXPECT_EQ(status, 200) << path;
    EXPECT_EQ(at(list, {"kind"}), std::string(walker_.resource->kind) + "List");
    EXPECT_EQ(at(list, {"apiVersion"}), walker_.api_version());
    ASSERT_EQ(list_of(list, {"items"}).size(), 1u) << path;
    codec::Value item = list_of(list, {"items"})[0];
    EXPECT_EQ(at(item, {"kind"}), "(absent)");
    item.set_path({"kind"}, walker_.resource->kind);
    item.set_path({"apiVersion"}, walker_.api_version());
    EXPECT_TRUE(item == made) << codec::to_json(item);
  }
  if (walker_.resource->namespaced) {
    auto [status, elsewhere] = api_.call(
        {"GET", walker_.prefix() + "namespaces/elsewhere/" + std::string(walker_.resource->plural)});
    EXPECT_EQ(list_of(elsewhere, {"items"}).size(), 0u);
  }
}

TEST_P(EveryResource, IsSelectedByNameAndLabel) {
  create();
  auto count = [this](const std::string& query) {
    auto [status, list] = api_.call({"GET", walker_.collection() + "?" + query});
    EXPECT_EQ(status, 200) << query;
    return list_of(list, {"items"}).size();
  };
  merge(R"({"metadata":{"labels":{"walks":"yes"}}})");
  EXPECT_EQ(count("labelSelector=walks%3Dyes"), 1u);
  EXPECT_EQ(count("labelSelector=walks%3Dno"), 0u);
  EXPECT_EQ(count("fieldSelector=metadata.name%3D" + walker_.name()), 1u);
  EXPECT_EQ(count("fieldSelector=metadata.name%3Dnobody"), 0u);
  auto [status, refused] = api_.call({"GET", walker_.collection() + "?fieldSelector=spec.nonsense%3Da"});
  EXPECT_EQ(status, 400);
  EXPECT_THAT(at(refused, {"message"}), HasSubstr("spec.nonsense"));
  auto [status2, garbled] = api_.call({"GET", walker_.collection() + "?labelSelector=a%3D%3D%3Db"});
  EXPECT_EQ(status2, 400) << codec::to_json(garbled);
}

TEST_P(EveryResource, IsWatched) {
  auto [status, empty] = api_.call({"GET", walker_.collection()});
  const std::string since = at(empty, {"metadata", "resourceVersion"});
  const codec::Value made = create();
  const codec::Value changed = merge(R"({"metadata":{"labels":{"walks":"yes"}}})");
  api_.call({"DELETE", walker_.item()});
  http::Response watch =
      api_.send({"GET", walker_.collection() + "?watch=true&timeoutSeconds=1&resourceVersion=" + since});
  EXPECT_EQ(watch.status, 200);
  EXPECT_EQ(watch.headers.get("Content-Type"), "application/json");
  std::stringstream lines(api_.text(watch));
  std::string line;
  auto next = [&](std::string_view type) {
    EXPECT_TRUE(std::getline(lines, line)) << type;
    codec::Value event = parsed(line);
    EXPECT_EQ(at(event, {"type"}), type);
    return event.find("object") ? *event.find("object") : codec::Value();
  };
  EXPECT_TRUE(next("ADDED") == made);
  EXPECT_TRUE(next("MODIFIED") == changed);
  const codec::Value last = next(walker_.lingers ? "MODIFIED" : "DELETED");
  EXPECT_EQ(at(last, {"metadata", "uid"}), at(made, {"metadata", "uid"}));
  EXPECT_NE(version_of(last), version_of(changed));
  EXPECT_FALSE(std::getline(lines, line)) << line;
}

TEST_P(EveryResource, IsUpdatedAtItsVersionOnly) {
  codec::Value object = create();
  const std::string old = version_of(object);
  object.set_path({"metadata", "labels", "walks"}, "yes");
  auto [status, updated] = put(object);
  ASSERT_EQ(status, 200) << codec::to_json(updated);
  EXPECT_EQ(at(updated, {"metadata", "labels", "walks"}), "yes");
  EXPECT_NE(version_of(updated), old);

  object.set_path({"metadata", "labels", "walks"}, "no");
  auto [status2, conflict] = put(object);
  EXPECT_EQ(status2, 409);
  expect_failure(conflict, "Conflict",
                 "Operation cannot be fulfilled on " + walker_.resource_name() + " \"" + walker_.name() +
                     "\": the object has been modified; please apply your changes to the latest version and "
                     "try again");
  // The same again changes nothing.
  auto [status3, same] = put(updated);
  EXPECT_EQ(status3, 200);
  EXPECT_EQ(version_of(same), version_of(updated));
}

TEST_P(EveryResource, IsUpdatedUnderItsOwnName) {
  codec::Value object = create();
  object.set_path({"metadata", "name"}, "another");
  auto [status, refused] = put(object);
  EXPECT_EQ(status, 400);
  expect_failure(
      refused, "BadRequest",
      "the name of the object (another) does not match the name on the URL (" + walker_.name() + ")");
  if (!walker_.resource->namespaced) return;
  object.set_path({"metadata", "name"}, walker_.name());
  object.set_path({"metadata", "namespace"}, "elsewhere");
  auto [status2, refused2] = put(object);
  EXPECT_EQ(status2, 400);
  expect_failure(
      refused2, "BadRequest",
      "the namespace of the object (elsewhere) does not match the namespace on the request (default)");
}

TEST_P(EveryResource, IsUpdatedWithoutAVersionWhereUpstreamAllowsIt) {
  codec::Value object = create();
  object.find("metadata")->as_map()->erase("resourceVersion");
  object.set_path({"metadata", "labels", "walks"}, "yes");
  auto [status, answer] = put(object);
  if (unconditional()) {
    EXPECT_EQ(status, 200) << codec::to_json(answer);
    return;
  }
  EXPECT_EQ(status, 422);
  expect_failure(answer, "Invalid",
                 walker_.resource_name() + " \"" + walker_.name() +
                     "\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an "
                     "update");
}

TEST_P(EveryResource, IsCreatedByUpdateWhereUpstreamAllowsIt) {
  auto [status, answer] = put(walker_.object);
  if (created_by_update()) {
    EXPECT_EQ(status, 201) << codec::to_json(answer);
    return;
  }
  EXPECT_EQ(status, 404);
  expect_failure(answer, "NotFound", walker_.resource_name() + " \"" + walker_.name() + "\" not found");
}

TEST_P(EveryResource, IsDeletedWithPreconditions) {
  const codec::Value made = create();
  auto [status, refused] = api_.call({"DELETE", walker_.item(), R"({"preconditions":{"uid":"another"}})"});
  EXPECT_EQ(status, 409);
  EXPECT_THAT(at(refused, {"message"}),
              HasSubstr("the UID in the precondition (another) does not match the UID in record (" +
                        at(made, {"metadata", "uid"}) + ")"));
  auto [status2, gone] = api_.call(
      {"DELETE", walker_.item(), R"({"preconditions":{"uid":")" + at(made, {"metadata", "uid"}) + R"("}})"});
  EXPECT_EQ(status2, 200);
  // Some answer with what is gone, most with a Status.
  const bool shown = walker_.lingers || answers_with_object();
  EXPECT_EQ(at(gone, {"kind"}), shown ? walker_.resource->kind : "Status") << codec::to_json(gone);
  if (!shown) {
    EXPECT_EQ(at(gone, {"status"}), "Success");
    EXPECT_EQ(at(gone, {"details", "name"}), walker_.name());
    EXPECT_EQ(at(gone, {"details", "uid"}), at(made, {"metadata", "uid"}));
    EXPECT_EQ(at(gone, {"details", "kind"}), walker_.resource->plural);
  }
  expect_gone();
  auto [status3, missing] = api_.call({"DELETE", walker_.collection() + "/nobody"});
  EXPECT_EQ(status3, 404);
  expect_failure(missing, "NotFound", walker_.resource_name() + " \"nobody\" not found");
}

TEST_P(EveryResource, WaitsForItsFinalizers) {
  create();
  merge(R"({"metadata":{"finalizers":["example.com/walk"]}})");
  auto [status, going] = api_.call({"DELETE", walker_.item()});
  EXPECT_EQ(status, 200);
  EXPECT_NE(at(going, {"metadata", "deletionTimestamp"}), "(absent)") << codec::to_json(going);
  EXPECT_EQ(api_.call({"GET", walker_.item()}).first, 200);
  auto [status2, again] = api_.call({"POST", walker_.collection(), walker_.body()});
  EXPECT_EQ(at(again, {"message"}), "object is being deleted: " + walker_.resource_name() + " \"" +
                                        walker_.name() + "\" already exists");
  merge(R"({"metadata":{"finalizers":null}})");
  if (walker_.resource->plural == "namespaces") return;  // waits for its contents as well
  EXPECT_EQ(api_.call({"GET", walker_.item()}).first, 404);
}

TEST_P(EveryResource, IsDeletedInCollections) {
  create();
  auto [status, answer] = api_.call({"DELETE", walker_.collection() + "?labelSelector=walks%3Dno"});
  if (!walker_.resource->has_verb("deletecollection")) {
    EXPECT_EQ(status, 405);
    return;
  }
  EXPECT_EQ(status, 200);
  EXPECT_EQ(api_.call({"GET", walker_.item()}).first, 200);
  auto [status2, removed] = api_.call({"DELETE", walker_.collection()});
  EXPECT_EQ(status2, 200);
  EXPECT_EQ(at(removed, {"kind"}), std::string(walker_.resource->kind) + "List");
  ASSERT_EQ(list_of(removed, {"items"}).size(), 1u);
  expect_gone();
}

TEST_P(EveryResource, DryRunsWriteNothing) {
  auto [status, made] = api_.call({"POST", walker_.collection() + "?dryRun=All", walker_.body()});
  EXPECT_EQ(status, 201) << codec::to_json(made);
  EXPECT_EQ(api_.call({"GET", walker_.item()}).first, 404);

  const codec::Value stored = create();
  codec::Value changed = stored;
  changed.set_path({"metadata", "labels", "walks"}, "yes");
  auto [status2, shown] = api_.call({"PUT", walker_.item() + "?dryRun=All", codec::to_json(changed)});
  EXPECT_EQ(status2, 200);
  EXPECT_EQ(at(shown, {"metadata", "labels", "walks"}), "yes");
  auto [status3, patched] = api_.call({"PATCH",
                                       walker_.item() + "?dryRun=All",
                                       R"({"metadata":{"labels":{"walks":"yes"}}})",
                                       {{"Content-Type", "application/merge-patch+json"}}});
  EXPECT_EQ(status3, 200);
  EXPECT_EQ(api_.call({"DELETE", walker_.item() + "?dryRun=All"}).first, 200);
  const int collection = api_.call({"DELETE", walker_.collection() + "?dryRun=All"}).first;
  EXPECT_EQ(collection, walker_.resource->has_verb("deletecollection") ? 200 : 405);
  auto [status4, kept] = api_.call({"GET", walker_.item()});
  EXPECT_TRUE(kept == stored) << codec::to_json(kept);

  auto [status5, refused] = api_.call({"POST", walker_.collection() + "?dryRun=Some", walker_.body()});
  EXPECT_EQ(status5, 422);
  EXPECT_EQ(at(refused, {"message"}),
            "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Some\"]: "
            "supported values: \"All\"");
}

TEST_P(EveryResource, WarnsOfUnknownFieldsUnlessToldOtherwise) {
  codec::Value object = walker_.object;
  object.set_path({"nonsense"}, 1);
  auto [status, refused] =
      api_.call({"POST", walker_.collection() + "?fieldValidation=Strict", codec::to_json(object)});
  EXPECT_EQ(status, 400);
  EXPECT_THAT(at(refused, {"message"}), HasSubstr("strict decoding error: unknown field \"nonsense\""));
  http::Response warned = api_.send({"POST", walker_.collection(), codec::to_json(object)});
  EXPECT_EQ(warned.status, 201);
  const auto warnings = warned.headers.all("Warning");
  EXPECT_TRUE(std::ranges::find(warnings, "299 - \"unknown field \\\"nonsense\\\"\"") != warnings.end());
}

}  // namespace
}  // namespace xebec::apiserver::testing
