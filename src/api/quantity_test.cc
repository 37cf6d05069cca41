#include "api/quantity.h"

namespace xebec::api {
namespace {

std::string text(std::string_view in) {
  auto q = Quantity::parse(in);
  return q ? std::string(q->str()) : "error: " + q.error().message;
}

Quantity q(std::string_view in) { return Quantity::must_parse(in); }

TEST(Quantity, ParsingCanonicalizes) {
  EXPECT_EQ(text("0"), "0");
  EXPECT_EQ(text("1000m"), "1");
  EXPECT_EQ(text("1500m"), "1500m");
  EXPECT_EQ(text("1.5"), "1500m");
  EXPECT_EQ(text("0.5Gi"), "512Mi");
  EXPECT_EQ(text("1024Mi"), "1Gi");
  EXPECT_EQ(text("1536Mi"), "1536Mi");
  EXPECT_EQ(text("1000k"), "1M");
  EXPECT_EQ(text("1000000"), "1M");
  EXPECT_EQ(text("100u"), "100u");
  EXPECT_EQ(text("1e3"), "1e3");
  EXPECT_EQ(text("10e2"), "1e3");
  EXPECT_EQ(text("1E"), "1E");
  EXPECT_EQ(text("12E0"), "12E0");
  EXPECT_EQ(text("-500m"), "-500m");
  EXPECT_EQ(text("-0"), "0");
  EXPECT_EQ(text("0Ki"), "0");
  EXPECT_EQ(text("128974848"), "128974848");
  EXPECT_EQ(text("129e6"), "129e6");
  EXPECT_EQ(text("129M"), "129M");
  EXPECT_EQ(text("123Mi"), "123Mi");
  EXPECT_EQ(text("1Ki"), "1Ki");
  EXPECT_EQ(text("0.5Ki"), "512");
  EXPECT_EQ(text("1000Ki"), "1000Ki");
}

TEST(Quantity, TextsThatLookCanonicalAreKeptAsUpstreamDoes) {
  EXPECT_EQ(text("1.500"), "1.500");
  EXPECT_EQ(text("+5"), "+5");
}

TEST(Quantity, FractionsFinerThanNanoRoundUp) {
  EXPECT_EQ(text("0.1n"), "1n");
  EXPECT_EQ(text("1.0000000001"), "1000000001n");
  EXPECT_EQ(text("-0.1n"), "-1n");
}

TEST(Quantity, LargeNumbersAreKeptOrCapped) {
  EXPECT_EQ(text("8Ei"), "9223372036854775807");
  EXPECT_EQ(text("9000Ei"), "9223372036854775807");
  EXPECT_EQ(text("1000E"), "1e21");
  EXPECT_EQ(text("123456789012345678901"), "123456789012345678901");
}

TEST(Quantity, BadTextsCarryUpstreamsWords) {
  const std::string wrong =
      "error: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  EXPECT_EQ(text(""), wrong);
  EXPECT_EQ(text("abc"), wrong);
  EXPECT_EQ(text("1.1.M"), wrong);
  EXPECT_EQ(text(" 1"), wrong);
  EXPECT_EQ(text("1b"), wrong);
  EXPECT_EQ(text("1i"), "error: unable to parse quantity's suffix");
  EXPECT_EQ(text("1e"), "error: unable to parse quantity's suffix");
  EXPECT_EQ(text("1kk"), "error: unable to parse quantity's suffix");
}

TEST(Quantity, ValuesRoundAwayFromZero) {
  EXPECT_EQ(q("1500m").value(), 2);
  EXPECT_EQ(q("1").milli_value(), 1000);
  EXPECT_EQ(q("1u").milli_value(), 1);
  EXPECT_EQ(q("-1500m").value(), -2);
  EXPECT_EQ(q("1Gi").value(), 1073741824);
  EXPECT_EQ(q("1000E").value(), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Quantity().value(), 0);
}

TEST(Quantity, ComparisonIsNumeric) {
  EXPECT_EQ(q("1"), q("1000m"));
  EXPECT_EQ(q("1Gi"), q("1073741824"));
  EXPECT_LT(q("999m"), q("1"));
  EXPECT_LT(q("-1"), q("1n"));
  EXPECT_GT(q("1000E"), q("1n"));
  EXPECT_EQ(Quantity(), q("0"));
}

TEST(Quantity, ArithmeticKeepsTheFormatOfTheLeftSide) {
  Quantity sum = q("1Gi");
  sum.add(q("512Mi"));
  EXPECT_EQ(sum.str(), "1536Mi");
  sum.sub(q("1536Mi"));
  EXPECT_EQ(sum.str(), "0");
  sum.add(q("100m"));
  EXPECT_EQ(sum.str(), "100m");
  sum.add(q("900m"));
  EXPECT_EQ(sum.str(), "1");
  sum.mul(-3);
  EXPECT_EQ(sum.str(), "-3");
  sum.neg();
  EXPECT_EQ(sum.str(), "3");
}

TEST(Quantity, ABinaryAmountWithAFractionIsWrittenDecimal) {
  Quantity sum = q("2Ki");
  sum.add(q("500m"));
  EXPECT_EQ(sum.str(), "2048500m");
}

TEST(Quantity, ATextTooLongToBeExactIsStillAFixedPoint) {
  for (std::string_view suffix : {"", "k", "m", "e1", "e2", "e-1", "e-2", "Ki", "Ei"}) {
    const Quantity first = q(std::string(50, '9') + "." + std::string(50, '9') + std::string(suffix));
    EXPECT_EQ(q(first.str()).str(), first.str()) << suffix;
    EXPECT_EQ(q(first.str()), first) << suffix;
  }
}

TEST(Quantity, RoundUpToMilli) {
  Quantity fine = q("100001u");
  EXPECT_FALSE(fine.round_up(Quantity::kMilli));
  EXPECT_EQ(fine.str(), "101m");
  Quantity exact = q("1500m");
  EXPECT_TRUE(exact.round_up(Quantity::kMilli));
  EXPECT_EQ(exact.str(), "1500m");
}

TEST(Quantity, NumbersMakeQuantities) {
  EXPECT_EQ(Quantity(2048, Quantity::Format::BinarySI).str(), "2Ki");
  EXPECT_EQ(Quantity(2048).str(), "2048");
  EXPECT_EQ(Quantity::from_milli(250).str(), "250m");
  EXPECT_EQ(Quantity::from_scaled(3, 9).str(), "3G");
  EXPECT_DOUBLE_EQ(q("250m").to_double(), 0.25);
}

}  // namespace
}  // namespace xebec::api
