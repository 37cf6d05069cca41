// CREATE, UPDATE, DELETE and DELETECOLLECTION.
#include <fmt/format.h>

#include "api/conversion.h"
#include "api/gen/metav1.h"
#include "apiserver/authz/authorizer.h"
#include "apiserver/cache/entry.h"
#include "apiserver/http/body.h"
#include "apiserver/http/list_writer.h"
#include "apiserver/http/options.h"
#include "apiserver/http/owner_references.h"
#include "apiserver/http/resource_call.h"
#include "apiserver/http/respond.h"

namespace xebec::apiserver {
namespace {

Result<void> check_name(const ResourceCall& call, const api::Object& object) {
  const metav1::ObjectMeta* meta = object.meta();
  if (!meta) return {};
  if (meta->name.empty()) {
    return fail(errors::bad_request(fmt::format(
        "the name of the object ({} based on URL) was undeterminable: name must be provided", call.name)));
  }
  if (meta->name != call.name) {
    return fail(errors::bad_request(fmt::format(
        "the name of the object ({}) does not match the name on the URL ({})", meta->name, call.name)));
  }
  if (!call.namespace_.empty() && !meta->namespace_.empty() && meta->namespace_ != call.namespace_) {
    return fail(errors::bad_request(
        fmt::format("the namespace of the object ({}) does not match the namespace on the request ({})",
                    meta->namespace_, call.namespace_)));
  }
  return {};
}

Expected expected_of(const ResourceCall& call, const Shape& shape) {
  Expected expected{shape.type, shape.kind};
  expected.scheme = call.deps->scheme;
  if (shape.type == call.resource->message) expected.resource = call.resource;
  return expected;
}

// What an update needs each time it is tried.
struct Sent {
  api::Object object;
  Shape shape;
};

Task<Result<api::Object>> replace_with(std::shared_ptr<Sent> sent, const api::Object* current) {
  co_return sent->shape.write(sent->object.clone(), current);
}

http::Response deleted_status(const ResourceCall& call, int code, const api::Object& object,
                              const Accepted& accepted) {
  metav1::Status status;
  status.status = "Success";
  metav1::StatusDetails& details = status.details.emplace();
  details.name = call.name;
  details.group = call.resource->group;
  details.kind = call.resource->plural;
  if (object) {
    if (const metav1::ObjectMeta* meta = object.meta()) details.uid = meta->uid;
  } else {
    // Of what could not be read upstream tells its kind, by that name.
    details.group.clear();
    details.kind = call.resource->kind;
  }
  return object_response(code, api::type_of<metav1::Status>(), &status, "v1", "Status", accepted);
}

// 202 when the object is still there and the client asked for its dependents to go, in the old way; upstream
// tells no other client.
int delete_code(const WriteResult& result, const metav1::DeleteOptions& options) {
  return !result.deleted && options.orphanDependents && !*options.orphanDependents ? 202 : 200;
}

// Deleting what cannot be read takes a permission of its own (KEP-3926).
void allow_unsafe_delete(const Context& context, const ResourceCall& call, WriteOptions& options) {
  if (!call.deps->authorizer) return;
  const AuthorizationAttributes asked = attributes_of(context, call, "unsafe-delete-ignore-read-errors");
  options.authorize_unsafe_delete = [authorizer = call.deps->authorizer, asked]() -> Result<void> {
    const Verdict verdict = authorizer->authorize(asked);
    if (verdict.decision == Decision::kAllow) return {};
    return fail(
        errors::forbidden({asked.group, asked.resource}, asked.name,
                          fmt::format("not permitted to do \"{}\", reason: {}", asked.verb, verdict.reason)));
  };
}

}  // namespace

Answer handle_create(Context context, ResourceCall call) {
  Shape shape = shape_of(call);
  Offered offered;
  offered.views = true;
  CO_TRY(Encoder encoder, encoder_for(call, shape, offered));
  CO_TRY(WriteQuery query, parse_write_query(call.request(), WriteKind::kCreate));
  Expected expected = expected_of(call, shape);
  CO_TRY(api::Object sent, decode_body(call.request(), expected, query.strictness, call.exchange->warnings));
  CO_TRY(api::Object hub, shape.write(std::move(sent), nullptr));
  CO_TRY_VOID(settle_namespace(call, hub));
  drop_repeated_owners(hub, OwnersOf::kBody, call.exchange->warnings);
  WriteOptions options = write_options(call, shape, query);
  CO_TRY(WriteResult result, co_await call.registry->create(std::move(context), call.namespace_,
                                                            std::move(hub), std::move(options)));
  co_return answer(encoder, 201, result.object);
}

Answer handle_update(Context context, ResourceCall call, Shape shape) {
  Offered offered;
  offered.views = shape.type == call.resource->message;
  CO_TRY(Encoder encoder, encoder_for(call, shape, offered));
  CO_TRY(WriteQuery query, parse_write_query(call.request(), WriteKind::kUpdate));
  Expected expected = expected_of(call, shape);
  auto sent = std::make_shared<Sent>();
  sent->shape = shape;
  CO_TRY(sent->object, decode_body(call.request(), expected, query.strictness, call.exchange->warnings));
  CO_TRY_VOID(check_name(call, sent->object));
  if (metav1::ObjectMeta* meta = sent->object.meta()) meta->namespace_ = call.namespace_;
  drop_repeated_owners(sent->object, OwnersOf::kBody, call.exchange->warnings);

  Transform transform = [sent](const api::Object* current) { return replace_with(sent, current); };
  WriteOptions options = write_options(call, shape, query);
  allow_create(context, call, options);
  CO_TRY(WriteResult result, co_await call.registry->update(std::move(context), call.namespace_, call.name,
                                                            std::move(transform), std::move(options)));
  const int code = result.created ? 201 : 200;
  if (shape.type == call.resource->message) co_return answer(encoder, code, result.object);
  CO_TRY(api::Object shown, shape.read(result.object));
  co_return answer(encoder, code, shown);
}

Answer handle_delete(Context context, ResourceCall call) {
  Shape shape = shape_of(call);
  Offered offered;
  offered.views = true;
  CO_TRY(Encoder encoder, encoder_for(call, shape, offered));
  CO_TRY(Accepted accepted, negotiate(call.request(), offered));
  CO_TRY(std::shared_ptr<const metav1::DeleteOptions> asked, parse_delete_options(call.request()));
  WriteQuery query;
  query.dry_run = !asked->dryRun.empty();
  WriteOptions options = write_options(call, shape, query);
  allow_unsafe_delete(context, call, options);
  CO_TRY(WriteResult result, co_await call.registry->remove(std::move(context), call.namespace_, call.name,
                                                            asked, std::move(options)));
  const int code = delete_code(result, *asked);
  if (result.answer_object) co_return answer(encoder, code, result.object);
  co_return deleted_status(call, code, result.object, accepted);
}

Answer handle_delete_collection(Context context, ResourceCall call) {
  Shape shape = shape_of(call);
  Offered offered;
  offered.views = true;
  offered.list = true;
  CO_TRY(Encoder encoder, encoder_for(call, shape, offered));
  CO_TRY(ListOptions list, parse_list_options(call.request(), false));
  CO_TRY(std::shared_ptr<const metav1::DeleteOptions> asked, parse_delete_options(call.request()));
  ListRequest selection;
  selection.namespace_ = call.namespace_;
  selection.label_selector = std::move(list.label_selector);
  selection.field_selector = std::move(list.field_selector);
  selection.limit = list.limit;
  selection.continue_ = std::move(list.continue_);
  selection.resource_version = std::move(list.resource_version);
  selection.resource_version_match = std::move(list.resource_version_match);
  selection.send_initial_events = list.send_initial_events;
  WriteQuery query;
  query.dry_run = !asked->dryRun.empty();
  WriteOptions options = write_options(call, shape, query);
  CO_TRY(std::vector<api::Object> removed,
         co_await call.registry->remove_collection(std::move(context), std::move(selection), asked,
                                                   std::move(options)));
  ListHead head;
  co_return list_response(encoder, std::move(removed), head);
}

}  // namespace xebec::apiserver
