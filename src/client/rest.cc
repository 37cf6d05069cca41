#include "client/rest.h"

#include <charconv>

#include "api/gen/metav1.h"
#include "base/sync.h"
#include "client/rest_core.h"
#include "client/watch_stream.h"
#include "client/wire.h"
#include "codec/json.h"

namespace xebec::client {
namespace {

constexpr size_t kMaxErrorBody = 1 << 20;

std::optional<int32_t> retry_after(const http::Response& response) {
  std::string_view text = response.headers.get("Retry-After");
  int32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < 0)
    return std::nullopt;
  return value;
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

}  // namespace

bool DiscoveredResource::has_verb(std::string_view verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

Target::Target(const api::Resource& resource)
    : gvr{std::string(resource.group), std::string(resource.version), std::string(resource.plural)},
      message(resource.message),
      list_message(resource.list_message),
      known(true),
      namespaced(resource.namespaced) {}

Rest::Rest(std::shared_ptr<http::Client> transport, const api::Scheme& scheme, Config config)
    : core_(std::make_shared<const Core>(Core{std::move(transport), &scheme, std::move(config)})) {}

const api::Scheme& Rest::scheme() const { return *core_->scheme; }
http::Client& Rest::transport() const { return *core_->transport; }

Target Rest::target_of(const api::Message& type) const {
  if (type.kinds.empty()) return Target(api::GroupVersionResource(), &type);
  const api::TypeName& kind = type.kinds[0];
  const api::Resource* resource = core_->scheme->resource_of_kind(kind.group, kind.version, kind.kind);
  if (resource != nullptr) return Target(*resource);
  return Target({std::string(kind.group), std::string(kind.version), lower(std::string(kind.kind))}, &type);
}

// ---- Sending. ----

Task<Result<http::Response>> Rest::send(std::shared_ptr<const Core> core, Context context,
                                        Result<Call> call) {
  if (!call.has_value()) co_return fail(std::move(call).error());
  for (int tries = 0;; ++tries) {
    http::Request request = call->request;  // kept, to be sent again
    Result<http::Response> response = co_await core->transport->send(context, std::move(request));
    if (!response.has_value() || response->status < 400) co_return response;

    std::optional<int32_t> wait = retry_after(*response);
    Result<std::string> body = co_await response->read_body(kMaxErrorBody);
    bool again = call->retry && wait && tries < core->config.max_retries &&
                 (response->status == 429 || response->status >= 500);
    if (again) {
      MonotonicTime until = Executor::current()->now() + std::chrono::seconds(*wait);
      if (!context.deadline || until < *context.deadline) {
        bool slept = co_await sleep_until(until, context.cancel);
        if (!slept) co_return fail(errors::cancelled());
        continue;
      }
    }
    std::string text = body.has_value() ? std::move(*body) : std::string();
    std::optional<Status> status = wire::decode_status(response->headers.get("Content-Type"), text);
    if (status) co_return fail(std::move(*status));
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    ResourceName resource{call->about.group, call->about.resource};
    co_return fail(errors::generic(response->status, lower(call->request.method), resource, call->name, text,
                                   wait.value_or(0)));
  }
}

Task<Result<api::Object>> Rest::run(std::shared_ptr<const Core> core, Context context, Result<Call> call) {
  const api::Message* answer = call.has_value() ? call->answer : nullptr;
  CO_TRY(http::Response response, co_await send(core, std::move(context), std::move(call)));
  CO_TRY(std::string body, co_await response.read_body());
  co_return wire::decode(*answer, response.headers.get("Content-Type"), body);
}

Task<Result<void>> Rest::run_void(std::shared_ptr<const Core> core, Context context, Result<Call> call) {
  CO_TRY(http::Response response, co_await send(core, std::move(context), std::move(call)));
  CO_TRY_VOID(co_await response.read_body());  // to its end, so that the connection can be used again
  co_return Result<void>();
}

Task<Result<codec::Value>> Rest::run_value(std::shared_ptr<const Core> core, Context context,
                                           Result<Call> call) {
  CO_TRY(http::Response response, co_await send(core, std::move(context), std::move(call)));
  CO_TRY(std::string body, co_await response.read_body());
  co_return codec::parse_json(body);
}

Task<Result<std::unique_ptr<WatchStream>>> Rest::run_watch(std::shared_ptr<const Core> core, Context context,
                                                           Result<Call> call) {
  const api::Message* type = call.has_value() ? call->answer : nullptr;
  CO_TRY(http::Response response, co_await send(core, std::move(context), std::move(call)));
  co_return make_watch_stream(*type, std::move(response));
}

Task<Result<http::Response>> Rest::raw(Context context, http::Request request) const {
  Call call;
  call.request = std::move(request);
  call.request.headers.set("User-Agent", core_->config.user_agent);
  return send(core_, std::move(context), std::move(call));
}

// ---- Verbs. ----

Task<Result<api::Object>> Rest::get_object(Context context, Target target, std::string ns, std::string name,
                                           GetOptions options) const {
  Result<Call> call = Call::make_named(*core_, "GET", target, ns, name);
  if (call.has_value()) call->param_if("resourceVersion", options.resource_version);
  return run(core_, std::move(context), std::move(call));
}

Task<Result<api::Object>> Rest::list_object(Context context, Target target, std::string ns,
                                            ListOptions options) const {
  Result<Call> call = Call::make(*core_, "GET", target, ns, {});
  if (call.has_value() && target.list_message == nullptr) {
    call = fail(errors::method_not_supported({target.gvr.group, target.gvr.resource}, "list"));
  }
  if (call.has_value()) {
    call->options(options);
    call->answer = target.list_message;
  }
  return run(core_, std::move(context), std::move(call));
}

Task<Result<api::Object>> Rest::write_object(Context context, std::string method, Target target,
                                             const api::Message& type, const void* object,
                                             WriteOptions options) const {
  std::string ns, name;
  if (type.object_meta_offset >= 0) {
    auto* meta = reinterpret_cast<const metav1::ObjectMeta*>(static_cast<const char*>(object) +
                                                             type.object_meta_offset);
    ns = meta->namespace_;
    name = meta->name;
  }
  bool create = method == "POST" && options.subresource.empty();
  Result<Call> call =
      create ? Call::make(*core_, std::move(method), target, ns, {})
             : Call::make_named(*core_, std::move(method), target, ns, name, options.subresource);
  if (call.has_value()) {
    bool json = core_->config.prefer_json;
    call->name = name;
    call->options(options);
    call->body(json ? wire::kJson : wire::kProtobuf,
               wire::encode(type, object, target.gvr.group_version(), json));
  }
  return run(core_, std::move(context), std::move(call));
}

Task<Result<api::Object>> Rest::post_subresource(Context context, Target target, std::string ns,
                                                 std::string name, std::string subresource,
                                                 const api::Message& body_type, const void* body,
                                                 const api::Message* answer) const {
  Result<Call> call = Call::make_named(*core_, "POST", target, ns, name, subresource);
  if (call.has_value()) {
    call->body(core_->config, body_type, body);
    call->answer = answer;
  }
  return run(core_, std::move(context), std::move(call));
}

Task<Result<api::Object>> Rest::patch_object(Context context, Target target, std::string ns, std::string name,
                                             PatchType type, std::string body, WriteOptions options) const {
  Result<Call> call = Call::make_named(*core_, "PATCH", target, ns, name, options.subresource);
  if (call.has_value()) {
    call->options(options);
    call->body(content_type(type), std::move(body));
  }
  return run(core_, std::move(context), std::move(call));
}

Task<Result<void>> Rest::delete_object(Context context, Target target, std::string ns, std::string name,
                                       DeleteOptions options) const {
  Result<Call> call = Call::make_named(*core_, "DELETE", target, ns, name);
  if (call.has_value()) call->options(options, core_->config.prefer_json);
  return run_void(core_, std::move(context), std::move(call));
}

Task<Result<void>> Rest::delete_objects(Context context, Target target, std::string ns, DeleteOptions options,
                                        ListOptions selection) const {
  Result<Call> call = Call::make(*core_, "DELETE", target, ns, {});
  if (call.has_value()) {
    call->options(selection);
    call->options(options, core_->config.prefer_json);
  }
  return run_void(core_, std::move(context), std::move(call));
}

Task<Result<std::unique_ptr<WatchStream>>> Rest::watch_object(Context context, Target target, std::string ns,
                                                              WatchOptions options) const {
  Result<Call> call = Call::make(*core_, "GET", target, ns, {});
  if (call.has_value()) {
    call->options(options);
    // A watch of metadata gives single objects, and names the framing of protobuf.
    std::string as = target.metadata_only ? ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1" : "";
    std::string accept = std::string(wire::kJson) + as;
    if (!core_->config.prefer_json)
      accept = std::string(wire::kProtobuf) + ";stream=watch" + as + "," + accept;
    call->request.headers.set("Accept", accept);
  }
  return run_watch(core_, std::move(context), std::move(call));
}

void* Rest::list_parts(api::Object& list, std::string& resource_version, std::string& continue_token,
                       int64_t& remaining) {
  metav1::ListMeta& meta = *list.list_meta();
  resource_version = meta.resourceVersion;
  continue_token = meta.continue_;
  remaining = meta.remainingItemCount.value_or(0);
  return list.type().items()->ptr(list.data());
}

}  // namespace xebec::client
