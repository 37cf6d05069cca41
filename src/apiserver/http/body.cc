#include "apiserver/http/body.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/conversion.h"
#include "api/defaults.h"
#include "apiserver/http/negotiate.h"
#include "codec/cbor/cbor.h"
#include "codec/protobuf.h"
#include "codec/yaml.h"

namespace xebec::apiserver {
namespace {

// The group version of a body as Go prints it, and its kind; what is missing is what the request says.
api::GroupVersionKind kind_of(std::string_view api_version, std::string_view kind, const Expected& expected) {
  if (api_version.empty()) {
    api::GroupVersionKind out = expected.kind;
    if (!kind.empty()) out.kind = kind;
    return out;
  }
  api::GroupVersionKind out = api::GroupVersionKind::from(api_version, kind);
  if (out.kind.empty()) out.kind = expected.kind.kind;
  return out;
}

// The package of internal types a group has upstream, for an error text.
std::string internal_package(const std::string& group) {
  if (group.empty()) return "core";
  return group.substr(0, group.find('.'));
}

// Lists, and the kinds of meta that every group version has, are known like the kinds themselves.
bool is_registered(const api::Scheme* scheme, const api::GroupVersionKind& kind) {
  constexpr std::string_view kEverywhere[] = {"Status",        "DeleteOptions", "ListOptions",  "GetOptions",
                                              "CreateOptions", "UpdateOptions", "PatchOptions", "WatchEvent"};
  if (scheme == nullptr || scheme->find(kind)) return true;
  api::GroupVersionKind item = kind;
  if (item.kind.ends_with("List")) item.kind.resize(item.kind.size() - 4);
  return scheme->find(item) || (std::ranges::find(kEverywhere, kind.kind) != std::end(kEverywhere) &&
                                std::ranges::any_of(scheme->resources(), [&](const api::Resource* resource) {
                                  return resource->group == kind.group && resource->version == kind.version;
                                }));
}

Result<void> check_kind(const api::GroupVersionKind& given, const Expected& expected, std::string_view body) {
  if (given.version.find('/') != std::string::npos) {
    Status cause = errors::bad_request("unexpected GroupVersion string: " + given.version);
    return fail(codec::decode_error(cause, {}, expected.kind.kind, body));
  }
  if (given == expected.kind) return {};
  const bool same_kind = given.group == expected.kind.group && given.kind == expected.kind.kind;
  if (same_kind && !expected.also_version.empty() && given.version == expected.also_version) return {};
  const bool other_version = expected.scheme && expected.resource
                                 ? is_other_version(*expected.scheme, *expected.resource, given)
                                 : given.group_version() != expected.kind.group_version();
  if (other_version) {
    return fail(errors::bad_request(
        fmt::format("the API version in the data ({}) does not match the expected API version ({})",
                    given.api_version(), expected.kind.api_version())));
  }
  Status cause = errors::bad_request(
      is_registered(expected.scheme, given) ? unknown_conversion(given, expected.kind) : unknown_kind(given));
  return fail(codec::decode_error(cause, given, expected.kind.kind, body));
}

// A JSON or YAML text.
Result<api::Object> decode_text(std::string_view text, bool yaml, const Expected& expected,
                                codec::Strictness strictness, std::vector<std::string>& warnings) {
  api::Object object(*expected.type);
  Result<codec::DecodeResult> decoded =
      yaml ? codec::decode_yaml(*expected.type, text, object.data(), strictness)
           : codec::decode_json(*expected.type, text, object.data(), strictness);
  if (!decoded) {
    // A body of another kind fails because of that, whatever else is wrong with it.
    Result<codec::TypeMeta> meta = yaml ? codec::interpret_yaml(text) : codec::interpret_json(text);
    // And one that does not even say what it is is nothing at all.
    if (!meta) return fail(codec::decode_error(meta.error(), {}, expected.kind.kind, text));
    TRY_VOID(check_kind(kind_of(meta->api_version, meta->kind, expected), expected, text));
    return fail(codec::decode_error(decoded.error(), expected.kind, expected.kind.kind, text));
  }
  TRY_VOID(check_kind(kind_of(decoded->api_version, decoded->kind, expected), expected, text));
  add_strict_warnings(decoded->strict_errors, warnings);
  api::apply_defaults(object);
  return object;
}

Result<api::Object> decode_protobuf_object(std::string_view bytes, const Expected& expected) {
  Result<codec::ProtobufEnvelope> envelope = codec::unwrap_protobuf(bytes);
  if (!envelope) return fail(codec::decode_error(envelope.error(), expected.kind, expected.kind.kind, bytes));
  TRY_VOID(check_kind(kind_of(envelope->api_version, envelope->kind, expected), expected, bytes));
  api::Object object(*expected.type);
  Result<void> decoded = codec::decode_protobuf(*expected.type, envelope->raw, object.data());
  if (!decoded) return fail(codec::decode_error(decoded.error(), expected.kind, expected.kind.kind, bytes));
  api::apply_defaults(object);
  return object;
}

Result<api::Object> decode_cbor_object(std::string_view bytes, const Expected& expected,
                                       codec::Strictness strictness, std::vector<std::string>& warnings) {
  Result<codec::TypeMeta> meta = codec::interpret_cbor(bytes);
  if (!meta) return fail(codec::decode_error(meta.error(), {}, expected.kind.kind, bytes));
  TRY_VOID(check_kind(kind_of(meta->api_version, meta->kind, expected), expected, bytes));
  api::Object object(*expected.type);
  Result<codec::DecodeResult> decoded = codec::decode_cbor(*expected.type, bytes, object.data(), strictness);
  if (!decoded) return fail(codec::decode_error(decoded.error(), expected.kind, expected.kind.kind, bytes));
  add_strict_warnings(decoded->strict_errors, warnings);
  api::apply_defaults(object);
  return object;
}

}  // namespace

void add_strict_warnings(const std::vector<std::string>& errors, std::vector<std::string>& warnings) {
  constexpr std::string_view kOfYaml = "yaml: unmarshal errors:\n";
  for (std::string_view rest : errors) {
    if (!rest.starts_with(kOfYaml)) {
      warnings.emplace_back(rest);
      continue;
    }
    rest.remove_prefix(kOfYaml.size());
    for (size_t end = 0; end != std::string_view::npos; rest.remove_prefix(std::min(rest.size(), end + 1))) {
      rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
      end = rest.find('\n');
      warnings.emplace_back(rest.substr(0, end));
    }
  }
}

std::string unknown_conversion(const api::GroupVersionKind& from, const api::GroupVersionKind& to) {
  return fmt::format("converting ({}.{}) to ({}.{}): unknown conversion", from.version, from.kind,
                     internal_package(to.group), to.kind);
}

std::string unknown_kind(const api::GroupVersionKind& kind) {
  return fmt::format(
      "no kind \"{}\" is registered for version \"{}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"",
      kind.kind, kind.api_version());
}

bool is_other_version(const api::Scheme& scheme, const api::Resource& resource,
                      const api::GroupVersionKind& kind) {
  const api::Resource* stored = api::stored_resource(scheme, resource);
  return stored && std::ranges::any_of(scheme.resources(), [&](const api::Resource* other) {
           return other->group == kind.group && other->version == kind.version && other->kind == kind.kind &&
                  api::stored_resource(scheme, *other) == stored;
         });
}

Result<api::Object> decode_body(const http::Request& request, const Expected& expected,
                                codec::Strictness strictness, std::vector<std::string>& warnings) {
  TRY(MediaType media, body_media_type(request));
  switch (media) {
    case MediaType::kProtobuf:
      return decode_protobuf_object(request.body, expected);
    case MediaType::kCbor:
      return decode_cbor_object(request.body, expected, strictness, warnings);
    case MediaType::kYaml:
      return decode_text(request.body, true, expected, strictness, warnings);
    case MediaType::kJson:
      return decode_text(request.body, false, expected, strictness, warnings);
  }
  return fail(errors::internal("unknown media type"));
}

Result<metav1::DeleteOptions> decode_delete_options(const http::Request& request) {
  TRY(MediaType media, body_media_type(request));
  const api::Message& type = api::type_of<metav1::DeleteOptions>();
  const api::GroupVersionKind kind{"", "v1", "DeleteOptions"};
  metav1::DeleteOptions out;
  std::string given_kind;
  if (media == MediaType::kProtobuf) {
    TRY(codec::ProtobufEnvelope envelope, codec::unwrap_protobuf(request.body));
    given_kind = envelope.kind;
    TRY_VOID(codec::decode_protobuf(type, envelope.raw, &out));
  } else {
    Result<codec::DecodeResult> decoded =
        media == MediaType::kYaml   ? codec::decode_yaml(type, request.body, &out)
        : media == MediaType::kCbor ? codec::decode_cbor(type, request.body, &out)
                                    : codec::decode_json(type, request.body, &out);
    if (!decoded) return fail(codec::decode_error(decoded.error(), kind, kind.kind, request.body));
    given_kind = decoded->kind;
  }
  if (!given_kind.empty() && given_kind != "DeleteOptions") {
    return fail(errors::bad_request("decoded object cannot be converted to DeleteOptions"));
  }
  return out;
}

}  // namespace xebec::apiserver
