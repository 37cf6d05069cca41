// Watches as clients see them: what selectors make of changes, and bookmarks.
#include <gmock/gmock.h>

#include <sstream>

#include "apiserver/test_api.h"
#include "codec/cbor/cbor.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kMaps = "/api/v1/namespaces/default/configmaps";

class Watching : public ::testing::Test {
 protected:
  // "TYPE name" of every event of a watch that lasts a second.
  std::vector<std::string> events(const std::string& query) {
    http::Response watch = api_.send({"GET", kMaps + "?watch=true&timeoutSeconds=1&" + query});
    EXPECT_EQ(watch.status, 200);
    std::vector<std::string> out;
    std::stringstream lines(api_.text(watch));
    for (std::string line; std::getline(lines, line);) {
      shown_.push_back(*codec::parse_json(line));
      out.push_back(at(shown_.back(), {"type"}) + " " + at(shown_.back(), {"object", "metadata", "name"}));
    }
    return out;
  }
  std::string now() { return at(api_.call({"GET", kMaps}).second, {"metadata", "resourceVersion"}); }
  void label(const std::string& name, const std::string& value) {
    EXPECT_EQ(api_.call({"PATCH",
                         kMaps + "/" + name,
                         R"({"metadata":{"labels":{"app":)" + value + "}}}",
                         {{"Content-Type", "application/merge-patch+json"}}})
                  .first,
              200);
  }
  TestApi api_;
  std::vector<codec::Value> shown_;
};

TEST_F(Watching, SelectorsTurnChangesIntoComingAndGoing) {
  const std::string since = now();
  api_.create_map("a");
  label("a", R"("wanted")");
  label("a", R"("wanted")");
  EXPECT_EQ(api_.call({"PATCH",
                       kMaps + "/a",
                       R"({"data":{"more":"1"}})",
                       {{"Content-Type", "application/merge-patch+json"}}})
                .first,
            200);
  label("a", "null");
  label("a", R"("wanted")");
  EXPECT_EQ(api_.call({"DELETE", kMaps + "/a"}).first, 200);
  EXPECT_THAT(events("labelSelector=app%3Dwanted&resourceVersion=" + since),
              ElementsAre("ADDED a", "MODIFIED a", "DELETED a", "ADDED a", "DELETED a"));
  EXPECT_THAT(events("fieldSelector=metadata.name%3Db&resourceVersion=" + since), ElementsAre());
}

TEST_F(Watching, WhatGoesOutOfTheSelectionIsShownAsItWas) {
  api_.create_map("a");
  label("a", R"("wanted")");
  const std::string since = now();
  label("a", R"("other")");
  EXPECT_THAT(events("labelSelector=app%3Dwanted&resourceVersion=" + since), ElementsAre("DELETED a"));
  EXPECT_EQ(at(shown_.back(), {"object", "metadata", "labels", "app"}), "wanted");
  // At the version of the change, so that a watch can go on from there.
  EXPECT_EQ(at(shown_.back(), {"object", "metadata", "resourceVersion"}), now());
}

TEST_F(Watching, BeginsWithWhatIsThereAndABookmark) {
  api_.create_map("a");
  api_.create_map("b");
  // Another bookmark may come before the end.
  std::vector<std::string> all =
      events("allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
  ASSERT_GE(all.size(), 3u);
  all.resize(3);
  EXPECT_THAT(all, ElementsAre("ADDED a", "ADDED b", "BOOKMARK (absent)"));
  const codec::Value& bookmark = shown_[2];
  EXPECT_EQ(at(bookmark, {"object", "metadata", "annotations", "k8s.io/initial-events-end"}), "true");
  EXPECT_EQ(at(bookmark, {"object", "metadata", "resourceVersion"}), now());
  EXPECT_EQ(at(bookmark, {"object", "kind"}), "ConfigMap");
  auto [status, refused] =
      api_.call({"GET", kMaps + "?watch=true&sendInitialEvents=true&allowWatchBookmarks=true"});
  EXPECT_EQ(status, 422);
  EXPECT_EQ(
      at(refused, {"message"}),
      "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires "
      "setting resourceVersionMatch to NotOlderThan");
}

TEST_F(Watching, WithoutAVersionBeginsWithThePresent) {
  api_.create_map("a");
  const std::string since = now();
  api_.create_map("b");
  EXPECT_THAT(events(""), ElementsAre("ADDED a", "ADDED b"));
  EXPECT_THAT(events("resourceVersion=0"), ElementsAre("ADDED a", "ADDED b"));
  EXPECT_THAT(events("resourceVersion=" + since), ElementsAre("ADDED b"));
  EXPECT_THAT(events("resourceVersion=" + now()), ElementsAre());
}

TEST_F(Watching, InitialEventsAreSentAsAskedFor) {
  api_.create_map("a");
  const std::string since = now();
  api_.create_map("b");
  const std::string match = "&resourceVersionMatch=NotOlderThan";
  EXPECT_THAT(events("sendInitialEvents=true" + match), ElementsAre("ADDED a", "ADDED b"));
  EXPECT_THAT(events("sendInitialEvents=true&resourceVersion=" + since + match),
              ElementsAre("ADDED a", "ADDED b"));
  EXPECT_THAT(events("sendInitialEvents=false&resourceVersion=" + since + match), ElementsAre("ADDED b"));
  EXPECT_THAT(events("sendInitialEvents=false" + match), ElementsAre());
  // Only who takes bookmarks is told where they end; and in a selection that holds nothing, too.
  std::vector<std::string> none =
      events("sendInitialEvents=true&allowWatchBookmarks=true&labelSelector=app%3Dnone" + match);
  ASSERT_FALSE(none.empty());
  EXPECT_EQ(none[0], "BOOKMARK (absent)");
  // A version that does not come is told by an event.
  EXPECT_THAT(events("sendInitialEvents=true&resourceVersion=999999" + match), ElementsAre("ERROR (absent)"));
  EXPECT_THAT(at(shown_.back(), {"object", "message"}), HasSubstr("Too large resource version: 999999"));
  EXPECT_EQ(at(shown_.back(), {"object", "code"}), "504");
}

TEST_F(Watching, OptionsThatContradictEachOtherAreRefused) {
  auto refused = [this](const std::string& query) {
    auto [status, body] = api_.call({"GET", kMaps + "?watch=true&" + query});
    EXPECT_EQ(status, 422) << query;
    const std::string prefix = "ListOptions.meta.k8s.io \"\" is invalid: ";
    const std::string message = at(body, {"message"});
    return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
  };
  const std::string forbidden = "resourceVersionMatch: Forbidden: ";
  EXPECT_EQ(refused("resourceVersionMatch=NotOlderThan"),
            forbidden + "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
  EXPECT_EQ(refused("sendInitialEvents=false"),
            forbidden + "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  EXPECT_EQ(refused("sendInitialEvents=true&resourceVersionMatch=Exact"),
            "[" + forbidden +
                "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, "
                "resourceVersionMatch: Unsupported value: \"Exact\": supported values: \"NotOlderThan\"]");
  EXPECT_EQ(refused("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&continue=x"),
            forbidden + "resourceVersionMatch is forbidden when continue is provided");
}

TEST_F(Watching, FromTooLongAgoIsToldByAnEvent) {
  api_.create_map("a");
  const std::string old = now();
  api_.create_map("b");
  ASSERT_TRUE(api_.server.run(api_.server.store->compact(api_.server.store->current_revision())));
  api_.restart();
  EXPECT_THAT(events("resourceVersion=" + old), ElementsAre("ERROR (absent)"));
  const codec::Value& status = *shown_.back().find("object");
  EXPECT_EQ(at(status, {"kind"}), "Status");
  EXPECT_EQ(at(status, {"code"}), "410");
  EXPECT_EQ(at(status, {"reason"}), "Expired");
  EXPECT_EQ(at(status, {"message"}), "too old resource version: " + old + " (" + now() + ")");
}

TEST_F(Watching, BookmarksComeNowAndThenAndBeforeTheEnd) {
  api_.create_map("a");
  http::Response watch = api_.send(
      {"GET", kMaps + "?watch=true&allowWatchBookmarks=true&timeoutSeconds=100&resourceVersion=" + now()});
  std::stringstream lines(api_.text(watch));
  std::vector<std::string> seen;
  for (std::string line; std::getline(lines, line);) {
    const codec::Value event = *codec::parse_json(line);
    seen.push_back(at(event, {"type"}));
    EXPECT_EQ(at(event, {"object", "metadata", "resourceVersion"}), now());
    EXPECT_EQ(at(event, {"object", "metadata", "annotations"}), "(absent)");
  }
  // After a minute, and two seconds before the end.
  EXPECT_THAT(seen, ElementsAre("BOOKMARK", "BOOKMARK"));
}

TEST_F(Watching, OfOneObjectAndOfAllNamespaces) {
  const std::string since = now();
  api_.create_map("a");
  api_.create_map("b");
  ASSERT_EQ(api_.call({"POST", "/api/v1/namespaces/other/configmaps", R"({"metadata":{"name":"a"}})"}).first,
            201);
  auto seen = [&](const std::string& path, const std::string& query) {
    http::Response watch = api_.send({"GET", path + "?timeoutSeconds=1&resourceVersion=" + since + query});
    EXPECT_EQ(watch.status, 200) << path;
    std::vector<std::string> out;
    std::stringstream lines(api_.text(watch));
    for (std::string line; std::getline(lines, line);) {
      const codec::Value event = *codec::parse_json(line);
      out.push_back(at(event, {"object", "metadata", "namespace"}) + "/" +
                    at(event, {"object", "metadata", "name"}));
    }
    return out;
  };
  EXPECT_THAT(seen("/api/v1/watch/namespaces/default/configmaps/a", ""), ElementsAre("default/a"));
  EXPECT_THAT(seen(kMaps, "&watch=1&fieldSelector=metadata.name%3Da"), ElementsAre("default/a"));
  EXPECT_THAT(seen("/api/v1/watch/namespaces/default/configmaps", ""), ElementsAre("default/a", "default/b"));
  EXPECT_THAT(seen("/api/v1/watch/configmaps", ""), ElementsAre("default/a", "default/b", "other/a"));
  EXPECT_THAT(seen("/api/v1/configmaps", "&watch=1"), ElementsAre("default/a", "default/b", "other/a"));
  EXPECT_THAT(seen("/api/v1/configmaps", "&watch=1&fieldSelector=metadata.name%3Da"),
              ElementsAre("default/a", "other/a"));
}

// The objects of the events of a watch that is shown in another form.
class WatchingViews : public Watching {
 protected:
  std::vector<codec::Value> objects(const std::string& accept, const std::string& query = "") {
    http::Response watch =
        api_.send({"GET", kMaps + "?watch=true&timeoutSeconds=1" + query, "", {{"Accept", accept}}});
    EXPECT_EQ(watch.status, 200);
    std::vector<codec::Value> out;
    std::stringstream lines(api_.text(watch));
    for (std::string line; std::getline(lines, line);)
      out.push_back(*codec::parse_json(line)->find("object"));
    return out;
  }
};

TEST_F(WatchingViews, ATableNamesItsColumnsOnce) {
  api_.create_map("a");
  api_.create_map("b");
  const std::string table = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const std::vector<codec::Value> shown = objects(table);
  ASSERT_EQ(shown.size(), 2u);
  EXPECT_EQ(at(shown[0], {"kind"}) + " " + at(shown[0], {"apiVersion"}), "Table meta.k8s.io/v1");
  EXPECT_EQ(shown[0].find("columnDefinitions")->as_list()->size(), 3u);
  EXPECT_EQ(at(shown[1], {"columnDefinitions"}), "null");
  const codec::Value& row = shown[1].find("rows")->as_list()->at(0);
  EXPECT_EQ(at(row, {"cells"}), R"(["b",1,"0s"])");
  EXPECT_EQ(at(row, {"object", "kind"}), "PartialObjectMetadata");
  EXPECT_EQ(at(row, {"object", "metadata", "name"}), "b");
  auto included = [&](const std::string& what) {
    return *objects(table, "&includeObject=" + what)[0].find("rows")->as_list()->at(0).find("object");
  };
  EXPECT_TRUE(included("None").is_null());
  EXPECT_EQ(at(included("Metadata"), {"kind"}), "PartialObjectMetadata");
  EXPECT_EQ(at(included("Object"), {"kind"}), "ConfigMap");
  EXPECT_EQ(at(included("Object"), {"data", "k"}), "v");
  auto [status, refused] =
      api_.call({"GET", kMaps + "?watch=true&includeObject=Some", "", {{"Accept", table}}});
  EXPECT_EQ(status, 400);
}

TEST_F(WatchingViews, MetadataAlone) {
  api_.create_map("a");
  const std::vector<codec::Value> shown =
      objects("application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");
  ASSERT_EQ(shown.size(), 1u);
  EXPECT_EQ(at(shown[0], {"kind"}) + " " + at(shown[0], {"apiVersion"}),
            "PartialObjectMetadata meta.k8s.io/v1");
  EXPECT_EQ(at(shown[0], {"metadata", "labels", "app"}), "a");
  EXPECT_EQ(shown[0].find("data"), nullptr);
}

TEST_F(WatchingViews, InCborEveryEventIsAnItemOfASequence) {
  api_.create_map("a");
  const std::string since = now();
  api_.create_map("b");
  for (const std::string accept : {"application/cbor", "application/cbor-seq"}) {
    http::Response watch = api_.send(
        {"GET", kMaps + "?watch=true&timeoutSeconds=1&resourceVersion=" + since, "", {{"Accept", accept}}});
    EXPECT_EQ(watch.headers.get("Content-Type"), "application/cbor-seq");
    Result<codec::Value> event = codec::parse_cbor(api_.text(watch));
    ASSERT_TRUE(event) << event.error().message;
    EXPECT_EQ(at(*event, {"type"}), "ADDED");
    EXPECT_EQ(codec::to_json(*event->find("object")),
              codec::to_json(api_.call({"GET", kMaps + "/b"}).second));
  }
}

TEST_F(Watching, OfNonsenseIsRefused) {
  auto [status, refused] = api_.call({"GET", kMaps + "?watch=true&resourceVersion=abc"});
  EXPECT_EQ(status, 400);
  EXPECT_THAT(at(refused, {"message"}), HasSubstr("abc"));
}

}  // namespace
}  // namespace xebec::apiserver::testing
