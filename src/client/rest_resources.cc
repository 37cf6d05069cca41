// Subresources, and calls without a type of their own: metadata only and dynamic.
#include "api/gen/authenticationv1.h"
#include "api/gen/autoscalingv1.h"
#include "api/gen/corev1.h"
#include "api/gen/metav1.h"
#include "api/gen/policyv1.h"
#include "client/rest_core.h"
#include "codec/value.h"

namespace xebec::client {
namespace {

Target scale_target(api::GroupVersionResource gvr) {
  return Target(std::move(gvr), &api::type_of<autoscalingv1::Scale>());
}

std::string_view body_type(const std::string& body) {
  size_t first = body.find_first_not_of(" \t\r\n");
  return first != std::string::npos && body[first] == '{' ? "application/json" : "application/yaml";
}

}  // namespace

// ---- Subresources. ----

Task<Result<void>> Rest::bind(Context context, const corev1::Binding& binding) const {
  const metav1::ObjectMeta& meta = binding.metadata;
  Result<Call> call =
      Call::make_named(*core_, "POST", target_of<corev1::Pod>(), meta.namespace_, meta.name, "binding");
  if (call.has_value()) call->body(core_->config, api::type_of<corev1::Binding>(), &binding);
  return run_void(core_, std::move(context), std::move(call));
}

Task<Result<void>> Rest::evict(Context context, const policyv1::Eviction& eviction) const {
  const metav1::ObjectMeta& meta = eviction.metadata;
  Result<Call> call =
      Call::make_named(*core_, "POST", target_of<corev1::Pod>(), meta.namespace_, meta.name, "eviction");
  if (call.has_value()) {
    call->retry = false;
    call->body(core_->config, api::type_of<policyv1::Eviction>(), &eviction);
  }
  return run_void(core_, std::move(context), std::move(call));
}

Task<Result<corev1::Namespace>> Rest::finalize(Context context, const corev1::Namespace& ns) const {
  WriteOptions options;
  options.subresource = "finalize";
  return update(std::move(context), ns, std::move(options));
}

Task<Result<authenticationv1::TokenRequest>> Rest::create_token(
    Context context, std::string ns, std::string service_account,
    const authenticationv1::TokenRequest& request) const {
  const api::Message& type = api::type_of<authenticationv1::TokenRequest>();
  return as<authenticationv1::TokenRequest>(
      post_subresource(std::move(context), target_of<corev1::ServiceAccount>(), std::move(ns),
                       std::move(service_account), "token", type, &request, &type));
}

Task<Result<autoscalingv1::Scale>> Rest::get_scale(Context context, api::GroupVersionResource gvr,
                                                   std::string ns, std::string name) const {
  Target target = scale_target(std::move(gvr));
  return as<autoscalingv1::Scale>(
      run(core_, std::move(context), Call::make_named(*core_, "GET", target, ns, name, "scale")));
}

Task<Result<autoscalingv1::Scale>> Rest::update_scale(Context context, api::GroupVersionResource gvr,
                                                      const autoscalingv1::Scale& scale) const {
  WriteOptions options;
  options.subresource = "scale";
  return as<autoscalingv1::Scale>(write_object(std::move(context), "PUT", scale_target(std::move(gvr)),
                                               api::type_of<autoscalingv1::Scale>(), &scale,
                                               std::move(options)));
}

// ---- Metadata only. ----

Target Rest::metadata_target(api::GroupVersionResource gvr) const {
  Target target(std::move(gvr), &api::type_of<metav1::PartialObjectMetadata>());
  target.list_message = &api::type_of<metav1::PartialObjectMetadataList>();
  target.metadata_only = true;
  return target;
}

Task<Result<metav1::PartialObjectMetadata>> Rest::get_metadata(Context context, api::GroupVersionResource gvr,
                                                               std::string ns, std::string name) const {
  return as<metav1::PartialObjectMetadata>(
      get_object(std::move(context), metadata_target(std::move(gvr)), std::move(ns), std::move(name)));
}

Task<Result<List<metav1::PartialObjectMetadata>>> Rest::list_metadata(Context context,
                                                                      api::GroupVersionResource gvr,
                                                                      std::string ns,
                                                                      ListOptions options) const {
  return as_list<metav1::PartialObjectMetadata>(
      list_object(std::move(context), metadata_target(std::move(gvr)), std::move(ns), std::move(options)));
}

Task<Result<metav1::PartialObjectMetadata>> Rest::patch_metadata(Context context,
                                                                 api::GroupVersionResource gvr,
                                                                 std::string ns, std::string name,
                                                                 PatchType type, std::string body,
                                                                 WriteOptions options) const {
  return as<metav1::PartialObjectMetadata>(patch_object(std::move(context), metadata_target(std::move(gvr)),
                                                        std::move(ns), std::move(name), type, std::move(body),
                                                        std::move(options)));
}

Task<Result<void>> Rest::delete_resource(Context context, api::GroupVersionResource gvr, std::string ns,
                                         std::string name, DeleteOptions options) const {
  return delete_object(std::move(context), Target(std::move(gvr), nullptr), std::move(ns), std::move(name),
                       std::move(options));
}

Task<Result<void>> Rest::delete_collection(Context context, api::GroupVersionResource gvr, std::string ns,
                                           DeleteOptions options, ListOptions selection) const {
  return delete_objects(std::move(context), Target(std::move(gvr), nullptr), std::move(ns),
                        std::move(options), std::move(selection));
}

// ---- Dynamic. ----

Task<Result<codec::Value>> Rest::get_value(Context context, api::GroupVersionResource gvr, std::string ns,
                                           std::string name, std::string subresource) const {
  Target target(std::move(gvr), nullptr);
  return run_value(core_, std::move(context), Call::make_named(*core_, "GET", target, ns, name, subresource));
}

Task<Result<codec::Value>> Rest::list_value(Context context, api::GroupVersionResource gvr, std::string ns,
                                            ListOptions options) const {
  Result<Call> call = Call::make(*core_, "GET", Target(std::move(gvr), nullptr), ns, {});
  if (call.has_value()) call->options(options);
  return run_value(core_, std::move(context), std::move(call));
}

Task<Result<codec::Value>> Rest::create_value(Context context, api::GroupVersionResource gvr, std::string ns,
                                              std::string body, WriteOptions options) const {
  Result<Call> call = Call::make(*core_, "POST", Target(std::move(gvr), nullptr), ns, {});
  if (call.has_value()) {
    call->options(options);
    const std::string_view type = body_type(body);
    call->body(type, std::move(body));
  }
  return run_value(core_, std::move(context), std::move(call));
}

Task<Result<codec::Value>> Rest::update_value(Context context, api::GroupVersionResource gvr, std::string ns,
                                              std::string name, std::string body,
                                              WriteOptions options) const {
  Result<Call> call =
      Call::make_named(*core_, "PUT", Target(std::move(gvr), nullptr), ns, name, options.subresource);
  if (call.has_value()) {
    call->options(options);
    const std::string_view type = body_type(body);
    call->body(type, std::move(body));
  }
  return run_value(core_, std::move(context), std::move(call));
}

Task<Result<codec::Value>> Rest::patch_value(Context context, api::GroupVersionResource gvr, std::string ns,
                                             std::string name, PatchType type, std::string body,
                                             WriteOptions options) const {
  Result<Call> call =
      Call::make_named(*core_, "PATCH", Target(std::move(gvr), nullptr), ns, name, options.subresource);
  if (call.has_value()) {
    call->options(options);
    call->body(content_type(type), std::move(body));
  }
  return run_value(core_, std::move(context), std::move(call));
}

}  // namespace xebec::client
