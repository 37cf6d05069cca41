// Objects of any kind that validation knows, as a client may send them: every rule comes to its end, says
// where the error is, and finds no fault in an update that changes nothing of what is valid.
#include "apiserver/validation/validation.h"

#include <optional>

#include "api/conversion.h"
#include "api/defaults.h"
#include "codec/json.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::apiserver::validation {
namespace {

// From JSON of a served version, as the hub type.
std::optional<api::Object> read(const api::Scheme& scheme, std::string_view text) {
  Result<codec::TypeMeta> meta = codec::interpret_json(text);
  if (!meta) return std::nullopt;
  const api::GroupVersionKind gvk = api::GroupVersionKind::from(meta->api_version, meta->kind);
  const api::Resource* resource = scheme.resource_of_kind(gvk.group, gvk.version, gvk.kind);
  const api::Message* hub = resource == nullptr ? nullptr : api::hub_message(scheme, *resource);
  if (hub == nullptr || find_validator(*hub) == nullptr) return std::nullopt;
  api::Object object(*resource->message);
  if (!codec::decode_json(*resource->message, text, object.data())) return std::nullopt;
  api::apply_defaults(object);
  Result<api::Object> converted = api::convert(std::move(object), *hub);
  if (!converted) return std::nullopt;
  return std::move(*converted);
}

}  // namespace

XEBEC_FUZZ(validation) {
  static const api::Scheme scheme = api::Scheme::builtin();
  fuzz::Pieces pieces(input);
  const std::optional<api::Object> object = read(scheme, pieces.part());
  if (!object) return;
  const field::Errors errors = validate(*object);
  for (const field::Error& error : errors) FUZZ_CHECK(!error.field.empty());
  if (errors.empty()) FUZZ_CHECK(validate_update(*object, *object).empty());
  (void)validate_status_update(*object, *object);
  const std::optional<api::Object> old = read(scheme, pieces.part());
  if (!old || &old->type() != &object->type()) return;
  (void)validate_update(*object, *old);
  (void)validate_status_update(*object, *old);
}

}  // namespace xebec::apiserver::validation
