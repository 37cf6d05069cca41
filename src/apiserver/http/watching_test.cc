// Watches as clients see them: what selectors make of changes, and bookmarks.
#include <gmock/gmock.h>

#include <sstream>

#include "apiserver/test_api.h"

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

TEST_F(Watching, OfNonsenseIsRefused) {
  auto [status, refused] = api_.call({"GET", kMaps + "?watch=true&resourceVersion=abc"});
  EXPECT_EQ(status, 400);
  EXPECT_THAT(at(refused, {"message"}), HasSubstr("abc"));
}

}  // namespace
}  // namespace xebec::apiserver::testing
