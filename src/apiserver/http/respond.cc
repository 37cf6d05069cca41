#include "apiserver/http/respond.h"

#include <fmt/format.h>

#include "api/gen/metav1.h"
#include "apiserver/registry/list_options.h"
#include "codec/cbor/cbor.h"
#include "codec/json.h"
#include "codec/protobuf.h"
#include "codec/yaml.h"

namespace xebec::apiserver {
namespace {

// Reasons that exist inside the process only, as a client sees them.
Status public_status(const Status& status) {
  if (status.is(reason::kCancelled)) {
    return errors::timeout("request did not complete within requested timeout - context deadline exceeded",
                           0);
  }
  if (status.is(reason::kUnknownOutcome)) return errors::timeout(status.message, 0);
  return status;
}

// Whether upstream's constructor of such errors always gives details, be they empty.
bool has_details(const Status& status) {
  for (std::string_view always :
       {reason::kNotFound, reason::kAlreadyExists, reason::kConflict, reason::kForbidden, reason::kInvalid,
        reason::kMethodNotAllowed, reason::kInternalError, reason::kServerTimeout, reason::kTimeout,
        reason::kTooManyRequests}) {
    if (status.is(always)) return true;
  }
  return status.details != StatusDetails{};
}

}  // namespace

std::string encode_document(const api::Message& type, const void* object, std::string_view api_version,
                            std::string_view kind, MediaType media, bool pretty) {
  switch (media) {
    case MediaType::kJson:
      return codec::encode_json(type, object, api_version, kind, pretty);
    case MediaType::kYaml:
      return codec::encode_yaml(type, object, api_version, kind);
    case MediaType::kProtobuf:
      return codec::encode_protobuf_envelope(api::GroupVersionKind::from(api_version, kind), type, object);
    case MediaType::kCbor:
      return codec::encode_cbor(type, object, api_version, kind);
  }
  return {};
}

http::Response object_response(int code, const api::Message& type, const void* object,
                               std::string_view api_version, std::string_view kind,
                               const Accepted& accepted) {
  // Kinds that exist in JSON only (Table) are never given as protobuf.
  MediaType media =
      type.json_only && accepted.type == MediaType::kProtobuf ? MediaType::kJson : accepted.type;
  http::Response response;
  response.status = code;
  response.headers.add("Content-Type", content_type(media));
  response.set_body(encode_document(type, object, api_version, kind, media, accepted.pretty));
  return response;
}

http::Response object_response(int code, const api::Object& object, const Accepted& accepted) {
  api::GroupVersionKind gvk = object.gvk();
  return object_response(code, object.type(), object.data(), gvk.api_version(), gvk.kind, accepted);
}

api::Object status_object(const Status& given) {
  const Status status = public_status(given);
  metav1::Status out;
  out.status = "Failure";
  out.message = status.message;
  out.reason = status.reason;
  out.code = status.code;
  const StatusDetails& from = status.details;
  if (has_details(status)) {
    metav1::StatusDetails& details = out.details.emplace();
    details.name = from.name;
    details.group = from.group;
    details.kind = from.kind;
    details.uid = from.uid;
    details.retryAfterSeconds = from.retry_after_seconds;
    for (const StatusCause& cause : from.causes) {
      if (cause.reason == kContinueCause) {
        out.metadata.continue_ = cause.message;
        continue;
      }
      metav1::StatusCause& to = details.causes.emplace_back();
      to.reason = cause.reason;
      to.message = cause.message;
      to.field = cause.field;
    }
  }
  return api::Object::of(std::move(out));
}

http::Response error_response(const http::Request& request, const Status& given) {
  const Status status = public_status(given);
  Offered offered;
  offered.stream = true;  // a watch that fails before it starts is answered in its own media type
  Accepted accepted = negotiate(request, offered).value_or(Accepted{});
  api::Object object = status_object(status);
  http::Response response =
      object_response(status.code, object.type(), object.data(), "v1", "Status", accepted);
  if (status.details.retry_after_seconds > 0) {
    response.headers.add("Retry-After", std::to_string(status.details.retry_after_seconds));
  }
  return response;
}

http::Response text_response(int code, std::string text) {
  http::Response response;
  response.status = code;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.set_body(std::move(text));
  return response;
}

http::Response http_error(int code, std::string_view text) {
  return text_response(code, fmt::format("{}\n", text));
}

http::Response page_not_found() { return http_error(404, "404 page not found"); }

}  // namespace xebec::apiserver
