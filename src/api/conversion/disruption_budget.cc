// PodDisruptionBudget: to policy/v1beta1 an empty selector selects nothing, to policy/v1 everything. What the
// other version would misread is a requirement on a label that no Pod has (k8s.io/kubernetes
// pkg/apis/policy/helper.go, pkg/apis/policy/v1beta1/conversion.go).
#include "api/conversion/kinds.h"
#include "api/gen/policyv1.h"
#include "api/gen/policyv1beta1.h"

namespace xebec::api::conversion {
namespace {

using New = policyv1::PodDisruptionBudget;
using Old = policyv1beta1::PodDisruptionBudget;

constexpr std::string_view kLabel = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match";

bool is_empty(const metav1::LabelSelector& selector) {
  return selector.matchLabels.empty() && selector.matchExpressions.empty();
}

bool is_marked(const metav1::LabelSelectorRequirement& wanted, std::string_view op) {
  return wanted.key == kLabel && wanted.operator_ == op && wanted.values.empty();
}
bool is_mark_alone(const metav1::LabelSelector& selector, std::string_view op) {
  return selector.matchLabels.empty() && selector.matchExpressions.size() == 1 &&
         is_marked(selector.matchExpressions[0], op);
}

metav1::LabelSelector mark(std::string_view op) {
  metav1::LabelSelector out;
  auto& wanted = out.matchExpressions.emplace_back();
  wanted.key = kLabel;
  wanted.operator_ = op;
  return out;
}

// `empty` says, in the version it goes to, what an empty selector says in the one it comes from; `marked` is
// the other way round.
void convert_selector(api::Box<metav1::LabelSelector>& selector, std::string_view empty,
                      std::string_view marked) {
  if (!selector) return;
  if (is_empty(*selector)) {
    *selector = mark(empty);
  } else if (is_mark_alone(*selector, marked)) {
    *selector = metav1::LabelSelector();
  } else {
    std::erase_if(selector->matchExpressions, [](const auto& wanted) {
      return is_marked(wanted, "Exists") || is_marked(wanted, "DoesNotExist");
    });
  }
}

void to_new(const Old& from, New& to) {
  convert_fields(from, to);
  convert_selector(to.spec.selector, "Exists", "DoesNotExist");
}
void to_old(const New& from, Old& to) {
  convert_fields(from, to);
  convert_selector(to.spec.selector, "DoesNotExist", "Exists");
}

}  // namespace

void append_budgets(std::vector<ConversionEntry>& table) {
  table.push_back(entry<Old, New, to_new>());
  table.push_back(entry<New, Old, to_old>());
}

}  // namespace xebec::api::conversion
