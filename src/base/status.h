// Status is the API's own error value (meta/v1 Status), so that an error made deep inside reaches the user
// word for word. Success is never a Status here: functions return Result<T> (base/result.h).
// Wording follows k8s.io/apimachinery/pkg/api/errors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xebec {

struct StatusCause {
  std::string reason;  // e.g. FieldValueRequired
  std::string message;
  std::string field;  // path of the field, e.g. spec.containers[0].image
  bool operator==(const StatusCause&) const = default;
};

struct StatusDetails {
  std::string name;
  std::string group;
  std::string kind;  // a resource's plural name, or a kind for Invalid, as upstream
  std::string uid;
  std::vector<StatusCause> causes;
  int32_t retry_after_seconds = 0;
  bool operator==(const StatusDetails&) const = default;
};

// Upstream's metav1.StatusReason values.
namespace reason {
inline constexpr std::string_view kUnknown = "";
inline constexpr std::string_view kUnauthorized = "Unauthorized";
inline constexpr std::string_view kForbidden = "Forbidden";
inline constexpr std::string_view kNotFound = "NotFound";
inline constexpr std::string_view kAlreadyExists = "AlreadyExists";
inline constexpr std::string_view kConflict = "Conflict";
inline constexpr std::string_view kGone = "Gone";
inline constexpr std::string_view kInvalid = "Invalid";
inline constexpr std::string_view kServerTimeout = "ServerTimeout";
inline constexpr std::string_view kTimeout = "Timeout";
inline constexpr std::string_view kTooManyRequests = "TooManyRequests";
inline constexpr std::string_view kBadRequest = "BadRequest";
inline constexpr std::string_view kMethodNotAllowed = "MethodNotAllowed";
inline constexpr std::string_view kNotAcceptable = "NotAcceptable";
inline constexpr std::string_view kRequestEntityTooLarge = "RequestEntityTooLarge";
inline constexpr std::string_view kUnsupportedMediaType = "UnsupportedMediaType";
inline constexpr std::string_view kInternalError = "InternalError";
inline constexpr std::string_view kExpired = "Expired";
inline constexpr std::string_view kStorageReadError = "StorageReadError";
inline constexpr std::string_view kServiceUnavailable = "ServiceUnavailable";
// Ours, inside the process only: the outcome of a write is not known (timeout, leader lost). Never retried
// blindly.
inline constexpr std::string_view kUnknownOutcome = "UnknownOutcome";
// Ours, inside the process only: the waiter was cancelled.
inline constexpr std::string_view kCancelled = "Cancelled";
}  // namespace reason

class Status {
 public:
  // Out of line, all of them: every function that returns a Result would hold them otherwise.
  Status(int code, std::string_view reason, std::string message);
  Status(const Status&);
  Status(Status&&) noexcept;
  Status& operator=(const Status&);
  Status& operator=(Status&&) noexcept;
  ~Status();

  int code;  // HTTP status code
  std::string reason;
  std::string message;
  StatusDetails details;

  bool is(std::string_view r) const { return reason == r; }
  bool operator==(const Status&) const;
};

// A resource as error texts name it: "pods", or "deployments.apps" for a group.
struct ResourceName {
  std::string_view group;
  std::string_view resource;
  std::string qualified() const;
};

// A kind as error texts name it: "Pod", or "Deployment.apps" for a group.
struct KindName {
  std::string_view group;
  std::string_view kind;
  std::string qualified() const;
};

namespace errors {
Status not_found(ResourceName resource, std::string_view name);
Status already_exists(ResourceName resource, std::string_view name);
// `generateName` ran out of luck.
Status generate_name_conflict(ResourceName resource, std::string_view name, int32_t retry_after_seconds);
Status conflict(ResourceName resource, std::string_view name, std::string_view what);
// The conflict of a stale resourceVersion, in upstream's words.
Status modified(ResourceName resource, std::string_view name);
Status forbidden(ResourceName resource, std::string_view name, std::string_view why);
Status unauthorized(std::string_view message = "Unauthorized");
// `causes` hold field.Error renderings; the message joins them as upstream's aggregate does.
Status invalid(KindName kind, std::string_view name, std::vector<StatusCause> causes);
Status bad_request(std::string_view message);
Status internal(std::string_view why);
Status method_not_supported(ResourceName resource, std::string_view action);
Status server_timeout(ResourceName resource, std::string_view operation, int32_t retry_after_seconds);
Status timeout(std::string_view message, int32_t retry_after_seconds);
Status too_many_requests(std::string_view message, int32_t retry_after_seconds);
Status too_large(std::string_view message);
Status service_unavailable(std::string_view message);
Status expired(std::string_view message);
Status gone(std::string_view message);
Status not_acceptable(std::string_view message);
Status unsupported_media_type(std::string_view message);
// An HTTP failure without a Status body, as client-go's NewGenericServerResponse.
Status generic(int code, std::string_view verb, ResourceName resource, std::string_view name,
               std::string_view server_message, int32_t retry_after_seconds);
Status unknown_outcome(std::string_view message);
Status cancelled();
}  // namespace errors

}  // namespace xebec
