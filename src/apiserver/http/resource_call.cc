#include "apiserver/http/resource_call.h"

#include "api/conversion.h"
#include "api/gen/metav1.h"
#include "apiserver/admission/plugin.h"
#include "apiserver/authz/authorizer.h"

namespace xebec::apiserver {

Shape shape_of(const ResourceCall& call) {
  Shape shape;
  shape.type = call.resource->message;
  shape.kind = {std::string(call.resource->group), std::string(call.resource->version),
                std::string(call.resource->kind)};
  const api::Message* type = shape.type;
  shape.read = [type](const api::Object& hub) { return api::convert(hub, *type); };
  if (call.registry) {
    const api::Message* hub_type = &call.registry->hub();
    shape.write = [hub_type](api::Object sent, const api::Object*) {
      return api::convert(std::move(sent), *hub_type);
    };
  }
  return shape;
}

Result<Encoder> encoder_for(const ResourceCall& call, const Shape& shape, Offered offered) {
  Encoder::Target target;
  TRY(target.accepted, negotiate(call.request(), offered));
  if (target.accepted.view == View::kTable) {
    TRY(target.include, parse_include_object(call.request()));
  }
  target.resource = call.resource;
  target.type = shape.type;
  target.kind = shape.kind;
  target.transcoder = call.deps->transcoder;
  target.now_seconds =
      std::chrono::floor<std::chrono::seconds>(call.deps->clock->now()).time_since_epoch().count();
  return Encoder(std::move(target));
}

WriteOptions write_options(const ResourceCall& call, const Shape& shape, const WriteQuery& query) {
  WriteOptions options;
  options.dry_run = query.dry_run;
  options.field_manager = query.field_manager;
  options.request_kind = shape.kind;
  options.request_resource = call.gvr();
  options.subresource = call.subresource_name();
  options.warnings = &call.exchange->warnings;
  return options;
}

AuthorizationAttributes attributes_of(const Context& context, const ResourceCall& call, std::string verb) {
  AuthorizationAttributes asked;
  asked.user = context.user;
  asked.verb = std::move(verb);
  asked.namespace_ = call.namespace_;
  asked.group = call.resource->group;
  asked.version = call.resource->version;
  asked.resource = call.resource->plural;
  asked.subresource = call.subresource_name();
  asked.name = call.name;
  return asked;
}

void allow_create(const Context& context, const ResourceCall& call, WriteOptions& options) {
  if (!call.deps->authorizer) return;
  const AuthorizationAttributes asked = attributes_of(context, call, "create");
  options.authorize_create = [authorizer = call.deps->authorizer, asked]() -> Result<void> {
    const Verdict verdict = authorizer->authorize(asked);
    if (verdict.decision == Decision::kAllow) return {};
    return fail(errors::forbidden({asked.group, asked.resource}, asked.name, verdict.reason));
  };
}

Task<Result<void>> admit_create(Context context, ResourceCall call, api::GroupVersionKind kind,
                                std::shared_ptr<api::Object> object, bool dry_run) {
  if (call.deps->admission == nullptr) co_return Result<void>();
  AdmissionAttributes what;
  what.operation = Operation::kCreate;
  what.user = context.user;
  what.kind = std::move(kind);
  what.resource = call.gvr();
  what.subresource = call.subresource_name();
  what.namespace_ = call.namespace_;
  what.name = call.name;
  if (what.name.empty() && object->meta()) what.name = object->meta()->name;
  what.object = object.get();
  what.dry_run = dry_run;
  what.warnings = &call.exchange->warnings;
  CO_TRY_VOID(co_await call.deps->admission->admit(context, what));
  co_return co_await call.deps->admission->validate(context, what);
}

Result<void> settle_namespace(const ResourceCall& call, api::Object& object) {
  metav1::ObjectMeta* meta = object.meta();
  if (!meta || meta->namespace_ == call.namespace_) return {};
  if (!meta->namespace_.empty() && !call.namespace_.empty()) {
    return fail(errors::bad_request(
        "the namespace of the provided object does not match the namespace sent on the request"));
  }
  meta->namespace_ = call.namespace_;
  return {};
}

Result<http::Response> answer(const Encoder& encoder, int code, const api::Object& hub) {
  TRY(std::string document, encoder.document(hub));
  http::Response response;
  response.status = code;
  response.headers.add("Content-Type", encoder.content_type());
  response.set_body(std::move(document));
  return response;
}

}  // namespace xebec::apiserver
