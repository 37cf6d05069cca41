// Creates that store nothing: reviews, and tokens of service accounts.
#include <fmt/format.h>

#include "api/conversion.h"
#include "apiserver/http/body.h"
#include "apiserver/http/options.h"
#include "apiserver/http/resource_call.h"
#include "apiserver/http/respond.h"

namespace xebec::apiserver {
namespace {

// The version implementations work on: the preferred one of the group.
const api::Message* hub_of(const api::Scheme& scheme, const api::Resource& resource,
                           const api::Message* asked) {
  const api::ApiGroup* group = scheme.group(resource.group);
  const api::Resource* best =
      group ? scheme.resource(resource.group, group->preferred_version, resource.plural) : nullptr;
  return best && best->message && asked == resource.message ? best->message : asked;
}

}  // namespace

Answer handle_virtual_create(Context context, ResourceCall call) {
  std::string key = fmt::format("{}/{}", call.resource->group, call.resource->plural);
  if (call.subresource) key += fmt::format("/{}", call.subresource->name);
  auto it = call.deps->virtual_resources->find(key);
  if (it == call.deps->virtual_resources->end()) co_return fail(errors::generic(404, "", {}, "", "", 0));

  Shape shape = shape_of(call);
  if (call.subresource) {
    shape.kind = call.subresource->kind.gvk();
    shape.type = call.deps->scheme->find(shape.kind);
  }
  if (!shape.type) co_return fail(errors::internal(fmt::format("no type for {}", key)));
  CO_TRY(Accepted accepted, negotiate(call.request(), Offered()));
  CO_TRY(WriteQuery query, parse_write_query(call.request(), WriteKind::kCreate));
  Expected expected{shape.type, shape.kind};
  VirtualCreate create;
  CO_TRY(api::Object sent, decode_body(call.request(), expected, query.strictness, call.exchange->warnings));
  CO_TRY(create.object,
         api::convert(std::move(sent), *hub_of(*call.deps->scheme, *call.resource, shape.type)));
  CO_TRY_VOID(settle_namespace(call, create.object));
  auto admitted = std::make_shared<api::Object>(std::move(create.object));
  CO_TRY_VOID(co_await admit_create(context, call, shape.kind, admitted, query.dry_run));
  create.object = std::move(*admitted);
  create.namespace_ = call.namespace_;
  create.name = call.name;
  create.dry_run = query.dry_run;
  CO_TRY(api::Object made, co_await it->second->create(std::move(context), std::move(create)));
  CO_TRY(api::Object shown, api::convert(std::move(made), *shape.type));
  co_return object_response(201, shown.type(), shown.data(), shape.kind.api_version(), shape.kind.kind,
                            accepted);
}

}  // namespace xebec::apiserver
