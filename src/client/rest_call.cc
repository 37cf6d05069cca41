// How requests are put together.
#include <fmt/format.h>

#include "api/gen/metav1.h"
#include "client/rest_core.h"
#include "client/wire.h"

namespace xebec::client {
namespace {

std::string accept_of(const Rest::Config& config, const Target& target, bool list) {
  std::string as;
  if (target.metadata_only) {
    as = list ? ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
              : ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
  } else if (target.message == nullptr) {
    return std::string(wire::kJson);
  }
  std::string json = std::string(wire::kJson) + as;
  return config.prefer_json ? json : fmt::format("{}{},{}", wire::kProtobuf, as, json);
}

// What a name may not be, so that a path leads where it says (rest.IsValidPathSegmentName).
Result<void> check_segment(std::string_view name) {
  if (name == "." || name == ".." || name.find_first_of("/%") != std::string_view::npos) {
    return fail(errors::bad_request(fmt::format("invalid resource name \"{}\"", name)));
  }
  return {};
}

}  // namespace

std::string_view content_type(PatchType type) {
  switch (type) {
    case PatchType::kJson:
      return "application/json-patch+json";
    case PatchType::kMerge:
      return "application/merge-patch+json";
    case PatchType::kStrategic:
      return "application/strategic-merge-patch+json";
    case PatchType::kApply:
      break;
  }
  return "application/apply-patch+yaml";
}

void Rest::Call::param(std::string_view key, std::string_view value) {
  if (!request.query.empty()) request.query += '&';
  request.query += key;
  request.query += '=';
  request.query += http::percent_encode(value);
}

void Rest::Call::body(std::string_view content_type, std::string bytes) {
  request.headers.set("Content-Type", content_type);
  request.body = std::move(bytes);
}

void Rest::Call::body(const Config& config, const api::Message& type, const void* object) {
  const api::TypeName& kind = type.kinds[0];
  body(config.prefer_json ? wire::kJson : wire::kProtobuf,
       wire::encode(type, object, {std::string(kind.group), std::string(kind.version)}, config.prefer_json));
}

void Rest::Call::options(const ListOptions& options) {
  param_if("continue", options.continue_);
  param_if("fieldSelector", options.field_selector);
  param_if("labelSelector", options.label_selector);
  if (options.limit != 0) param("limit", std::to_string(options.limit));
  param_if("resourceVersion", options.resource_version);
  param_if("resourceVersionMatch", options.resource_version_match);
}

void Rest::Call::options(const WatchOptions& options) {
  if (options.allow_bookmarks) param("allowWatchBookmarks", "true");
  param_if("fieldSelector", options.field_selector);
  param_if("labelSelector", options.label_selector);
  param_if("resourceVersion", options.resource_version);
  if (options.send_initial_events) {
    param("resourceVersionMatch", "NotOlderThan");
    param("sendInitialEvents", *options.send_initial_events ? "true" : "false");
  }
  if (options.timeout_seconds) param("timeoutSeconds", std::to_string(*options.timeout_seconds));
  param("watch", "true");
}

void Rest::Call::options(const WriteOptions& options) {
  if (options.dry_run) param("dryRun", "All");
  param_if("fieldManager", options.field_manager);
  param_if("fieldValidation", options.field_validation);
  if (options.force) param("force", "true");
}

void Rest::Call::options(const DeleteOptions& options, bool json) {
  metav1::DeleteOptions body_options;
  bool any = options.dry_run || options.grace_period_seconds || !options.propagation_policy.empty();
  body_options.gracePeriodSeconds = options.grace_period_seconds;
  if (!options.propagation_policy.empty()) body_options.propagationPolicy = options.propagation_policy;
  if (options.dry_run) body_options.dryRun.push_back("All");
  if (!options.uid.empty() || !options.resource_version.empty()) {
    any = true;
    metav1::Preconditions& preconditions = body_options.preconditions.ensure();
    if (!options.uid.empty()) preconditions.uid = options.uid;
    if (!options.resource_version.empty()) preconditions.resourceVersion = options.resource_version;
  }
  if (!any) return;
  body(json ? wire::kJson : wire::kProtobuf,
       wire::encode(api::type_of<metav1::DeleteOptions>(), &body_options, about.group_version(), json));
}

Result<Rest::Call> Rest::Call::make(const Core& core, std::string method, const Target& target,
                                    std::string_view ns, std::string_view name,
                                    std::string_view subresource) {
  const api::GroupVersionResource& gvr = target.gvr;
  TRY_VOID(check_segment(ns));
  TRY_VOID(check_segment(name));
  if (target.known && !target.namespaced) ns = {};
  if (target.known && target.namespaced && ns.empty() && (!name.empty() || method == "POST")) {
    std::string_view when = name.empty() ? " during creation" : " when a resource name is provided";
    return fail(errors::bad_request(fmt::format("an empty namespace may not be set{}", when)));
  }
  Call call;
  std::string& path = call.request.path;
  path = gvr.group.empty() ? "/api/" + gvr.version : "/apis/" + gvr.group + "/" + gvr.version;
  if (!ns.empty()) path += "/namespaces/" + http::percent_encode(ns);
  path += "/" + gvr.resource;
  if (!name.empty()) path += "/" + http::percent_encode(name);
  if (!subresource.empty()) path.append("/").append(subresource);

  bool list = method == "GET" && name.empty();
  call.request.method = std::move(method);
  call.request.headers.add("Accept", accept_of(core.config, target, list));
  call.request.headers.add("User-Agent", core.config.user_agent);
  call.about = gvr;
  call.name = name;
  call.answer = target.message;
  return call;
}

Result<Rest::Call> Rest::Call::make_named(const Core& core, std::string method, const Target& target,
                                          std::string_view ns, std::string_view name,
                                          std::string_view subresource) {
  if (name.empty()) return fail(errors::bad_request("resource name may not be empty"));
  return make(core, std::move(method), target, ns, name, subresource);
}

}  // namespace xebec::client
