#include "codec/field_filter.h"

#include <gtest/gtest.h>

namespace xebec::codec {
namespace {

FieldSet parsed(std::string_view text) { return FieldSet::parse(text).value(); }

TEST(FieldFilter, LetsEverythingPassByItself) {
  const std::string fields = R"({"f:spec":{"f:replicas":{}},"f:status":{}})";
  EXPECT_EQ(FieldFilter().apply(parsed(fields)).serialize(), fields);
}

TEST(FieldFilter, ExcludesMembersAndWhatIsBelow) {
  FieldSet reset;
  reset.insert(field_path({"spec"}));
  reset.insert(field_path({"metadata", "labels"}));
  const FieldFilter filter = FieldFilter::excluding(reset);
  EXPECT_EQ(filter
                .apply(parsed(R"({"f:metadata":{"f:labels":{".":{},"f:a":{}},"f:annotations":{"f:b":{}}},)"
                              R"("f:spec":{"f:replicas":{}},"f:status":{"f:replicas":{}}})"))
                .serialize(),
            R"({"f:metadata":{"f:annotations":{"f:b":{}}},"f:status":{"f:replicas":{}}})");
}

TEST(FieldFilter, IncludesWhatIsBelowPatternsAndOnTheWayToThem) {
  const FieldFilter filter = FieldFilter::including(
      {{"spec", "containers", "*", "resources"}, {"spec", "containers", "*", "resizePolicy"}});
  EXPECT_EQ(
      filter
          .apply(parsed(
              R"({"f:metadata":{"f:labels":{".":{},"f:a":{}}},"f:spec":{"f:containers":{".":{},)"
              R"("k:{\"name\":\"c\"}":{".":{},"f:image":{},"f:resizePolicy":{},"f:resources":{"f:limits":{"f:cpu":{}}}}},)"
              R"("f:nodeName":{}}})"))
          .serialize(),
      R"({"f:spec":{"f:containers":{".":{},"k:{\"name\":\"c\"}":{".":{},"f:resizePolicy":{},"f:resources":{"f:limits":{"f:cpu":{}}}}}}})");
}

}  // namespace
}  // namespace xebec::codec
