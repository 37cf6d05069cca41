#include "apiserver/validation/autoscaling.h"
#include "apiserver/validation/resources.h"

namespace xebec::apiserver::validation {
namespace {

using Target = autoscalingv2::MetricTarget;

void check_target(Errors& errors, const Path& path, const Target& target) {
  if (target.type.empty())
    errors.push_back(field::required(path.child("type"), "must specify a metric target type"));
  if (target.type != "Utilization" && target.type != "Value" && target.type != "AverageValue") {
    errors.push_back(field::invalid_string(path.child("type"), target.type,
                                           "must be either Utilization, Value, or AverageValue"));
  }
  auto positive = [&](std::string_view name, const std::optional<api::Quantity>& quantity) {
    if (quantity && quantity->sign() <= 0)
      errors.push_back(field::invalid_string(path.child(name), quantity->str(), "must be positive"));
  };
  positive("value", target.value);
  positive("averageValue", target.averageValue);
  if (target.averageUtilization && *target.averageUtilization < 1) {
    errors.push_back(field::invalid_int(path.child("averageUtilization"), *target.averageUtilization,
                                        "must be greater than 0"));
  }
}

void check_identifier(Errors& errors, const Path& path, const autoscalingv2::MetricIdentifier& metric) {
  check_path_segment(errors, path.child("name"), metric.name, "must specify a metric name");
}

// By value, and not by two.
void check_utilization(Errors& errors, const Path& path, const Target& target) {
  check_target(errors, path, target);
  if (!target.averageUtilization && !target.averageValue) {
    errors.push_back(field::required(path.child("averageUtilization"),
                                     "must set either a target raw value or a target utilization"));
  }
  if (target.averageUtilization && target.averageValue) {
    errors.push_back(field::forbidden(path.child("averageValue"),
                                      "may not set both a target raw value and a target utilization"));
  }
}

void check_object(Errors& errors, const Path& path, const autoscalingv2::ObjectMetricSource& source,
                  bool any_version) {
  check_cross_version_reference(errors, path.child("describedObject"), source.describedObject,
                                {.any = any_version, .core_too = true});
  check_identifier(errors, path.child("metric"), source.metric);
  check_target(errors, path.child("target"), source.target);
  if (!source.target.value && !source.target.averageValue) {
    errors.push_back(field::required(path.child("target").child("averageValue"),
                                     "must set either a target value or averageValue"));
  }
}

void check_external(Errors& errors, const Path& path, const autoscalingv2::ExternalMetricSource& source) {
  check_identifier(errors, path.child("metric"), source.metric);
  check_target(errors, path.child("target"), source.target);
  if (!source.target.value && !source.target.averageValue) {
    errors.push_back(field::required(path.child("target").child("averageValue"),
                                     "must set either a target value for metric or a per-pod target"));
  }
  if (source.target.value && source.target.averageValue) {
    errors.push_back(field::forbidden(path.child("target").child("value"),
                                      "may not set both a target value for metric and a per-pod target"));
  }
}

void check_pods(Errors& errors, const Path& path, const autoscalingv2::PodsMetricSource& source) {
  check_identifier(errors, path.child("metric"), source.metric);
  check_target(errors, path.child("target"), source.target);
  if (!source.target.averageValue) {
    errors.push_back(field::required(path.child("target").child("averageValue"),
                                     "must specify a positive target averageValue"));
  }
}

void check_resource(Errors& errors, const Path& path, const autoscalingv2::ResourceMetricSource& source) {
  check_required(errors, path.child("name"), source.name, "must specify a resource name");
  check_utilization(errors, path.child("target"), source.target);
}

void check_container_resource(Errors& errors, const Path& path,
                              const autoscalingv2::ContainerResourceMetricSource& source) {
  if (source.name.empty()) {
    errors.push_back(field::required(path.child("name"), "must specify a resource name"));
  } else {
    check_container_resource_name(errors, path.child("name"), source.name);
  }
  if (source.container.empty()) {
    errors.push_back(field::required(path.child("container"), "must specify a container"));
  } else {
    check_dns_label(errors, path.child("container"), source.container);
  }
  check_utilization(errors, path.child("target"), source.target);
}

// The source that a type asks for.
struct Source {
  std::string_view type, field;
  bool present;
};

void check_type(Errors& errors, const Path& path, const std::string& type) {
  check_enum(errors, path, std::string_view(type),
             {"ContainerResource", "External", "Object", "Pods", "Resource"});
}

void check_metric(Errors& errors, const Path& path, const autoscalingv2::MetricSpec& spec, bool any_version) {
  check_required(errors, path.child("type"), spec.type, "must specify a metric source type");
  check_type(errors, path.child("type"), spec.type);
  // Only the first of several sources is looked at.
  const Source sources[] = {{"Object", "object", bool(spec.object)},
                            {"External", "external", bool(spec.external)},
                            {"Pods", "pods", bool(spec.pods)},
                            {"Resource", "resource", bool(spec.resource)},
                            {"ContainerResource", "containerResource", bool(spec.containerResource)}};
  if (spec.object) {
    check_object(errors, path.child("object"), *spec.object, any_version);
  } else if (spec.external) {
    check_external(errors, path.child("external"), *spec.external);
  } else if (spec.pods) {
    check_pods(errors, path.child("pods"), *spec.pods);
  } else if (spec.resource) {
    check_resource(errors, path.child("resource"), *spec.resource);
  } else if (spec.containerResource) {
    check_container_resource(errors, path.child("containerResource"), *spec.containerResource);
  }
  size_t present = 0;
  for (const Source& source : sources) {
    present += source.present;
    if (source.type == spec.type && !source.present) {
      errors.push_back(
          field::required(path.child(source.field), "must populate information for the given metric source"));
    }
  }
  if (present == 1) return;
  for (const Source& source : sources) {
    if (source.present && source.type != spec.type)
      errors.push_back(
          field::forbidden(path.child(source.field), "must populate the given metric source only"));
  }
}

}  // namespace

void check_metrics(Errors& errors, const Path& path, const autoscalingv2::HorizontalPodAutoscalerSpec& spec,
                   bool any_version) {
  bool from_outside = false;
  for (size_t i = 0; i < spec.metrics.size(); ++i) {
    check_metric(errors, path.index(i), spec.metrics[i], any_version);
    from_outside = from_outside || spec.metrics[i].type == "Object" || spec.metrics[i].type == "External";
  }
  // Nothing that runs could measure when to start again.
  if (spec.minReplicas == 0 && !from_outside) {
    errors.push_back(field::forbidden(
        path, "must specify at least one Object or External metric to support scaling to zero replicas"));
  }
}

}  // namespace xebec::apiserver::validation
