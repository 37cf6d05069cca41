#include "controllers/job/indexes.h"

#include <gtest/gtest.h>

namespace xebec::controllers::job {
namespace {

TEST(Indexes, AreWrittenAsIntervals) {
  Indexes indexes;
  for (int i : {4, 1, 3, 7, 8, 5, 1}) indexes.add(i);
  EXPECT_EQ(indexes.str(), "1,3-5,7,8");
  EXPECT_EQ(indexes.total(), 6);
  EXPECT_TRUE(indexes.has(4));
  EXPECT_FALSE(indexes.has(2));
  indexes.add(2);
  indexes.add(6);
  EXPECT_EQ(indexes.str(), "1-8");
}

TEST(Indexes, AreReadAndCutAtTheNumberOfCompletions) {
  EXPECT_EQ(Indexes::parse("1,3-5,7,8", 100).str(), "1,3-5,7,8");
  EXPECT_EQ(Indexes::parse("1,3-5,7,8", 5).str(), "1,3,4");
  EXPECT_EQ(Indexes::parse("0-3", 0).str(), "");
  EXPECT_EQ(Indexes::parse("0,1,2", 9).str(), "0-2");
  EXPECT_EQ(Indexes::parse("", 9).str(), "");
  EXPECT_EQ(Indexes::parse("1,x,5", 9).str(), "1");
}

TEST(Indexes, CountWhatIsInBoth) {
  EXPECT_EQ(Indexes::parse("0-4,8", 10).common(Indexes::parse("3-9", 10)), 3);
  EXPECT_EQ(Indexes::parse("0-2", 10).common(Indexes::parse("5", 10)), 0);
}

}  // namespace
}  // namespace xebec::controllers::job
