#include "apiserver/http/resource_call.h"

#include "api/conversion.h"

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

Result<http::Response> answer(const Encoder& encoder, int code, const api::Object& hub) {
  TRY(std::string document, encoder.document(hub));
  http::Response response;
  response.status = code;
  response.headers.add("Content-Type", encoder.content_type());
  response.set_body(std::move(document));
  return response;
}

}  // namespace xebec::apiserver
