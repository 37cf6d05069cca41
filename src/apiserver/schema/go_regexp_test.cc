#include "apiserver/schema/go_regexp.h"

#include <gtest/gtest.h>

namespace xebec::apiserver::schema {
namespace {

std::string error_of(std::string_view pattern) { return GoRegexp(pattern).error(); }

TEST(GoRegexp, ErrorsAreInGosWords) {
  EXPECT_EQ(error_of("+"), "error parsing regexp: missing argument to repetition operator: `+`");
  EXPECT_EQ(error_of("a(b"), "error parsing regexp: missing closing ): `a(b`");
  EXPECT_EQ(error_of("a)b"), "error parsing regexp: unexpected ): `a)b`");
  EXPECT_EQ(error_of("[a"), "error parsing regexp: missing closing ]: `[a`");
  EXPECT_EQ(error_of("[z-a]"), "error parsing regexp: invalid character class range: `z-a`");
  EXPECT_EQ(error_of("a\\"), "error parsing regexp: trailing backslash at end of expression: ``");
  EXPECT_EQ(error_of("a{1001}"), "error parsing regexp: invalid repeat count: `{1001}`");
  EXPECT_EQ(error_of("a**"), "error parsing regexp: invalid nested repetition operator: `**`");
  EXPECT_EQ(error_of("\\z\\y"), "error parsing regexp: invalid escape sequence: `\\y`");
  EXPECT_EQ(error_of("a\\C"), "error parsing regexp: invalid escape sequence: `\\C`");
}

TEST(GoRegexp, NamesOfGroupsNeedNoP) {
  EXPECT_EQ(error_of("(?P<a>x)(?<b>y)"), "");
  EXPECT_TRUE(GoRegexp("^(?<b>y)$").matches("y"));
  EXPECT_TRUE(GoRegexp("^[](?<]+$").matches("](?<"));
  EXPECT_TRUE(GoRegexp("^\\Q(?<\\E$").matches("(?<"));
}

TEST(GoRegexp, MatchesAnywhere) {
  EXPECT_TRUE(GoRegexp("b+").matches("abbc"));
  EXPECT_FALSE(GoRegexp("^b+$").matches("b\n"));
  EXPECT_FALSE(GoRegexp("a.b").matches("a\nb"));
  EXPECT_FALSE(GoRegexp("(").matches("("));
}

}  // namespace
}  // namespace xebec::apiserver::schema
