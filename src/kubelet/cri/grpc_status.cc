#include "kubelet/cri/grpc_status.h"

#include <fmt/format.h>
#include <grpcpp/support/status.h>

namespace xebec::cri {
namespace {

struct Code {
  std::string_view name;
  int http;
  std::string_view reason;
};

// Indexed by google.rpc.Code.
constexpr Code kCodes[] = {
    {"OK", 200, reason::kUnknown},
    {"Canceled", 504, reason::kCancelled},
    {"Unknown", 500, reason::kInternalError},
    {"InvalidArgument", 400, reason::kBadRequest},
    {"DeadlineExceeded", 504, reason::kTimeout},
    {"NotFound", 404, reason::kNotFound},
    {"AlreadyExists", 409, reason::kAlreadyExists},
    {"PermissionDenied", 403, reason::kForbidden},
    {"ResourceExhausted", 429, reason::kTooManyRequests},
    {"FailedPrecondition", 500, reason::kInternalError},
    {"Aborted", 500, reason::kInternalError},
    {"OutOfRange", 400, reason::kBadRequest},
    {"Unimplemented", 501, reason::kMethodNotAllowed},
    {"Internal", 500, reason::kInternalError},
    {"Unavailable", 503, reason::kServiceUnavailable},
    {"DataLoss", 500, reason::kInternalError},
    {"Unauthenticated", 401, reason::kUnauthorized},
};

}  // namespace

Status rpc_error(int code, std::string_view message) {
  bool known = code >= 0 && static_cast<size_t>(code) < std::size(kCodes);
  const Code& c = kCodes[known ? code : 2];
  return {c.http, c.reason, fmt::format("rpc error: code = {} desc = {}", c.name, message)};
}

std::string_view rpc_description(const Status& error) {
  constexpr std::string_view kBefore = "rpc error: code = ", kBetween = " desc = ";
  const std::string_view message = error.message;
  const size_t between = message.find(kBetween);
  if (!message.starts_with(kBefore) || between == std::string_view::npos) return message;
  return message.substr(between + kBetween.size());
}

Status to_status(const grpc::Status& status) {
  return rpc_error(status.error_code(), status.error_message());
}

}  // namespace xebec::cri
