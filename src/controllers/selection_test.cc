#include "controllers/selection.h"

#include <gtest/gtest.h>

namespace xebec::controllers {
namespace {

// Names of what runs.
std::vector<std::string> selected(std::vector<std::string> selection) {
  std::vector<std::string> out;
  for (const Registration& controller : registrations()) {
    if (is_enabled(selection, controller)) out.emplace_back(controller.name);
  }
  return out;
}

bool runs(std::vector<std::string> selection, std::string_view name) {
  std::vector<std::string> all = selected(std::move(selection));
  return std::ranges::find(all, name) != all.end();
}

TEST(Selection, StarIsAllButThoseThatHaveToBeNamed) {
  size_t shy = 0;
  for (const Registration& controller : registrations()) shy += controller.only_when_named ? 1 : 0;
  EXPECT_EQ(selected({"*"}).size(), registrations().size() - shy);
  EXPECT_FALSE(runs({"*"}, "bootstrap-signer-controller"));
  EXPECT_TRUE(runs({"*", "bootstrapsigner", "tokencleaner"}, "bootstrap-signer-controller"));
  EXPECT_TRUE(runs({"*", "bootstrapsigner", "tokencleaner"}, "token-cleaner-controller"));
  EXPECT_TRUE(selected({}).empty());
}

TEST(Selection, NamesAddAndTakeAway) {
  EXPECT_EQ(selected({"deployment-controller"}), std::vector<std::string>{"deployment-controller"});
  EXPECT_FALSE(runs({"*", "-deployment-controller"}, "deployment-controller"));
  EXPECT_TRUE(runs({"*", "-deployment-controller"}, "replicaset-controller"));
}

TEST(Selection, OldNamesAreGood) {
  EXPECT_FALSE(runs({"*", "-podgc"}, "pod-garbage-collector-controller"));
  EXPECT_TRUE(runs({"serviceaccount"}, "serviceaccount-controller"));
}

TEST(Selection, UnknownNamesAreMistakes) {
  std::vector<std::string> good = {"*", "-podgc", "deployment-controller"};
  EXPECT_TRUE(check_controllers(good));
  std::vector<std::string> bad = {"*", "-nobody"};
  Result<void> checked = check_controllers(bad);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message, "\"nobody\" is not in the list of known controllers");
}

}  // namespace
}  // namespace xebec::controllers
