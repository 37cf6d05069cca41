// PriorityLevelConfiguration: v1alpha1 to v1beta2 call the shares "assured". Before v1 zero shares meant the
// default, so that a zero that is meant travels with an annotation (k8s.io/kubernetes
// pkg/apis/flowcontrol/v1beta3/conversion.go; upstream has it for v1beta3 alone, and loses it before).
#include "api/conversion/kinds.h"
#include "api/gen/flowcontrolv1.h"
#include "api/gen/flowcontrolv1alpha1.h"
#include "api/gen/flowcontrolv1beta1.h"
#include "api/gen/flowcontrolv1beta2.h"
#include "api/gen/flowcontrolv1beta3.h"

namespace xebec::api::conversion {
namespace {

using New = flowcontrolv1::PriorityLevelConfiguration;

constexpr std::string_view kPreserveZero = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares";

template <class Limited>
int32_t& shares(Limited& limited) {
  return limited.assuredConcurrencyShares;
}
int32_t& shares(flowcontrolv1beta3::LimitedPriorityLevelConfiguration& limited) {
  return limited.nominalConcurrencyShares;
}

template <class Old>
void to_new(const Old& from, New& to) {
  convert_fields(from, to);
  if (!from.spec.limited) return;
  auto limited = *from.spec.limited;
  to.spec.limited->nominalConcurrencyShares = shares(limited);
  to.metadata.annotations.erase(kPreserveZero);
}

template <class Old>
void to_old(const New& from, Old& to) {
  convert_fields(from, to);
  if (!from.spec.limited) return;
  const int32_t wanted = from.spec.limited->nominalConcurrencyShares.value_or(0);
  shares(*to.spec.limited) = wanted;
  if (wanted == 0) to.metadata.annotations[std::string(kPreserveZero)] = "";
}

template <class Old>
void append(std::vector<ConversionEntry>& table) {
  table.push_back(entry<Old, New, to_new<Old>>());
  table.push_back(entry<New, Old, to_old<Old>>());
}

}  // namespace

void append_priority_levels(std::vector<ConversionEntry>& table) {
  append<flowcontrolv1alpha1::PriorityLevelConfiguration>(table);
  append<flowcontrolv1beta1::PriorityLevelConfiguration>(table);
  append<flowcontrolv1beta2::PriorityLevelConfiguration>(table);
  append<flowcontrolv1beta3::PriorityLevelConfiguration>(table);
}

}  // namespace xebec::api::conversion
