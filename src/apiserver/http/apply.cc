#include "apiserver/http/apply.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/conversion.h"
#include "api/defaults.h"
#include "api/gen/metav1.h"
#include "apiserver/http/body.h"
#include "apiserver/http/negotiate.h"
#include "apiserver/registry/field_tracking.h"
#include "apiserver/registry/reset_fields.h"
#include "codec/cbor/cbor.h"
#include "codec/managed_fields.h"
#include "codec/scale_fields.h"
#include "codec/schema_errors.h"
#include "codec/view.h"
#include "codec/yaml.h"

namespace xebec::apiserver {
namespace {

using codec::Value;

constexpr int kMostTries = 5;

// The other versions of the kind: owners may have written in any of them.
class SchemeVersions final : public codec::FieldVersions {
 public:
  SchemeVersions(const api::Scheme& scheme, std::string kind) : scheme_(scheme), kind_(std::move(kind)) {}

  std::optional<Value> convert(const Value& object, std::string_view from, std::string_view to) override {
    const api::Message* source = find(from);
    const api::Message* target = find(to);
    if (!source || !target) return std::nullopt;
    api::Object typed(*source);
    if (!codec::from_value(*source, object, typed.data())) return std::nullopt;
    Result<api::Object> converted = api::convert(std::move(typed), *target);
    if (!converted) return std::nullopt;
    return codec::to_value(*target, converted->data(), to, kind_);
  }
  codec::MergeType type(std::string_view api_version) override {
    const api::Message* message = find(api_version);
    return message ? codec::MergeType::of(*message) : codec::MergeType();
  }

 private:
  const api::Message* find(std::string_view api_version) const {
    return scheme_.find(api::GroupVersionKind::from(api_version, kind_));
  }
  const api::Scheme& scheme_;
  const std::string kind_;
};

struct ApplyState {
  ResourceCall call;
  Shape shape;
  WriteQuery query;
  Value config;
};

std::string text_at(const Value& value, std::initializer_list<std::string_view> path) {
  const Value* found = value.at_path(path);
  return found ? std::string(found->string_or()) : std::string();
}

std::string go_text(const api::GroupVersionKind& kind) {
  return fmt::format("{}/{}, Kind={}", kind.group, kind.version, kind.kind);
}

// What the configuration says about itself must fit the request.
Result<void> check_config(const ApplyState& state) {
  const std::string api_version = text_at(state.config, {"apiVersion"});
  api::GroupVersionKind given;
  if (std::ranges::count(api_version, '/') <= 1)
    given = api::GroupVersionKind::from(api_version, text_at(state.config, {"kind"}));
  if (given != state.shape.kind) return fail(errors::bad_request("invalid object type: " + go_text(given)));
  std::string name = text_at(state.config, {"metadata", "name"});
  if (!name.empty() && name != state.call.name) {
    return fail(errors::bad_request(fmt::format(
        "the name of the object ({}) does not match the name on the URL ({})", name, state.call.name)));
  }
  std::string ns = text_at(state.config, {"metadata", "namespace"});
  if (!ns.empty() && ns != state.call.namespace_ && !state.call.namespace_.empty()) {
    return fail(errors::bad_request(
        "the namespace of the provided object does not match the namespace sent on the request"));
  }
  return {};
}

// Fields the schema does not know cannot be owned: refused whatever the client thinks of them.
Result<void> check_schema(const ApplyState& state) {
  // Upstream's errors have no reason, and are taken for the server's own.
  auto refused = [&](std::string_view what, std::string_view why) {
    return Status(500, reason::kUnknown,
                  fmt::format(fmt::runtime(what), text_at(state.config, {"metadata", "namespace"}),
                              text_at(state.config, {"metadata", "name"}), go_text(state.shape.kind), why));
  };
  const std::string errors = codec::schema_errors(codec::MergeType::of(*state.shape.type), state.config);
  if (!errors.empty()) return fail(refused("failed to create typed patch object ({}/{}; {}): {}", errors));
  // What the schema allows may still be no value of its type.
  api::Object typed(*state.shape.type);
  Result<codec::DecodeResult> decoded = codec::from_value(*state.shape.type, state.config, typed.data());
  if (decoded) return {};
  return fail(
      refused("failed to convert new object ({}/{}; {}) to proper version: {}", decoded.error().message));
}

// A Scale is applied to what it scales.
bool is_scale(const ApplyState& state) { return state.shape.type != state.call.resource->message; }

Result<codec::ManagedFieldsList> live_owners(const ApplyState& state, const api::Object& current) {
  const metav1::ObjectMeta* meta = current.meta();
  if (meta == nullptr) return codec::ManagedFieldsList();
  if (!is_scale(state)) return meta->managedFields;
  return codec::scale_entries(meta->managedFields, replicas_versions(*state.call.deps->scheme, current));
}

// Takes the place of what is stored, with these owners.
Result<api::Object> owned_by(const ApplyState& state, api::Object after, const api::Object* current,
                             codec::ManagedFieldsList owners) {
  if (is_scale(state) && current != nullptr) {
    TRY(owners,
        codec::scaled_entries(current->meta()->managedFields, owners, shape_of(state.call).kind.api_version(),
                              replicas_versions(*state.call.deps->scheme, *current)));
  }
  TRY(api::Object object, state.shape.write(std::move(after), current));
  if (metav1::ObjectMeta* meta = object.meta()) meta->managedFields = std::move(owners);
  return object;
}

// The object that results, managedFields and all, from what is stored; `current` is nullptr for a new one.
Result<api::Object> applied(const ApplyState& state, const api::Object* current) {
  const Shape& shape = state.shape;
  const std::string api_version = shape.kind.api_version();
  Value live;
  codec::ManagedFieldsList live_entries;
  if (current) {
    TRY(api::Object before, shape.read(*current));
    TRY(live_entries, live_owners(state, *current));
    if (metav1::ObjectMeta* meta = before.meta()) meta->managedFields.clear();
    live = codec::to_value(*shape.type, before.data(), api_version, shape.kind.kind);
  } else {
    live.set_path({"apiVersion"}, api_version);
    live.set_path({"kind"}, shape.kind.kind);
  }
  SchemeVersions versions(*state.call.deps->scheme, shape.kind.kind);
  codec::FieldWrite write;
  write.manager = state.query.field_manager;
  write.api_version = api_version;
  write.subresource = state.call.subresource_name();
  write.now = api::Time::from_unix(
      std::chrono::floor<std::chrono::seconds>(state.call.deps->clock->now()).time_since_epoch().count());
  write.type = codec::MergeType::of(*shape.type);
  write.versions = &versions;
  const codec::FieldFilter filter = reset_fields(*state.call.resource, write.subresource);
  write.filter = &filter;
  codec::FieldApply apply{live, state.config, live_entries, state.query.force};
  TRY(codec::Applied result, codec::apply_fields(write, apply));

  api::Object after(*shape.type);
  Result<codec::DecodeResult> decoded = codec::from_value(*shape.type, result.object, after.data());
  if (!decoded) return fail(decoded.error());
  if (const metav1::ObjectMeta* meta = after.meta(); !current && meta && !meta->uid.empty()) {
    const ResourceName resource{state.call.resource->group, state.call.resource->plural};
    return fail(errors::conflict(resource, state.call.name,
                                 fmt::format("uid mismatch: the provided object specified uid {}, and no "
                                             "existing object was found",
                                             meta->uid)));
  }
  if (metav1::ObjectMeta* meta = after.meta()) {
    if (meta->name.empty()) {
      return fail(errors::bad_request(
          fmt::format("the name of the object ({} based on URL) was undeterminable: name must be provided",
                      state.call.name)));
    }
    meta->namespace_ = state.call.namespace_;
  }
  api::apply_defaults(after);
  return owned_by(state, std::move(after), current, std::move(result.entries));
}

std::string_view json_kind(const Value& value) {
  return value.is_list() ? "array" : value.is_string() ? "string" : value.is_bool() ? "bool" : "number";
}

Result<Value> parse_config(const http::Request& request, std::vector<std::string>& duplicates) {
  // In CBOR a key that comes twice is an error anyway.
  const bool cbor = bare_media_type(request.headers.get("content-type")) == "application/apply-patch+cbor";
  Result<Value> config =
      cbor ? codec::parse_cbor(request.body) : codec::parse_yaml(request.body, &duplicates);
  auto undecoded = [](std::string_view why, std::string_view text) {
    return fail(errors::bad_request(fmt::format("error decoding YAML: {}{}", why, text)));
  };
  if (!config) return undecoded(cbor ? "" : "error converting YAML to JSON: ", config.error().message);
  if (config->is_map() || config->is_null()) return config;
  return undecoded("error unmarshaling JSON: while decoding JSON: ",
                   fmt::format("json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                               json_kind(*config)));
}

Task<Result<api::Object>> run_apply(std::shared_ptr<const ApplyState> state, const api::Object* current) {
  co_return applied(*state, current);
}

}  // namespace

Task<Result<WriteResult>> apply_object(Context context, ResourceCall call, Shape shape, WriteQuery query) {
  auto state = std::make_shared<ApplyState>();
  std::vector<std::string> duplicates;
  CO_TRY(state->config, parse_config(call.request(), duplicates));
  if (query.strictness == codec::Strictness::Warn) {
    add_strict_warnings(duplicates, call.exchange->warnings);
  }
  state->call = call;
  state->shape = shape;
  state->query = query;
  CO_TRY_VOID(check_config(*state));
  CO_TRY_VOID(check_schema(*state));
  if (!duplicates.empty() && query.strictness == codec::Strictness::Strict) {
    co_return fail(errors::bad_request("error strict decoding YAML: error converting YAML to JSON: " +
                                       duplicates.front()));
  }

  std::shared_ptr<const ApplyState> shared = state;
  Transform transform = [shared](const api::Object* current) { return run_apply(shared, current); };
  WriteOptions options = write_options(call, shape, query);
  options.track_fields = false;
  options.uid_is_precondition = false;
  allow_create(context, call, options);
  // Between finding nothing and creating, somebody else may create: then it is an update after all.
  for (int tries = 0;; ++tries) {
    Result<WriteResult> updated =
        co_await call.registry->update(context, call.namespace_, call.name, transform, options);
    const bool missing =
        !updated && updated.error().is(reason::kNotFound) && updated.error().details.name == call.name;
    if (!missing || call.subresource) co_return updated;
    CO_TRY(api::Object made, applied(*shared, nullptr));
    // For upstream this is an update: no version is refused where there is none.
    made.meta()->resourceVersion.clear();
    Result<WriteResult> created =
        co_await call.registry->create(context, call.namespace_, std::move(made), options);
    if (created) created->created = true;
    if (created || !created.error().is(reason::kAlreadyExists) || tries == kMostTries) co_return created;
  }
}

}  // namespace xebec::apiserver
