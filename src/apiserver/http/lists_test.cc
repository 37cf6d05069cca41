// Lists as clients ask for them: versions, pages, what expires, and what contradicts itself.
#include <gmock/gmock.h>

#include "apiserver/test_api.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::HasSubstr;

const std::string kMaps = "/api/v1/namespaces/default/configmaps";
const std::string kInvalid = "ListOptions.meta.k8s.io \"\" is invalid: ";
const std::string kMatch = "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden ";
const std::string kTooLarge = "Timeout: Too large resource version: 999999, current: ";

std::string names(const codec::Value& list) {
  std::string out;
  const codec::Value* items = list.find("items");
  if (!items || !items->as_list()) return "(no list: " + codec::to_json(list) + ")";
  for (const codec::Value& item : *items->as_list())
    out += (out.empty() ? "" : " ") + at(item, {"metadata", "name"});
  return out;
}

class Lists : public ::testing::Test {
 protected:
  // "a" is there at `old_`, "b" and "c" come later.
  Lists() {
    api_.create_map("a");
    old_ = version(list("").second);
    api_.create_map("b");
    api_.create_map("c");
    now_ = version(list("").second);
  }
  std::pair<int, codec::Value> list(const std::string& query) {
    return api_.call({"GET", kMaps + "?" + query});
  }
  static std::string version(const codec::Value& list) { return at(list, {"metadata", "resourceVersion"}); }
  static std::string token(const codec::Value& list) { return at(list, {"metadata", "continue"}); }
  void expect_refused(const std::string& query, int status, const std::string& message) {
    auto [code, body] = list(query);
    EXPECT_EQ(code, status) << query;
    EXPECT_THAT(at(body, {"message"}), HasSubstr(message)) << query;
  }
  TestApi api_;
  std::string old_, now_;
};

TEST_F(Lists, AreOfTheVersionThatIsAskedFor) {
  const std::string old = "resourceVersion=" + old_, now = "resourceVersion=" + now_;
  const std::vector<std::string> newest = {"",
                                           "resourceVersion=0",
                                           old,
                                           now,
                                           "resourceVersion=0&resourceVersionMatch=NotOlderThan",
                                           old + "&resourceVersionMatch=NotOlderThan",
                                           now + "&resourceVersionMatch=Exact"};
  for (const std::string& all : newest) {
    auto [status, found] = list(all);
    EXPECT_EQ(status, 200) << all;
    EXPECT_EQ(names(found), "a b c") << all;
    EXPECT_EQ(version(found), now_) << all;
  }
  const std::string exact = old + "&resourceVersionMatch=Exact";
  for (const std::string& then : {exact, exact + "&limit=2", old + "&limit=2"}) {
    auto [status, found] = list(then);
    EXPECT_EQ(names(found), "a") << then;
    EXPECT_EQ(version(found), old_) << then;
    EXPECT_EQ(token(found), "(absent)") << then;
  }
}

TEST_F(Lists, OfVersionsThatContradictTheirMatchAreRefused) {
  expect_refused("resourceVersionMatch=Exact", 422, kInvalid + kMatch + "unless resourceVersion is provided");
  expect_refused("resourceVersionMatch=NotOlderThan", 422,
                 kInvalid + kMatch + "unless resourceVersion is provided");
  expect_refused("resourceVersion=0&resourceVersionMatch=Exact", 422,
                 kInvalid +
                     "resourceVersionMatch: Forbidden: resourceVersionMatch \"exact\" is forbidden for "
                     "resourceVersion \"0\"");
  expect_refused("resourceVersion=5&resourceVersionMatch=Newest", 422,
                 kInvalid +
                     "resourceVersionMatch: Unsupported value: \"Newest\": supported values: \"Exact\", "
                     "\"NotOlderThan\", \"\"");
  expect_refused("sendInitialEvents=true", 422,
                 kInvalid + "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list");
  expect_refused(
      "resourceVersion=abc", 400,
      "invalid resource version: resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing "
      "\"abc\": invalid syntax");
}

TEST_F(Lists, OfAVersionThatIsNotThereYetTimeOut) {
  for (const std::string match :
       {"", "&resourceVersionMatch=NotOlderThan", "&resourceVersionMatch=Exact", "&limit=1"}) {
    auto [status, body] = list("resourceVersion=999999" + match);
    EXPECT_EQ(status, 504) << match;
    EXPECT_EQ(at(body, {"message"}), kTooLarge + now_) << match;
    EXPECT_EQ(at(body, {"reason"}), "Timeout") << match;
    EXPECT_EQ(at((*body.at_path({"details", "causes"})->as_list())[0], {"reason"}),
              "ResourceVersionTooLarge");
    EXPECT_EQ(at(body, {"details", "retryAfterSeconds"}), "1");
  }
}

TEST_F(Lists, ComeInPagesThatCountWhatIsLeft) {
  auto [status, first] = list("limit=1");
  EXPECT_EQ(names(first), "a");
  EXPECT_EQ(at(first, {"metadata", "remainingItemCount"}), "2");
  // Pages are of one version, whatever happens meanwhile.
  EXPECT_EQ(api_.call({"DELETE", kMaps + "/b"}).first, 200);
  api_.create_map("d");
  auto [status2, second] = list("limit=1&continue=" + token(first));
  EXPECT_EQ(names(second), "b");
  EXPECT_EQ(version(second), version(first));
  EXPECT_EQ(at(second, {"metadata", "remainingItemCount"}), "1");
  auto [status3, third] = list("limit=1&continue=" + token(second));
  EXPECT_EQ(names(third), "c");
  EXPECT_EQ(token(third), "(absent)");
  EXPECT_EQ(at(third, {"metadata", "remainingItemCount"}), "(absent)");
  // Nobody knows how many of the rest a selector takes.
  auto [status4, selected] = list("limit=1&labelSelector=app");
  EXPECT_NE(token(selected), "(absent)");
  EXPECT_EQ(at(selected, {"metadata", "remainingItemCount"}), "(absent)");
}

TEST_F(Lists, OfEventsAreReadFromWhatIsStored) {
  const std::string events = "/api/v1/namespaces/default/events";
  for (const char* name : {"a", "b", "c"}) {
    const std::string body = R"({"metadata":{"name":")" + std::string(name) +
                             R"("},"involvedObject":{"namespace":"default"},"reason":"R"})";
    ASSERT_EQ(api_.call({"POST", events, body}).first, 201);
  }
  // No watch cache of upstream's answers: any version comes in pages, too.
  auto [status, first] = api_.call({"GET", events + "?resourceVersion=0&limit=2"});
  ASSERT_EQ(status, 200) << codec::to_json(first);
  EXPECT_EQ(names(first), "a b");
  EXPECT_EQ(at(first, {"metadata", "remainingItemCount"}), "1");
  auto [status2, last] = api_.call({"GET", events + "?resourceVersion=0&limit=2&continue=" + token(first)});
  EXPECT_EQ(names(last), "c");
  auto [status3, not_older] =
      api_.call({"GET", events + "?resourceVersion=1&resourceVersionMatch=NotOlderThan&limit=1"});
  EXPECT_EQ(names(not_older), "a");
  EXPECT_NE(token(not_older), "(absent)");
  // Nor does one wait for versions to come.
  for (const std::string& target :
       {events + "?resourceVersion=999999", events + "/a?resourceVersion=999999"}) {
    const auto before = api_.server.clock->now();
    auto [status4, future] = api_.call({"GET", target});
    EXPECT_EQ(status4, 504) << target;
    EXPECT_THAT(at(future, {"message"}),
                ::testing::StartsWith("Timeout: Too large resource version: 999999"));
    EXPECT_EQ(at(future, {"details", "retryAfterSeconds"}), "(absent)");
    EXPECT_EQ(api_.server.clock->now(), before);
  }
}

TEST_F(Lists, OfAnyVersionComeInOnePage) {
  auto [status, all] = list("resourceVersion=0&limit=1");
  EXPECT_EQ(names(all), "a b c");
  EXPECT_EQ(token(all), "(absent)");
  auto [status2, newer] = list("resourceVersion=" + old_ + "&resourceVersionMatch=NotOlderThan&limit=1");
  EXPECT_EQ(names(newer), "a");
  EXPECT_EQ(version(newer), now_);
  EXPECT_NE(token(newer), "(absent)");
}

TEST_F(Lists, ContinueOnlyWithTheirOwnVersion) {
  const std::string next = "&continue=" + token(list("limit=1").second);
  expect_refused("limit=1&resourceVersion=" + now_ + next, 400,
                 "specifying resource version is not allowed when using continue");
  EXPECT_EQ(names(list("limit=1&resourceVersion=0" + next).second), "b");
  expect_refused("resourceVersion=0&resourceVersionMatch=NotOlderThan" + next, 422,
                 kInvalid + kMatch + "when continue is provided");
  expect_refused("continue=nonsense", 400, "continue key is not valid");
}

TEST_F(Lists, ExpireWithTheirVersionAndOfferToGoOnWithoutIt) {
  const std::string next = token(list("limit=1").second);
  EXPECT_EQ(api_.call({"DELETE", kMaps + "/b"}).first, 200);
  // Kept for those who go on soon, by this server.
  ASSERT_TRUE(api_.server.run(api_.server.store->compact(api_.server.store->current_revision())));
  EXPECT_EQ(names(list("continue=" + next).second), "b c");
  api_.restart();
  auto [status, expired] = list("limit=1&continue=" + next);
  EXPECT_EQ(status, 410);
  EXPECT_EQ(at(expired, {"reason"}), "Expired");
  EXPECT_EQ(
      at(expired, {"message"}),
      "The provided continue parameter is too old to display a consistent list result. You can start a new "
      "list without the continue parameter, or use the continue token in this response to retrieve the "
      "remainder of the results. Continuing with the provided token results in an inconsistent list - "
      "objects that were created, modified, or deleted between the time the first chunk was returned and "
      "now may show up in the list.");
  const std::string inconsistent = token(expired);
  ASSERT_NE(inconsistent, "(absent)");
  api_.create_map("d");
  auto [status2, rest] = list("limit=1&continue=" + inconsistent);
  EXPECT_EQ(status2, 200);
  EXPECT_EQ(names(rest), "c");
  EXPECT_EQ(names(list("continue=" + token(rest)).second), "d");

  auto [status3, gone] = list("resourceVersionMatch=Exact&resourceVersion=" + old_);
  EXPECT_EQ(status3, 410);
  EXPECT_EQ(at(gone, {"message"}), "The resourceVersion for the provided list is too old.");
}

}  // namespace
}  // namespace xebec::apiserver::testing
