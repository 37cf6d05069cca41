// PATCH: JSON patch, merge patch and strategic merge patch. The patched object is decoded as if it had been
// sent (k8s.io/apiserver/pkg/endpoints/handlers/patch.go). Server-side apply is in handle_apply.cc.
#include <fmt/format.h>

#include <algorithm>

#include "api/conversion.h"
#include "api/defaults.h"
#include "api/field_error.h"
#include "api/gen/metav1.h"
#include "apiserver/http/apply.h"
#include "apiserver/http/body.h"
#include "apiserver/http/negotiate.h"
#include "apiserver/http/options.h"
#include "apiserver/http/owner_references.h"
#include "apiserver/http/resource_call.h"
#include "codec/patch.h"
#include "codec/unstructured.h"
#include "codec/view.h"

namespace xebec::apiserver {
namespace {

enum class PatchType { kJson, kMerge, kStrategic, kApply };

Result<PatchType> patch_type(const http::Request& request) {
  std::string type = bare_media_type(request.headers.get("content-type"));
  if (type == "application/json-patch+json") return PatchType::kJson;
  if (type == "application/merge-patch+json") return PatchType::kMerge;
  if (type == "application/strategic-merge-patch+json") return PatchType::kStrategic;
  if (type == "application/apply-patch+yaml" || type == "application/apply-patch+cbor")
    return PatchType::kApply;
  return fail(errors::unsupported_media_type(
      "the body of the request was in an unknown format - accepted media types include: "
      "application/json-patch+json, "
      "application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml, "
      "application/apply-patch+cbor"));
}

struct PatchState {
  ResourceCall call;
  Shape shape;
  PatchType type = PatchType::kMerge;
  WriteQuery query;
};

Status invalid_patch(std::string_view patched, std::string_view why) {
  field::Errors errors;
  errors.push_back(field::invalid_string(field::Path("patch"), patched, why));
  return errors::invalid(KindName{"", ""}, "", field::causes(errors));
}

Result<void> apply_patch(const PatchState& state, codec::Value& document, std::vector<std::string>* strict) {
  const std::string& patch = state.call.request().body;
  switch (state.type) {
    case PatchType::kJson: {
      Result<void> applied = codec::apply_json_patch(patch, document, strict);
      // As upstream's, the refusal of what does not apply does not say why.
      if (!applied && applied.error().code == 422) applied.error().details.causes.clear();
      return applied;
    }
    case PatchType::kMerge:
      return codec::apply_merge_patch(patch, document, strict);
    case PatchType::kStrategic:
      return codec::apply_strategic_merge_patch(*state.shape.type, patch, document, strict);
    case PatchType::kApply:
      break;
  }
  return fail(errors::internal("apply is no plain patch"));
}

// Whether objects of that kind are other versions of what the request is about.
bool is_version_of(const PatchState& state, const api::GroupVersionKind& kind) {
  return state.shape.type == state.call.resource->message &&
         is_other_version(*state.call.deps->scheme, *state.call.resource, kind);
}

// What the tree after the patch says it is. A strategic merge patch has the type that the URL says, whatever
// kind it names (Ansible scales a Deployment so); others may turn the object into another version of it.
Result<const api::Message*> patched_type(const PatchState& state, const codec::Value& document) {
  const Shape& shape = state.shape;
  if (state.type == PatchType::kStrategic) return shape.type;
  auto text = [&](std::string_view name) {
    const codec::Value* member = document.find(name);
    return std::string(member ? member->string_or() : std::string_view());
  };
  const std::string api_version = text("apiVersion");
  if (std::ranges::count(api_version, '/') > 1)
    return fail(invalid_patch(codec::to_json(document), "unexpected GroupVersion string: " + api_version));
  api::GroupVersionKind given = api::GroupVersionKind::from(api_version, text("kind"));
  if (given.kind.empty()) given.kind = shape.kind.kind;
  if (given == shape.kind) return shape.type;
  // Of no version: upstream finds nothing in it, the name neither.
  if (api_version.empty() && given.kind == shape.kind.kind) return nullptr;
  const api::Message* type = state.call.deps->scheme->find(given);
  if (type && is_version_of(state, given)) return type;
  return fail(invalid_patch(codec::to_json(document),
                            type ? unknown_conversion(given, shape.kind) : unknown_kind(given)));
}

// What upstream shows of what is wrong: the object after the patch, but of a strategic merge patch the patch
// itself.
std::string shown_patch(const PatchState& state, const codec::Value& document) {
  if (state.type != PatchType::kStrategic) return codec::to_json(document);
  return codec::go_format(codec::parse_json(state.call.request().body).value_or(codec::Value()));
}

// A tree that is no object of the type.
Status misfit(const PatchState& state, const codec::Value& document, const std::string& why) {
  if (state.type != PatchType::kStrategic) return invalid_patch(codec::to_json(document), why);
  return invalid_patch(shown_patch(state, document),
                       codec::unstructured_error(*state.shape.type, document, why));
}

// The tree after the patch as an object of the request's version.
Result<api::Object> decode_patched(const PatchState& state, const codec::Value& document,
                                   std::vector<std::string> strict) {
  const Shape& shape = state.shape;
  const bool ignore = state.query.strictness == codec::Strictness::Ignore;
  TRY(const api::Message* type, patched_type(state, document));
  if (!type) return api::Object(*shape.type);
  api::Object object(*type);
  // Unknown fields are collected, not refused, so that those of the patch can be told along with them.
  Result<codec::DecodeResult> decoded = codec::from_value(
      *type, document, object.data(), ignore ? codec::Strictness::Ignore : codec::Strictness::Warn);
  if (!decoded) return fail(misfit(state, document, decoded.error().message));
  strict.insert(strict.end(), decoded->strict_errors.begin(), decoded->strict_errors.end());
  if (!strict.empty() && state.query.strictness == codec::Strictness::Strict) {
    return fail(invalid_patch(shown_patch(state, document), codec::strict_message(strict)));
  }
  std::vector<std::string>& warnings = state.call.exchange->warnings;
  if (!ignore) warnings.insert(warnings.end(), strict.begin(), strict.end());
  api::apply_defaults(object);
  return api::convert(std::move(object), *shape.type);
}

Result<void> check_identity(const PatchState& state, const api::Object& object) {
  const metav1::ObjectMeta* meta = object.meta();
  if (!meta || meta->name == state.call.name) return {};
  if (meta->name.empty()) {
    return fail(errors::bad_request(
        fmt::format("the name of the object ({} based on URL) was undeterminable: name must be provided",
                    state.call.name)));
  }
  return fail(errors::bad_request(fmt::format(
      "the name of the object ({}) does not match the name on the URL ({})", meta->name, state.call.name)));
}

Result<api::Object> patched(const PatchState& state, const api::Object* current) {
  if (!current) {
    const api::Resource& stored = state.call.registry->resource();
    return fail(errors::not_found(ResourceName{stored.group, stored.plural}, state.call.name));
  }
  const Shape& shape = state.shape;
  TRY(api::Object before, shape.read(*current));
  codec::Value document =
      codec::to_value(*shape.type, before.data(), shape.kind.api_version(), shape.kind.kind);
  std::vector<std::string> strict;
  TRY_VOID(
      apply_patch(state, document, state.query.strictness == codec::Strictness::Ignore ? nullptr : &strict));
  TRY(api::Object after, decode_patched(state, document, std::move(strict)));
  TRY_VOID(check_identity(state, after));
  // The uid of a patched Scale is nobody's.
  if (shape.type != state.call.resource->message && after.meta()) after.meta()->uid = current->meta()->uid;
  drop_repeated_owners(after, OwnersOf::kPatched, state.call.exchange->warnings);
  return shape.write(std::move(after), current);
}

Task<Result<api::Object>> run_patch(std::shared_ptr<const PatchState> state, const api::Object* current) {
  co_return patched(*state, current);
}

}  // namespace

Answer handle_patch(Context context, ResourceCall call, Shape shape) {
  CO_TRY(PatchType type, patch_type(call.request()));
  Offered offered;
  offered.views = shape.type == call.resource->message;
  CO_TRY(Encoder encoder, encoder_for(call, shape, offered));
  CO_TRY(WriteQuery query, parse_write_query(call.request(), WriteKind::kPatch, type == PatchType::kApply));
  WriteResult result;
  if (type == PatchType::kApply) {
    CO_TRY(result, co_await apply_object(std::move(context), call, shape, query));
  } else {
    auto state = std::make_shared<PatchState>();
    state->call = call;
    state->shape = shape;
    state->type = type;
    state->query = query;
    std::shared_ptr<const PatchState> shared = std::move(state);
    Transform transform = [shared](const api::Object* current) { return run_patch(shared, current); };
    WriteOptions options = write_options(call, shape, query);
    options.uid_is_precondition = false;
    CO_TRY(result, co_await call.registry->update(std::move(context), call.namespace_, call.name,
                                                  std::move(transform), std::move(options)));
  }
  const int code = result.created ? 201 : 200;
  if (shape.type == call.resource->message) co_return answer(encoder, code, result.object);
  CO_TRY(api::Object shown, shape.read(result.object));
  co_return answer(encoder, code, shown);
}

}  // namespace xebec::apiserver
