// HorizontalPodAutoscaler: autoscaling/v1 knows one cpu target; the other metrics, the conditions and the
// behavior of v2 travel in annotations (k8s.io/kubernetes pkg/apis/autoscaling/v1/conversion.go).
#include <cctype>

#include "api/conversion/kinds.h"
#include "api/gen/autoscalingv1.h"
#include "api/gen/autoscalingv2.h"
#include "api/gen/autoscalingv2beta1.h"
#include "api/gen/autoscalingv2beta2.h"
#include "codec/json.h"
#include "codec/value.h"
#include "codec/view.h"

namespace xebec::api::conversion {
namespace {

namespace v1 = autoscalingv1;
namespace v2 = autoscalingv2;

constexpr std::string_view kMetrics = "autoscaling.alpha.kubernetes.io/metrics";
constexpr std::string_view kCurrentMetrics = "autoscaling.alpha.kubernetes.io/current-metrics";
constexpr std::string_view kConditions = "autoscaling.alpha.kubernetes.io/conditions";
constexpr std::string_view kBehavior = "autoscaling.alpha.kubernetes.io/behavior";

// --- metrics: v1 spells out what v2 calls target and metric ---

template <class Target>
void target_to_new(const std::optional<Quantity>& average, const std::optional<int32_t>& utilization,
                   Target& to) {
  to.averageValue = average;
  to.averageUtilization = utilization;
  to.type = utilization ? "Utilization" : "AverageValue";
}

template <class Old>
void spec_to_new(const Old& from, v2::MetricSpec& to) {
  to.type = from.type;
  if (from.object) {
    auto& out = to.object.emplace();
    convert_fields(from.object->target, out.describedObject);
    out.metric.name = from.object->metricName;
    out.metric.selector = from.object->selector;
    out.target.type = from.object->averageValue ? "AverageValue" : "Value";
    out.target.averageValue = from.object->averageValue;
    if (!from.object->averageValue || !(from.object->targetValue == Quantity()))
      out.target.value = from.object->targetValue;
  }
  if (from.pods) {
    auto& out = to.pods.emplace();
    out.metric.name = from.pods->metricName;
    out.metric.selector = from.pods->selector;
    target_to_new(from.pods->targetAverageValue, std::nullopt, out.target);
  }
  if (from.resource) {
    auto& out = to.resource.emplace();
    out.name = from.resource->name;
    target_to_new(from.resource->targetAverageValue, from.resource->targetAverageUtilization, out.target);
  }
  if (from.containerResource) {
    auto& out = to.containerResource.emplace();
    out.name = from.containerResource->name;
    out.container = from.containerResource->container;
    target_to_new(from.containerResource->targetAverageValue,
                  from.containerResource->targetAverageUtilization, out.target);
  }
  if (from.external) {
    auto& out = to.external.emplace();
    out.metric.name = from.external->metricName;
    out.metric.selector = from.external->metricSelector;
    out.target.value = from.external->targetValue;
    out.target.averageValue = from.external->targetAverageValue;
    out.target.type = from.external->targetValue ? "Value" : "AverageValue";
  }
}

template <class Old>
void spec_to_old(const v2::MetricSpec& from, Old& to) {
  to.type = from.type;
  if (from.object) {
    auto& out = to.object.emplace();
    convert_fields(from.object->describedObject, out.target);
    out.metricName = from.object->metric.name;
    out.selector = from.object->metric.selector;
    out.averageValue = from.object->target.averageValue;
    if (from.object->target.value) out.targetValue = *from.object->target.value;
  }
  if (from.pods) {
    auto& out = to.pods.emplace();
    out.metricName = from.pods->metric.name;
    out.selector = from.pods->metric.selector;
    if (from.pods->target.averageValue) out.targetAverageValue = *from.pods->target.averageValue;
  }
  if (from.resource) {
    auto& out = to.resource.emplace();
    out.name = from.resource->name;
    out.targetAverageUtilization = from.resource->target.averageUtilization;
    out.targetAverageValue = from.resource->target.averageValue;
  }
  if (from.containerResource) {
    auto& out = to.containerResource.emplace();
    out.name = from.containerResource->name;
    out.container = from.containerResource->container;
    out.targetAverageUtilization = from.containerResource->target.averageUtilization;
    out.targetAverageValue = from.containerResource->target.averageValue;
  }
  if (from.external) {
    auto& out = to.external.emplace();
    out.metricName = from.external->metric.name;
    out.metricSelector = from.external->metric.selector;
    out.targetValue = from.external->target.value;
    out.targetAverageValue = from.external->target.averageValue;
  }
}

template <class Old>
void status_to_new(const Old& from, v2::MetricStatus& to) {
  to.type = from.type;
  if (from.object) {
    auto& out = to.object.emplace();
    convert_fields(from.object->target, out.describedObject);
    out.metric.name = from.object->metricName;
    out.metric.selector = from.object->selector;
    out.current.value = from.object->currentValue;
    out.current.averageValue = from.object->averageValue;
  }
  if (from.pods) {
    auto& out = to.pods.emplace();
    out.metric.name = from.pods->metricName;
    out.metric.selector = from.pods->selector;
    out.current.averageValue = from.pods->currentAverageValue;
  }
  if (from.resource) {
    auto& out = to.resource.emplace();
    out.name = from.resource->name;
    out.current.averageUtilization = from.resource->currentAverageUtilization;
    out.current.averageValue = from.resource->currentAverageValue;
  }
  if (from.containerResource) {
    auto& out = to.containerResource.emplace();
    out.name = from.containerResource->name;
    out.container = from.containerResource->container;
    out.current.averageUtilization = from.containerResource->currentAverageUtilization;
    out.current.averageValue = from.containerResource->currentAverageValue;
  }
  if (from.external) {
    auto& out = to.external.emplace();
    out.metric.name = from.external->metricName;
    out.metric.selector = from.external->metricSelector;
    out.current.value = from.external->currentValue;
    out.current.averageValue = from.external->currentAverageValue;
  }
}

template <class Old>
void status_to_old(const v2::MetricStatus& from, Old& to) {
  to.type = from.type;
  const Quantity zero;
  if (from.object) {
    auto& out = to.object.emplace();
    convert_fields(from.object->describedObject, out.target);
    out.metricName = from.object->metric.name;
    out.selector = from.object->metric.selector;
    out.currentValue = from.object->current.value.value_or(zero);
    out.averageValue = from.object->current.averageValue;
  }
  if (from.pods) {
    auto& out = to.pods.emplace();
    out.metricName = from.pods->metric.name;
    out.selector = from.pods->metric.selector;
    out.currentAverageValue = from.pods->current.averageValue.value_or(zero);
  }
  if (from.resource) {
    auto& out = to.resource.emplace();
    out.name = from.resource->name;
    out.currentAverageUtilization = from.resource->current.averageUtilization;
    out.currentAverageValue = from.resource->current.averageValue.value_or(zero);
  }
  if (from.containerResource) {
    auto& out = to.containerResource.emplace();
    out.name = from.containerResource->name;
    out.container = from.containerResource->container;
    out.currentAverageUtilization = from.containerResource->current.averageUtilization;
    out.currentAverageValue = from.containerResource->current.averageValue.value_or(zero);
  }
  if (from.external) {
    auto& out = to.external.emplace();
    out.metricName = from.external->metric.name;
    out.metricSelector = from.external->metric.selector;
    out.currentValue = from.external->current.value.value_or(zero);
    out.currentAverageValue = from.external->current.averageValue;
  }
}

// --- annotations ---

template <class T>
std::string list_json(const std::vector<T>& items) {
  std::string out = "[";
  for (const T& item : items) {
    if (out.size() > 1) out += ',';
    codec::append_json(type_of<T>(), &item, "", "", out);
  }
  return out + "]";
}

// What cannot be read is as if it were not there, as upstream.
template <class T>
std::vector<T> json_list(const FlatMap<std::string>& annotations, std::string_view key) {
  std::vector<T> out;
  const std::string* text = annotations.get(key);
  if (text == nullptr) return out;
  Result<codec::Value> list = codec::parse_json(*text);
  if (!list || !list->is_list()) return out;
  for (const codec::Value& item : *list->as_list()) {
    T& made = out.emplace_back();
    if (!codec::decode_json(type_of<T>(), codec::to_json(item), &made)) return {};
  }
  return out;
}

// Upstream writes the behavior as Go's internal struct, whose names begin with capitals.
codec::Value recase(const codec::Value& value, int (*change)(int)) {
  if (value.is_list()) {
    codec::ValueList out;
    for (const codec::Value& item : *value.as_list()) out.push_back(recase(item, change));
    return codec::Value(std::move(out));
  }
  if (!value.is_map()) return value;
  codec::ValueMap out;
  for (const auto& member : *value.as_map()) {
    std::string key = member.key;
    if (!key.empty()) key[0] = static_cast<char>(change(static_cast<unsigned char>(key[0])));
    out.set(key, recase(member.value, change));
  }
  return codec::Value(std::move(out));
}

void drop_annotations(FlatMap<std::string>& annotations) {
  for (std::string_view key : {kMetrics, kCurrentMetrics, kConditions, kBehavior}) annotations.erase(key);
}

// --- v1 ---

bool is_cpu_utilization(const v2::MetricSpec& metric) {
  return metric.type == "Resource" && metric.resource && metric.resource->name == "cpu" &&
         metric.resource->target.averageUtilization.has_value();
}

// What v1 says in its one field for it.
bool is_cpu_utilization_alone(const std::vector<v2::MetricStatus>& metrics) {
  return metrics.size() == 1 && metrics[0].type == "Resource" && metrics[0].resource &&
         metrics[0].resource->name == "cpu" && metrics[0].resource->current.averageUtilization &&
         !metrics[0].resource->current.averageValue;
}

void behavior_from_annotation(const FlatMap<std::string>& annotations, v2::HorizontalPodAutoscaler& to) {
  const std::string* text = annotations.get(kBehavior);
  if (text == nullptr) return;
  Result<codec::Value> value = codec::parse_json(*text);
  if (!value) return;
  v2::HorizontalPodAutoscalerBehavior behavior;
  const std::string json = codec::to_json(recase(*value, std::tolower));
  if (codec::decode_json(type_of<v2::HorizontalPodAutoscalerBehavior>(), json, &behavior))
    to.spec.behavior = std::move(behavior);
}

void behavior_to_annotation(const v2::HorizontalPodAutoscaler& from, FlatMap<std::string>& annotations) {
  if (!from.spec.behavior) return;
  std::string text;
  codec::append_json(type_of<v2::HorizontalPodAutoscalerBehavior>(), from.spec.behavior.get(), "", "", text);
  if (Result<codec::Value> value = codec::parse_json(text))
    annotations[std::string(kBehavior)] = codec::to_json(recase(*value, std::toupper));
}

void to_v1(const v2::HorizontalPodAutoscaler& from, v1::HorizontalPodAutoscaler& to) {
  convert_fields(from, to);
  drop_annotations(to.metadata.annotations);
  std::vector<v1::MetricSpec> others;
  for (const v2::MetricSpec& metric : from.spec.metrics) {
    if (is_cpu_utilization(metric) && !to.spec.targetCPUUtilizationPercentage) {
      to.spec.targetCPUUtilizationPercentage = metric.resource->target.averageUtilization;
    } else {
      spec_to_old(metric, others.emplace_back());
    }
  }
  std::vector<v1::MetricStatus> current;
  for (const v2::MetricStatus& metric : from.status.currentMetrics) {
    status_to_old(metric, current.emplace_back());
    if (metric.type == "Resource" && metric.resource && metric.resource->name == "cpu" &&
        metric.resource->current.averageUtilization)
      to.status.currentCPUUtilizationPercentage = metric.resource->current.averageUtilization;
  }
  std::vector<v1::HorizontalPodAutoscalerCondition> conditions(from.status.conditions.size());
  for (size_t i = 0; i < conditions.size(); ++i) convert_fields(from.status.conditions[i], conditions[i]);
  auto& annotations = to.metadata.annotations;
  if (!others.empty()) annotations[std::string(kMetrics)] = list_json(others);
  if (!current.empty() && !is_cpu_utilization_alone(from.status.currentMetrics))
    annotations[std::string(kCurrentMetrics)] = list_json(current);
  if (!conditions.empty()) annotations[std::string(kConditions)] = list_json(conditions);
  behavior_to_annotation(from, annotations);
}

void from_v1(const v1::HorizontalPodAutoscaler& from, v2::HorizontalPodAutoscaler& to) {
  convert_fields(from, to);
  const auto& annotations = from.metadata.annotations;
  if (from.spec.targetCPUUtilizationPercentage) {
    auto& metric = to.spec.metrics.emplace_back();
    metric.type = "Resource";
    auto& resource = metric.resource.emplace();
    resource.name = "cpu";
    target_to_new(std::nullopt, from.spec.targetCPUUtilizationPercentage, resource.target);
  }
  for (const v1::MetricSpec& metric : json_list<v1::MetricSpec>(annotations, kMetrics))
    spec_to_new(metric, to.spec.metrics.emplace_back());
  for (const v1::MetricStatus& metric : json_list<v1::MetricStatus>(annotations, kCurrentMetrics))
    status_to_new(metric, to.status.currentMetrics.emplace_back());
  if (to.status.currentMetrics.empty() && from.status.currentCPUUtilizationPercentage) {
    auto& metric = to.status.currentMetrics.emplace_back();
    metric.type = "Resource";
    auto& resource = metric.resource.emplace();
    resource.name = "cpu";
    resource.current.averageUtilization = from.status.currentCPUUtilizationPercentage;
  }
  for (const auto& condition : json_list<v1::HorizontalPodAutoscalerCondition>(annotations, kConditions))
    convert_fields(condition, to.status.conditions.emplace_back());
  behavior_from_annotation(annotations, to);
  drop_annotations(to.metadata.annotations);
}

// --- v2beta1: v2 with v1's metrics ---

void from_v2beta1(const autoscalingv2beta1::HorizontalPodAutoscaler& from, v2::HorizontalPodAutoscaler& to) {
  convert_fields(from, to);
  to.spec.metrics.clear();
  for (const auto& metric : from.spec.metrics) spec_to_new(metric, to.spec.metrics.emplace_back());
  to.status.currentMetrics.clear();
  for (const auto& metric : from.status.currentMetrics)
    status_to_new(metric, to.status.currentMetrics.emplace_back());
  behavior_from_annotation(from.metadata.annotations, to);
  drop_annotations(to.metadata.annotations);
}

void to_v2beta1(const v2::HorizontalPodAutoscaler& from, autoscalingv2beta1::HorizontalPodAutoscaler& to) {
  convert_fields(from, to);
  drop_annotations(to.metadata.annotations);
  to.spec.metrics.clear();
  for (const auto& metric : from.spec.metrics) spec_to_old(metric, to.spec.metrics.emplace_back());
  to.status.currentMetrics.clear();
  for (const auto& metric : from.status.currentMetrics)
    status_to_old(metric, to.status.currentMetrics.emplace_back());
  behavior_to_annotation(from, to.metadata.annotations);
}

}  // namespace

void append_autoscalers(std::vector<ConversionEntry>& table) {
  using Beta1 = autoscalingv2beta1::HorizontalPodAutoscaler;
  table.push_back(entry<v2::HorizontalPodAutoscaler, v1::HorizontalPodAutoscaler, to_v1>());
  table.push_back(entry<v1::HorizontalPodAutoscaler, v2::HorizontalPodAutoscaler, from_v1>());
  table.push_back(entry<Beta1, v2::HorizontalPodAutoscaler, from_v2beta1>());
  table.push_back(entry<v2::HorizontalPodAutoscaler, Beta1, to_v2beta1>());
}

}  // namespace xebec::api::conversion
