#include "apiserver/validation/unified_diff.h"

#include <gtest/gtest.h>

namespace xebec::apiserver::validation {
namespace {

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

// What go-difflib prints of the same texts.
TEST(UnifiedDiff, ShowsChangesInTheirContext) {
  EXPECT_EQ(unified_diff("a\nb\nc\nd\ne\nf\ng\nh\ni\nj", "a\nb\nc\nD\ne\nf\ng\nh\ni\nJ\nk"),
            "@@ -1,10 +1,11 @@\n a\n b\n c\n-d\n+D\n e\n f\n g\n h\n i\n-j\n+J\n+k\n");
  EXPECT_EQ(unified_diff("same\n", "same\n"), "");
}

TEST(UnifiedDiff, ComesInHunksWhenChangesAreFarApart) {
  EXPECT_EQ(unified_diff("x\n1\n2\n3\n4\n5\n6\n7\ny", "X\n1\n2\n3\n4\n5\n6\n7\nY"),
            "@@ -1,4 +1,4 @@\n-x\n+X\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-y\n+Y\n");
}

TEST(UnifiedDiff, PopularLinesOfLongTextsAnchorNothing) {
  const std::string a = repeated("}\n", 150) + "x\n" + repeated("}\n", 99) + "}";
  const std::string b = repeated("}\n", 150) + "y\n" + repeated("}\n", 99) + "}";
  EXPECT_EQ(unified_diff(a, b), "@@ -148,104 +148,104 @@\n }\n }\n }\n-x\n" + repeated("-}\n", 100) + "+y\n" +
                                    repeated("+}\n", 100));
}

}  // namespace
}  // namespace xebec::apiserver::validation
