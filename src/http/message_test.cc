#include "http/message.h"

#include <gtest/gtest.h>

namespace xebec::http {
namespace {

TEST(Headers, NamesCompareWithoutCaseAndSetReplacesAll) {
  Headers headers;
  headers.add("Accept", "a");
  headers.add("X", "1");
  headers.add("ACCEPT", "b");
  EXPECT_EQ(headers.get("accept"), "a");
  EXPECT_EQ(headers.all("Accept").size(), 2u);
  headers.set("aCCept", headers.get("accept"));
  EXPECT_EQ(headers.all("Accept").size(), 1u);
  EXPECT_EQ(headers.get("Accept"), "a");
  headers.erase("x");
  EXPECT_FALSE(headers.has("X"));
}

TEST(Request, ParametersAreDecodedAndTheFirstOneWins) {
  Request request;
  request.query = "a=1%202&b&a=3&label%53elector=x%3Dy&plus=a+b&bad=%zz&x;y=1";
  EXPECT_EQ(request.param("a"), "1 2");
  EXPECT_EQ(request.params("a").size(), 2u);
  EXPECT_EQ(request.param("b"), "");
  EXPECT_EQ(request.param("labelSelector"), "x=y");
  EXPECT_EQ(request.param("plus"), "a b");
  EXPECT_FALSE(request.param("bad")) << "Go drops a pair that it cannot decode";
  EXPECT_FALSE(request.param("missing"));
}

TEST(Percent, EncodingAndDecodingAreInverse) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(percent_decode(percent_encode(all), true), all);
  EXPECT_EQ(percent_encode("a b/c~"), "a%20b%2Fc~");
}

}  // namespace
}  // namespace xebec::http
