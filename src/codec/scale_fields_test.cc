#include "codec/scale_fields.h"

#include <gmock/gmock.h>

#include "api/gen/metav1.h"

namespace xebec::codec {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kBoth = R"({"f:spec":{"f:replicas":{},"f:selector":{}}})";
constexpr std::string_view kReplicas = R"({"f:spec":{"f:replicas":{}}})";
constexpr std::string_view kSelector = R"({"f:spec":{"f:selector":{}}})";

metav1::ManagedFieldsEntry entry(std::string_view manager, std::string_view operation,
                                 std::string_view version, std::string_view fields,
                                 std::string_view subresource = "") {
  metav1::ManagedFieldsEntry out;
  out.manager = manager;
  out.operation = operation;
  out.apiVersion = version;
  out.time = api::Time::from_unix(1700000000);
  out.fieldsType = "FieldsV1";
  out.fieldsV1.emplace(std::string(fields));
  out.subresource = subresource;
  return out;
}

std::vector<std::string> texts(const Result<ManagedFieldsList>& entries) {
  std::vector<std::string> out;
  if (!entries) return {entries.error().message};
  for (const auto& e : *entries)
    out.push_back(e.manager + " " + e.operation + " " + e.apiVersion + " " + e.subresource +
                  (e.time ? " at " : " ") + e.fieldsV1->raw);
  return out;
}

const HasReplicas kApps = [](std::string_view version) { return version == "apps/v1"; };

TEST(ScaleFields, OwnersOfTheReplicasOwnTheScales) {
  EXPECT_THAT(texts(scale_entries(
                  {entry("one", "Apply", "apps/v1", kBoth), entry("two", "Update", "apps/v1", kBoth),
                   entry("three", "Update", "apps/v1", kSelector), entry("four", "Apply", "apps/v9", kBoth)},
                  kApps)),
              ElementsAre("one Apply autoscaling/v1  at " + std::string(kReplicas),
                          "two Update autoscaling/v1  at " + std::string(kReplicas)));
}

TEST(ScaleFields, WhoScalesTakesTheReplicas) {
  EXPECT_THAT(
      texts(scaled_entries({entry("one", "Apply", "apps/v1", kBoth)},
                           {entry("hpa", "Update", "autoscaling/v1", kReplicas, "scale")}, "apps/v1", kApps)),
      ElementsAre("one Apply apps/v1  at " + std::string(kSelector),
                  "hpa Update apps/v1 scale " + std::string(kReplicas)));
  // Nothing is left of an owner of the replicas alone.
  EXPECT_THAT(
      texts(scaled_entries({entry("one", "Apply", "apps/v1", kReplicas)},
                           {entry("hpa", "Apply", "autoscaling/v1", kReplicas, "scale")}, "apps/v1", kApps)),
      ElementsAre("hpa Apply apps/v1 scale " + std::string(kReplicas)));
}

TEST(ScaleFields, AppliersThatShareTheReplicasKeepTheirEntries) {
  EXPECT_THAT(texts(scaled_entries({entry("one", "Apply", "apps/v1", kBoth)},
                                   {entry("one", "Apply", "autoscaling/v1", kReplicas),
                                    entry("two", "Apply", "autoscaling/v1", kReplicas, "scale")},
                                   "apps/v1", kApps)),
              ElementsAre("two Apply apps/v1 scale " + std::string(kReplicas),
                          "one Apply apps/v1  at " + std::string(kBoth)));
}

TEST(ScaleFields, UnknownVersionsAndOtherFieldsGo) {
  EXPECT_THAT(texts(scaled_entries(
                  {entry("one", "Apply", "apps/v9", kSelector)},
                  {entry("two", "Update", "autoscaling/v1", R"({"f:status":{"f:replicas":{}}})", "scale")},
                  "apps/v1", kApps)),
              IsEmpty());
}

}  // namespace
}  // namespace xebec::codec
