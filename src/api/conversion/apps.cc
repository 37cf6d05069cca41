// Workloads of extensions/v1beta1, apps/v1beta1 and apps/v1beta2. What apps/v1 has no field for is an
// annotation there (k8s.io/kubernetes pkg/apis/apps/v1/conversion.go); their Scale has its selector in two
// forms (pkg/apis/extensions/v1beta1/conversion.go).
#include <charconv>

#include "api/conversion/kinds.h"
#include "api/gen/appsv1.h"
#include "api/gen/appsv1beta1.h"
#include "api/gen/appsv1beta2.h"
#include "api/gen/autoscalingv1.h"
#include "api/gen/extensionsv1beta1.h"
#include "api/selectors.h"

namespace xebec::api::conversion {
namespace {

constexpr std::string_view kRollbackTo = "deprecated.deployment.rollback.to";
constexpr std::string_view kTemplateGeneration = "deprecated.daemonset.template.generation";

// A number in an annotation; what is none stays where it is.
std::optional<int64_t> number(const FlatMap<std::string>& annotations, std::string_view key) {
  const std::string* text = annotations.get(key);
  if (text == nullptr) return std::nullopt;
  int64_t out = 0;
  const char* end = text->data() + text->size();
  const auto [at, error] = std::from_chars(text->data(), end, out);
  if (error != std::errc() || at != end) return std::nullopt;
  return out;
}

template <class Old>
void deployment_to_new(const Old& from, appsv1::Deployment& to) {
  convert_fields(from, to);
  if (from.spec.rollbackTo)
    to.metadata.annotations[std::string(kRollbackTo)] = std::to_string(from.spec.rollbackTo->revision);
}

template <class Old>
void deployment_to_old(const appsv1::Deployment& from, Old& to) {
  convert_fields(from, to);
  const std::optional<int64_t> revision = number(from.metadata.annotations, kRollbackTo);
  if (!revision) return;
  to.spec.rollbackTo.emplace().revision = *revision;
  to.metadata.annotations.erase(kRollbackTo);
}

void daemon_set_to_new(const extensionsv1beta1::DaemonSet& from, appsv1::DaemonSet& to) {
  convert_fields(from, to);
  to.metadata.annotations[std::string(kTemplateGeneration)] = std::to_string(from.spec.templateGeneration);
}

void daemon_set_to_old(const appsv1::DaemonSet& from, extensionsv1beta1::DaemonSet& to) {
  convert_fields(from, to);
  const std::optional<int64_t> generation = number(from.metadata.annotations, kTemplateGeneration);
  if (!generation) return;
  to.spec.templateGeneration = *generation;
  to.metadata.annotations.erase(kTemplateGeneration);
}

template <class Old>
Result<void> scale_to_new(const void* source, void* target) {
  const auto& from = *static_cast<const Old*>(source);
  auto& to = *static_cast<autoscalingv1::Scale*>(target);
  to.metadata = from.metadata;
  to.spec.replicas = from.spec.replicas;
  to.status.replicas = from.status.replicas;
  to.status.selector = from.status.targetSelector.empty() ? LabelSelector::of_map(from.status.selector).str()
                                                          : from.status.targetSelector;
  return {};
}

// The map is there when the selector asks for nothing but equal values.
template <class Old>
Result<void> scale_to_old(const void* source, void* target) {
  const auto& from = *static_cast<const autoscalingv1::Scale*>(source);
  auto& to = *static_cast<Old*>(target);
  to.metadata = from.metadata;
  to.spec.replicas = from.spec.replicas;
  to.status.replicas = from.status.replicas;
  to.status.targetSelector = from.status.selector;
  TRY(LabelSelector selector, LabelSelector::parse(from.status.selector));
  for (const LabelSelector::Requirement& wanted : selector.requirements()) {
    if (wanted.op != LabelSelector::Operator::kIn || wanted.values.size() != 1) {
      to.status.selector.clear();
      break;
    }
    to.status.selector[wanted.key] = wanted.values[0];
  }
  return {};
}

template <class Old>
void append_scale(std::vector<ConversionEntry>& table) {
  const Message &old = type_of<Old>(), &scale = type_of<autoscalingv1::Scale>();
  table.push_back({&old, &scale, scale_to_new<Old>});
  table.push_back({&scale, &old, scale_to_old<Old>});
}

template <class Old>
void append_deployment(std::vector<ConversionEntry>& table) {
  table.push_back(entry<Old, appsv1::Deployment, deployment_to_new<Old>>());
  table.push_back(entry<appsv1::Deployment, Old, deployment_to_old<Old>>());
}

}  // namespace

void append_workloads(std::vector<ConversionEntry>& table) {
  append_deployment<extensionsv1beta1::Deployment>(table);
  append_deployment<appsv1beta1::Deployment>(table);
  table.push_back(entry<extensionsv1beta1::DaemonSet, appsv1::DaemonSet, daemon_set_to_new>());
  table.push_back(entry<appsv1::DaemonSet, extensionsv1beta1::DaemonSet, daemon_set_to_old>());
  append_scale<extensionsv1beta1::Scale>(table);
  append_scale<appsv1beta1::Scale>(table);
  append_scale<appsv1beta2::Scale>(table);
}

}  // namespace xebec::api::conversion
