#include "base/status.h"

#include <fmt/format.h>

namespace xebec {
namespace {

std::string qualify(std::string_view group, std::string_view name) {
  return group.empty() ? std::string(name) : fmt::format("{}.{}", name, group);
}

Status about(int code, std::string_view reason, ResourceName resource, std::string_view name,
             std::string message) {
  Status status(code, reason, std::move(message));
  status.details.name = name;
  status.details.group = resource.group;
  status.details.kind = resource.resource;
  return status;
}

Status retriable(int code, std::string_view reason, std::string_view message, int32_t retry_after_seconds) {
  Status status(code, reason, std::string(message));
  status.details.retry_after_seconds = retry_after_seconds;
  return status;
}

struct Generic {
  std::string_view reason;
  std::string message;
};

Generic describe(int code, std::string_view message) {
  switch (code) {
    case 401:
      return {reason::kUnauthorized, "the server has asked for the client to provide credentials"};
    case 403:
      return {reason::kForbidden, std::string(message)};
    case 404:
      return {reason::kNotFound, "the server could not find the requested resource"};
    case 405:
      return {reason::kMethodNotAllowed, "the server does not allow this method on the requested resource"};
    case 406:
      return {reason::kNotAcceptable, std::string(message)};
    case 409:
      return {reason::kConflict, "the server reported a conflict"};
    case 410:
      return {reason::kGone, "the requested resource is no longer available"};
    case 415:
      return {reason::kUnsupportedMediaType, std::string(message)};
    case 422:
      return {reason::kInvalid, "the server rejected our request due to an error in our request"};
    case 429:
      return {reason::kTooManyRequests,
              "the server has received too many requests and has asked us to try again later"};
    case 500:
      return {
          reason::kInternalError,
          fmt::format("an error on the server (\"{}\") has prevented the request from succeeding", message)};
    case 503:
      return {reason::kServiceUnavailable, "the server is currently unable to handle the request"};
    case 504:
      return {reason::kTimeout,
              "the server was unable to return a response in the time allotted, but may still be processing "
              "the request"};
    default:
      break;
  }
  if (code >= 500) {
    return {
        reason::kInternalError,
        fmt::format("an error on the server (\"{}\") has prevented the request from succeeding", message)};
  }
  return {
      reason::kUnknown,
      fmt::format("the server responded with the status code {} but did not return more information", code)};
}

}  // namespace

Status::Status(int code, std::string_view reason, std::string message)
    : code(code), reason(reason), message(std::move(message)) {}
Status::Status(const Status&) = default;
Status::Status(Status&&) noexcept = default;
Status& Status::operator=(const Status&) = default;
Status& Status::operator=(Status&&) noexcept = default;
Status::~Status() = default;
bool Status::operator==(const Status&) const = default;

std::string ResourceName::qualified() const { return qualify(group, resource); }
std::string KindName::qualified() const { return qualify(group, kind); }

namespace errors {

Status not_found(ResourceName resource, std::string_view name) {
  return about(404, reason::kNotFound, resource, name,
               fmt::format("{} \"{}\" not found", resource.qualified(), name));
}

Status already_exists(ResourceName resource, std::string_view name) {
  return about(409, reason::kAlreadyExists, resource, name,
               fmt::format("{} \"{}\" already exists", resource.qualified(), name));
}

Status generate_name_conflict(ResourceName resource, std::string_view name, int32_t retry_after_seconds) {
  Status status =
      about(409, reason::kAlreadyExists, resource, name,
            fmt::format(
                "{} \"{}\" already exists, the server was not able to generate a unique name for the object",
                resource.qualified(), name));
  status.details.retry_after_seconds = retry_after_seconds;
  return status;
}

Status conflict(ResourceName resource, std::string_view name, std::string_view what) {
  return about(
      409, reason::kConflict, resource, name,
      fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", resource.qualified(), name, what));
}

Status modified(ResourceName resource, std::string_view name) {
  return conflict(
      resource, name,
      "the object has been modified; please apply your changes to the latest version and try again");
}

Status forbidden(ResourceName resource, std::string_view name, std::string_view why) {
  std::string message;
  if (resource.resource.empty()) {
    message = fmt::format("forbidden: {}", why);
  } else if (name.empty()) {
    message = fmt::format("{} is forbidden: {}", resource.qualified(), why);
  } else {
    message = fmt::format("{} \"{}\" is forbidden: {}", resource.qualified(), name, why);
  }
  return about(403, reason::kForbidden, resource, name, std::move(message));
}

Status unauthorized(std::string_view message) { return {401, reason::kUnauthorized, std::string(message)}; }

Status invalid(KindName kind, std::string_view name, std::vector<StatusCause> causes) {
  // As field.ErrorList.ToAggregate: one error stands alone, several (without repeats) in brackets.
  std::vector<std::string> texts;
  for (const StatusCause& cause : causes) {
    std::string text =
        cause.field.empty() ? cause.message : fmt::format("{}: {}", cause.field, cause.message);
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(std::move(text));
  }
  std::string joined = texts.size() == 1 ? texts[0] : fmt::format("[{}]", fmt::join(texts, ", "));
  if (texts.empty()) joined = "<nil>";
  Status status(422, reason::kInvalid,
                fmt::format("{} \"{}\" is invalid: {}", kind.qualified(), name, joined));
  status.details.name = name;
  status.details.group = kind.group;
  status.details.kind = kind.kind;
  status.details.causes = std::move(causes);
  return status;
}

Status bad_request(std::string_view message) { return {400, reason::kBadRequest, std::string(message)}; }

Status internal(std::string_view why) {
  Status status(500, reason::kInternalError, fmt::format("Internal error occurred: {}", why));
  status.details.causes.push_back({.reason = "", .message = std::string(why), .field = ""});
  return status;
}

Status method_not_supported(ResourceName resource, std::string_view action) {
  Status status(405, reason::kMethodNotAllowed,
                fmt::format("{} is not supported on resources of kind \"{}\"", action, resource.qualified()));
  status.details.group = resource.group;
  status.details.kind = resource.resource;
  return status;
}

Status server_timeout(ResourceName resource, std::string_view operation, int32_t retry_after_seconds) {
  Status status(
      500, reason::kServerTimeout,
      fmt::format("The {} operation against {} could not be completed at this time, please try again.",
                  operation, resource.qualified()));
  status.details.group = resource.group;
  status.details.kind = resource.resource;
  status.details.name = operation;
  status.details.retry_after_seconds = retry_after_seconds;
  return status;
}

Status timeout(std::string_view message, int32_t retry_after_seconds) {
  return retriable(504, reason::kTimeout, fmt::format("Timeout: {}", message), retry_after_seconds);
}

Status too_many_requests(std::string_view message, int32_t retry_after_seconds) {
  return retriable(429, reason::kTooManyRequests, message, retry_after_seconds);
}

Status too_large(std::string_view message) {
  return {413, reason::kRequestEntityTooLarge, fmt::format("Request entity too large: {}", message)};
}

Status service_unavailable(std::string_view message) {
  return {503, reason::kServiceUnavailable, std::string(message)};
}

Status expired(std::string_view message) { return {410, reason::kExpired, std::string(message)}; }
Status gone(std::string_view message) { return {410, reason::kGone, std::string(message)}; }
Status not_acceptable(std::string_view message) {
  return {406, reason::kNotAcceptable, std::string(message)};
}

Status unsupported_media_type(std::string_view message) {
  return {415, reason::kUnsupportedMediaType, std::string(message)};
}

Status generic(int code, std::string_view verb, ResourceName resource, std::string_view name,
               std::string_view server_message, int32_t retry_after_seconds) {
  Generic what = describe(code, server_message);
  std::string message = what.message;
  if (!resource.resource.empty()) {
    message = name.empty() ? fmt::format("{} ({} {})", message, verb, resource.qualified())
                           : fmt::format("{} ({} {} {})", message, verb, resource.qualified(), name);
  }
  Status status = about(code, what.reason, resource, name, std::move(message));
  status.details.retry_after_seconds = retry_after_seconds;
  if (!server_message.empty()) {
    status.details.causes.push_back(
        {.reason = "UnexpectedServerResponse", .message = std::string(server_message), .field = ""});
  }
  return status;
}

Status unknown_outcome(std::string_view message) {
  return {500, reason::kUnknownOutcome, std::string(message)};
}
Status cancelled() { return {504, reason::kCancelled, "context canceled"}; }

}  // namespace errors
}  // namespace xebec
