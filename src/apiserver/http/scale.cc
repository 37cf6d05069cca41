// The scale subresource: a Scale as a view of anything with replicas; autoscaling/v1's, or in old versions
// their own.
#include <fmt/format.h>

#include "api/conversion.h"
#include "api/gen/appsv1.h"
#include "api/gen/autoscalingv1.h"
#include "api/gen/corev1.h"
#include "api/selectors.h"
#include "apiserver/http/resource_call.h"

namespace xebec::apiserver {
namespace {

Result<std::string> selector_text(const api::Box<metav1::LabelSelector>& selector) {
  if (!selector) return std::string();
  TRY(api::LabelSelector parsed, api::LabelSelector::from(*selector));
  return parsed.str();
}
Result<std::string> selector_text(const api::FlatMap<std::string>& selector) {
  return api::LabelSelector::of_map(selector).str();
}

template <class Kind>
Result<api::Object> scale_of(const Kind& object) {
  autoscalingv1::Scale scale;
  scale.metadata.name = object.metadata.name;
  scale.metadata.namespace_ = object.metadata.namespace_;
  scale.metadata.uid = object.metadata.uid;
  scale.metadata.resourceVersion = object.metadata.resourceVersion;
  scale.metadata.creationTimestamp = object.metadata.creationTimestamp;
  scale.spec.replicas = object.spec.replicas.value_or(0);
  scale.status.replicas = object.status.replicas;
  TRY(scale.status.selector, selector_text(object.spec.selector));
  return api::Object::of(std::move(scale));
}

// The object with the replicas the Scale asks for; the Scale's uid and resourceVersion are preconditions.
template <class Kind>
Result<api::Object> with_scale(const autoscalingv1::Scale& scale, Kind object) {
  if (!scale.metadata.uid.empty()) object.metadata.uid = scale.metadata.uid;
  if (!scale.metadata.resourceVersion.empty())
    object.metadata.resourceVersion = scale.metadata.resourceVersion;
  else
    object.metadata.resourceVersion.clear();
  object.spec.replicas = scale.spec.replicas;
  return api::Object::of(std::move(object));
}

template <class F>
Result<api::Object> with_kind(const api::Object& hub, F&& f) {
  if (const auto* d = hub.as<appsv1::Deployment>()) return f(*d);
  if (const auto* r = hub.as<appsv1::ReplicaSet>()) return f(*r);
  if (const auto* s = hub.as<appsv1::StatefulSet>()) return f(*s);
  if (const auto* c = hub.as<corev1::ReplicationController>()) return f(*c);
  return fail(errors::internal("this kind cannot be scaled"));
}

}  // namespace

Shape scale_shape(const ResourceCall& call) {
  Shape shape;
  shape.kind = call.subresource->kind.gvk();
  shape.type = call.deps->scheme->find(shape.kind);
  shape.read = [type = shape.type](const api::Object& hub) -> Result<api::Object> {
    TRY(api::Object scale, with_kind(hub, [](const auto& object) { return scale_of(object); }));
    return api::convert(std::move(scale), *type);
  };
  shape.write = [](api::Object sent, const api::Object* current) -> Result<api::Object> {
    if (!current) return fail(errors::internal("a scale needs its object"));
    TRY(sent, api::convert(std::move(sent), api::type_of<autoscalingv1::Scale>()));
    const auto& scale = sent.get<autoscalingv1::Scale>();
    if (scale.spec.replicas < 0) {
      std::vector<StatusCause> causes;
      causes.push_back(
          {"FieldValueInvalid",
           fmt::format("Invalid value: {}: must be greater than or equal to 0", scale.spec.replicas),
           "spec.replicas"});
      return fail(errors::invalid(KindName{"autoscaling", "Scale"}, scale.metadata.name, std::move(causes)));
    }
    return with_kind(*current, [&](const auto& object) { return with_scale(scale, object); });
  };
  return shape;
}

}  // namespace xebec::apiserver
