// The four kinds of patches, and the status subresource, of every stored resource.
#include <gmock/gmock.h>

#include "apiserver/walk/stored.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class EveryPatch : public StoredResource {
 protected:
  std::pair<int, codec::Value> patch(const std::string& type, const std::string& body,
                                     const std::string& suffix = "") {
    return api_.call({"PATCH", walker_.item() + suffix, body, {{"Content-Type", "application/" + type}}});
  }
  bool has_status() const { return walker_.resource->subresource("status") != nullptr; }
  // The stored object with the status of objects.json.
  codec::Value with_status(const codec::Value& object) const {
    codec::Value patch;
    patch.set_path({"status"}, walker_.status);
    return with_patch(object, patch);
  }
  // Whether everything that was set is there.
  static void expect_within(const codec::Value& wanted, const codec::Value& found, const std::string& path) {
    if (const codec::ValueMap* members = wanted.as_map()) {
      for (const auto& [key, value] : *members) {
        const codec::Value* member = found.find(key);
        if (member) expect_within(value, *member, path + "." + key);
        EXPECT_TRUE(member) << path << "." << key;
      }
    } else if (const codec::ValueList* items = wanted.as_list()) {
      ASSERT_TRUE(found.as_list()) << path;
      ASSERT_EQ(found.as_list()->size(), items->size()) << path;
      for (size_t i = 0; i < items->size(); ++i)
        expect_within((*items)[i], (*found.as_list())[i], path + "[]");
    } else {
      EXPECT_EQ(codec::to_json(found), codec::to_json(wanted)) << path;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Walk, EveryPatch, ::testing::ValuesIn(stored_keys()), test_name);

TEST_P(EveryPatch, MergesAndAppliesOperations) {
  create();
  auto [status, merged] = patch("merge-patch+json", R"({"metadata":{"annotations":{"a":"1"}}})");
  ASSERT_EQ(status, 200) << codec::to_json(merged);
  auto [status2, strategic] =
      patch("strategic-merge-patch+json", R"({"metadata":{"annotations":{"b":"2"}}})");
  ASSERT_EQ(status2, 200) << codec::to_json(strategic);
  auto [status3, operated] =
      patch("json-patch+json", R"([{"op":"test","path":"/metadata/annotations/b","value":"2"},
                                   {"op":"add","path":"/metadata/annotations/c","value":"3"}])");
  ASSERT_EQ(status3, 200) << codec::to_json(operated);
  auto [status4, got] = api_.call({"GET", walker_.item()});
  EXPECT_TRUE(got == operated);
  for (std::string_view key : {"a", "b", "c"})
    EXPECT_NE(at(got, {"metadata", "annotations", key}), "(absent)") << key;
  auto [status5, gone] = patch("merge-patch+json", R"({"metadata":{"annotations":{"a":null}}})");
  EXPECT_EQ(at(gone, {"metadata", "annotations", "a"}), "(absent)");
}

TEST_P(EveryPatch, IsRefusedWhenItDoesNotApply) {
  const codec::Value made = create();
  auto [status, refused] = patch("json-patch+json", R"([{"op":"test","path":"/kind","value":"Nonsense"}])");
  EXPECT_EQ(status, 422);
  auto [status2, garbled] = patch("merge-patch+json", "{");
  EXPECT_EQ(status2, 400) << codec::to_json(garbled);
  auto [status3, stale] = patch("merge-patch+json", R"({"metadata":{"resourceVersion":"1"}})");
  EXPECT_EQ(status3, 409);
  EXPECT_THAT(at(stale, {"message"}), HasSubstr("the object has been modified"));
  auto [status4, renamed] = patch("merge-patch+json", R"({"metadata":{"name":"another"}})");
  EXPECT_EQ(status4, 400);
  EXPECT_EQ(at(renamed, {"message"}),
            "the name of the object (another) does not match the name on the URL (" + walker_.name() + ")");
  auto [status5, missing] = api_.call(
      {"PATCH", walker_.collection() + "/nobody", "{}", {{"Content-Type", "application/merge-patch+json"}}});
  EXPECT_EQ(status5, 404);
  auto [status6, unknown] = patch("json", "{}");
  EXPECT_EQ(status6, 415);
  expect_failure(unknown, "UnsupportedMediaType",
                 "the body of the request was in an unknown format - accepted media types include: "
                 "application/json-patch+json, application/merge-patch+json, "
                 "application/strategic-merge-patch+json, application/apply-patch+yaml, "
                 "application/apply-patch+cbor");
  auto [status7, got] = api_.call({"GET", walker_.item()});
  EXPECT_TRUE(got == made);
}

TEST_P(EveryPatch, AppliesWhatAManagerOwns) {
  codec::Value config = walker_.object;
  config.set_path({"metadata", "labels", "walks"}, "yes");
  auto [status, made] = patch("apply-patch+yaml", codec::to_json(config), "?fieldManager=walker");
  ASSERT_EQ(status, 201) << codec::to_json(made);
  auto [status2, again] = patch("apply-patch+yaml", codec::to_json(config), "?fieldManager=walker");
  EXPECT_EQ(status2, 200);
  EXPECT_EQ(version_of(again), version_of(made));

  config.set_path({"metadata", "labels", "walks"}, "no");
  auto [status3, conflict] = patch("apply-patch+yaml", codec::to_json(config), "?fieldManager=other");
  EXPECT_EQ(status3, 409);
  // Lists that are owned as a whole conflict too, once the server has put defaults into them.
  EXPECT_THAT(at(conflict, {"message"}), AnyOf(HasSubstr("conflict with \"walker\": .metadata.labels.walks"),
                                               HasSubstr("\n- .metadata.labels.walks")));
  auto [status4, forced] =
      patch("apply-patch+yaml", codec::to_json(config), "?fieldManager=other&force=true");
  EXPECT_EQ(status4, 200) << codec::to_json(forced);
  EXPECT_EQ(at(forced, {"metadata", "labels", "walks"}), "no");
  // What a manager no longer applies, and nobody else owns, goes.
  config.find("metadata")->as_map()->erase("labels");
  auto [status5, left] = patch("apply-patch+yaml", codec::to_json(config), "?fieldManager=other");
  EXPECT_EQ(status5, 200) << codec::to_json(left);
  EXPECT_EQ(at(left, {"metadata", "labels", "walks"}), "(absent)");

  auto [status6, nameless] = patch("apply-patch+yaml", codec::to_json(config));
  EXPECT_EQ(status6, 422);
  EXPECT_EQ(at(nameless, {"message"}),
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply "
            "patch");
}

TEST_P(EveryPatch, StatusIsWrittenByItsSubresourceOnly) {
  const codec::Value made = create();
  if (!has_status()) {
    EXPECT_EQ(api_.call({"GET", walker_.item() + "/status"}).first, 404);
    return;
  }
  ASSERT_FALSE(walker_.status.is_null()) << "objects.json knows no status of " << GetParam();
  auto [status, got] = api_.call({"GET", walker_.item() + "/status"});
  EXPECT_EQ(status, 200);
  EXPECT_TRUE(got == made);

  codec::Value wanted = with_status(made);
  wanted.set_path({"metadata", "annotations", "walks"}, "yes");
  auto [status2, updated] = put(wanted);
  ASSERT_EQ(status2, 200) << codec::to_json(updated);
  // ServiceCIDRs alone take it with everything else.
  if (walker_.resource->plural == "servicecidrs")
    expect_within(walker_.status, *updated.find("status"), "status");
  else
    EXPECT_EQ(at(updated, {"status"}), at(made, {"status"}));

  auto [status3, stored] =
      api_.call({"PUT", walker_.item() + "/status", codec::to_json(with_status(updated))});
  ASSERT_EQ(status3, 200) << codec::to_json(stored);
  expect_within(walker_.status, *stored.find("status"), "status");
  EXPECT_EQ(at(stored, {"spec"}), at(updated, {"spec"}));
  EXPECT_EQ(at(stored, {"metadata", "generation"}), at(updated, {"metadata", "generation"}));
  // And what it holds stays through updates of the rest.
  auto [status4, relabeled] =
      put(with_patch(stored, parsed(R"({"metadata":{"annotations":{"walks":"no"}}})")));
  EXPECT_EQ(status4, 200);
  EXPECT_EQ(at(relabeled, {"status"}), at(stored, {"status"}));
}

TEST_P(EveryPatch, StatusIsPatchedInEveryWay) {
  if (!has_status()) return;
  const codec::Value made = create();
  codec::Value body;
  body.set_path({"status"}, walker_.status);
  auto [status, merged] = patch("merge-patch+json", codec::to_json(body), "/status");
  ASSERT_EQ(status, 200) << codec::to_json(merged);
  expect_within(walker_.status, *merged.find("status"), "status");
  auto [status2, strategic] = patch("strategic-merge-patch+json", codec::to_json(body), "/status");
  EXPECT_EQ(status2, 200) << codec::to_json(strategic);
  EXPECT_EQ(version_of(strategic), version_of(merged));
  auto [status3, operated] =
      patch("json-patch+json",
            R"([{"op":"test","path":"/kind","value":")" + std::string(walker_.resource->kind) + R"("}])",
            "/status");
  EXPECT_EQ(status3, 200) << codec::to_json(operated);
  codec::Value config = walker_.object;
  config.as_map()->erase("spec");
  config.set_path({"status"}, walker_.status);
  auto [status4, applied] =
      patch("apply-patch+yaml", codec::to_json(config), "/status?fieldManager=walker&force=true");
  EXPECT_EQ(status4, 200) << codec::to_json(applied);
  expect_within(walker_.status, *applied.find("status"), "status");
}

}  // namespace
}  // namespace xebec::apiserver::testing
