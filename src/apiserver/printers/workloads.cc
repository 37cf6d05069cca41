#include <fmt/format.h>

#include <algorithm>

#include "api/gen/appsv1.h"
#include "api/gen/autoscalingv2.h"
#include "api/gen/batchv1.h"
#include "api/gen/corev1.h"
#include "apiserver/printers/human_duration.h"
#include "apiserver/printers/printer.h"
#include "apiserver/printers/selector_text.h"

namespace xebec::apiserver {
namespace {

void set_template(const corev1::PodSpec& spec, Row& row) {
  std::vector<std::string> names, images;
  for (const corev1::Container& container : spec.containers) {
    names.push_back(container.name);
    images.push_back(container.image);
  }
  row.set("Containers", cells::join(names));
  row.set("Images", cells::join(images));
}

void print(const appsv1::Deployment& object, Row& row) {
  row.set("Ready", fmt::format("{}/{}", object.status.readyReplicas, object.spec.replicas.value_or(0)));
  row.set("Up-to-date", object.status.updatedReplicas);
  row.set("Available", object.status.availableReplicas);
  set_template(object.spec.template_.spec, row);
  row.set("Selector", selector_text(object.spec.selector));
}

void print(const appsv1::ReplicaSet& object, Row& row) {
  row.set("Desired", object.spec.replicas.value_or(0));
  row.set("Current", object.status.replicas);
  row.set("Ready", object.status.readyReplicas);
  set_template(object.spec.template_.spec, row);
  row.set("Selector", selector_text(object.spec.selector));
}

void print(const appsv1::StatefulSet& object, Row& row) {
  row.set("Ready", fmt::format("{}/{}", object.status.readyReplicas, object.spec.replicas.value_or(0)));
  set_template(object.spec.template_.spec, row);
}

void print(const appsv1::DaemonSet& object, Row& row) {
  row.set("Desired", object.status.desiredNumberScheduled);
  row.set("Current", object.status.currentNumberScheduled);
  row.set("Ready", object.status.numberReady);
  row.set("Up-to-date", object.status.updatedNumberScheduled);
  row.set("Available", object.status.numberAvailable);
  row.set("Node Selector", cells::labels(object.spec.template_.spec.nodeSelector));
  set_template(object.spec.template_.spec, row);
  row.set("Selector", selector_text(object.spec.selector));
}

void print(const appsv1::ControllerRevision& object, Row& row) {
  std::string controller = "<none>";
  for (const auto& owner : object.metadata.ownerReferences) {
    if (!owner.controller.value_or(false)) continue;
    std::string kind = owner.kind;
    std::ranges::transform(kind, kind.begin(), [](unsigned char c) { return std::tolower(c); });
    api::GroupVersion version = api::GroupVersion::parse(owner.apiVersion);
    controller = fmt::format("{}{}/{}", kind, version.group.empty() ? "" : "." + version.group, owner.name);
  }
  row.set("Controller", std::move(controller));
  row.set("Revision", object.revision);
}

void print(const corev1::ReplicationController& object, Row& row) {
  row.set("Desired", object.spec.replicas.value_or(0));
  row.set("Current", object.status.replicas);
  row.set("Ready", object.status.readyReplicas);
  if (object.spec.template_) set_template(object.spec.template_->spec, row);
  row.set("Selector", cells::labels(object.spec.selector));
}

std::string job_status(const batchv1::Job& job) {
  auto is_true = [&](std::string_view type) {
    return std::ranges::any_of(job.status.conditions,
                               [&](const auto& c) { return c.type == type && c.status == "True"; });
  };
  if (is_true("Complete")) return "Complete";
  if (is_true("Failed")) return "Failed";
  if (job.metadata.deletionTimestamp) return "Terminating";
  for (std::string_view type : {"Suspended", "FailureTarget", "SuccessCriteriaMet"}) {
    if (is_true(type)) return std::string(type);
  }
  return "Running";
}

void print(const batchv1::Job& job, Row& row) {
  std::string completions;
  if (job.spec.completions) {
    completions = fmt::format("{}/{}", job.status.succeeded, *job.spec.completions);
  } else if (job.spec.parallelism.value_or(0) > 1) {
    completions = fmt::format("{}/1 of {}", job.status.succeeded, *job.spec.parallelism);
  } else {
    completions = fmt::format("{}/1", job.status.succeeded);
  }
  std::string duration;
  if (job.status.startTime) {
    int64_t end = job.status.completionTime ? job.status.completionTime->seconds : row.now();
    duration = human_duration(end - job.status.startTime->seconds);
  }
  row.set("Status", job_status(job));
  row.set("Completions", std::move(completions));
  row.set("Duration", std::move(duration));
  set_template(job.spec.template_.spec, row);
  row.set("Selector", selector_text(job.spec.selector));
}

void print(const batchv1::CronJob& object, Row& row) {
  row.set("Schedule", object.spec.schedule);
  row.set("Timezone", object.spec.timeZone.value_or("<none>"));
  row.set("Suspend", !object.spec.suspend ? "<unset>" : *object.spec.suspend ? "True" : "False");
  row.set("Active", static_cast<int64_t>(object.status.active.size()));
  row.set("Last Schedule",
          object.status.lastScheduleTime ? human_age(*object.status.lastScheduleTime, row.now()) : "<none>");
  const batchv1::JobSpec& job = object.spec.jobTemplate.spec;
  set_template(job.template_.spec, row);
  row.set("Selector", selector_text(job.selector));
}

// "cur/target" of one metric, with a prefix for resources.
std::string metric_text(const autoscalingv2::MetricTarget& target,
                        const autoscalingv2::MetricValueStatus* current) {
  if (target.averageUtilization) {
    std::string now = current && current->averageUtilization
                          ? fmt::format("{}%", *current->averageUtilization)
                          : "<unknown>";
    return fmt::format("{}/{}%", now, *target.averageUtilization);
  }
  if (target.averageValue) {
    std::string now =
        current && current->averageValue ? std::string(current->averageValue->str()) : "<unknown>";
    return fmt::format("{}/{}", now, target.averageValue->str());
  }
  if (target.value) {
    std::string now = current && current->value ? std::string(current->value->str()) : "<unknown>";
    return fmt::format("{}/{}", now, target.value->str());
  }
  return "<unknown>/<auto>";
}

std::string hpa_targets(const autoscalingv2::HorizontalPodAutoscaler& hpa) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < hpa.spec.metrics.size(); ++i) {
    const autoscalingv2::MetricSpec& spec = hpa.spec.metrics[i];
    const autoscalingv2::MetricStatus* status =
        i < hpa.status.currentMetrics.size() ? &hpa.status.currentMetrics[i] : nullptr;
    if (status && status->type != spec.type) status = nullptr;
    if (spec.resource) {
      const auto* current = status && status->resource ? &status->resource->current : nullptr;
      parts.push_back(
          fmt::format("{}: {}", spec.resource->name, metric_text(spec.resource->target, current)));
    } else if (spec.containerResource) {
      const auto* current =
          status && status->containerResource ? &status->containerResource->current : nullptr;
      parts.push_back(fmt::format("{}: {}", spec.containerResource->name,
                                  metric_text(spec.containerResource->target, current)));
    } else if (spec.pods) {
      const auto* current = status && status->pods ? &status->pods->current : nullptr;
      parts.push_back(metric_text(spec.pods->target, current));
    } else if (spec.object) {
      const auto* current = status && status->object ? &status->object->current : nullptr;
      parts.push_back(metric_text(spec.object->target, current) +
                      (spec.object->target.averageValue ? " (avg)" : ""));
    } else if (spec.external) {
      const auto* current = status && status->external ? &status->external->current : nullptr;
      parts.push_back(metric_text(spec.external->target, current) +
                      (spec.external->target.averageValue ? " (avg)" : ""));
    } else {
      parts.push_back("<unknown type>");
    }
  }
  if (parts.empty()) return "<none>";
  if (parts.size() <= 2) return cells::join(parts, ", ");
  return fmt::format("{}, {} + {} more...", parts[0], parts[1], parts.size() - 2);
}

void print(const autoscalingv2::HorizontalPodAutoscaler& object, Row& row) {
  row.set("Reference",
          fmt::format("{}/{}", object.spec.scaleTargetRef.kind, object.spec.scaleTargetRef.name));
  row.set("Targets", hpa_targets(object));
  row.set("MinPods", object.spec.minReplicas ? std::to_string(*object.spec.minReplicas) : "<unset>");
  row.set("MaxPods", object.spec.maxReplicas);
  row.set("Replicas", object.status.currentReplicas);
}

}  // namespace

std::span<const PrinterEntry> workload_printers() {
  static const PrinterEntry kTable[] = {XEBEC_PRINTER(appsv1::Deployment),
                                        XEBEC_PRINTER(appsv1::ReplicaSet),
                                        XEBEC_PRINTER(appsv1::StatefulSet),
                                        XEBEC_PRINTER(appsv1::DaemonSet),
                                        XEBEC_PRINTER(appsv1::ControllerRevision),
                                        XEBEC_PRINTER(corev1::ReplicationController),
                                        XEBEC_PRINTER(batchv1::Job),
                                        XEBEC_PRINTER(batchv1::CronJob),
                                        XEBEC_PRINTER(autoscalingv2::HorizontalPodAutoscaler)};
  return kTable;
}

}  // namespace xebec::apiserver
