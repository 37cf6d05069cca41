#include "storage/etcd/etcd_status.h"

#include <fmt/format.h>
#include <grpcpp/support/status.h>

#include <string_view>

#include "storage/store.h"

namespace xebec::storage::etcd {
namespace {

using grpc::StatusCode;

// What gRPC says when it had no connection to send the call on.
constexpr std::string_view kNeverSent[] = {"failed to connect to all addresses", "DNS resolution failed",
                                           "empty address list"};
// A member without a leader says this before it proposes anything.
constexpr std::string_view kNoLeader = "etcdserver: no leader";

bool from_etcd(std::string_view message) { return message.starts_with("etcdserver: "); }

bool never_sent(std::string_view message) {
  for (std::string_view text : kNeverSent) {
    if (message.starts_with(text)) return true;
  }
  return false;
}

}  // namespace

Outcome outcome_of(const grpc::Status& status) {
  const std::string& message = status.error_message();
  switch (status.error_code()) {
    case StatusCode::OK:
      return Outcome::kDone;
    case StatusCode::UNAVAILABLE:
      return never_sent(message) || message == kNoLeader ? Outcome::kNotDone : Outcome::kUnknown;
    case StatusCode::INVALID_ARGUMENT:
    case StatusCode::NOT_FOUND:
    case StatusCode::ALREADY_EXISTS:
    case StatusCode::FAILED_PRECONDITION:
    case StatusCode::OUT_OF_RANGE:
    case StatusCode::PERMISSION_DENIED:
    case StatusCode::UNAUTHENTICATED:
    case StatusCode::UNIMPLEMENTED:
      return Outcome::kRefused;
    case StatusCode::RESOURCE_EXHAUSTED:
      // gRPC has it for answers that are too large, too.
      return from_etcd(message) ? Outcome::kRefused : Outcome::kUnknown;
    default:
      return Outcome::kUnknown;
  }
}

Status refused(const grpc::Status& status) {
  const std::string& message = status.error_message();
  auto says = [&](std::string_view text) { return message.find(text) != std::string::npos; };
  if (says("required revision has been compacted")) return compacted();
  if (says("request is too large")) return errors::too_large(message);
  if (says("too many requests")) return errors::too_many_requests(message, 1);
  if (status.error_code() == StatusCode::INVALID_ARGUMENT) return errors::bad_request(message);
  return {500, reason::kUnknown, message};
}

Status unavailable(const grpc::Status& status) {
  return errors::service_unavailable(fmt::format("etcd is not available: {}", status.error_message()));
}

Status unknown(const grpc::Status& status) {
  const std::string& message = status.error_message();
  if (from_etcd(message)) return errors::unknown_outcome(message);
  return errors::unknown_outcome(fmt::format("etcd did not answer: {}", message));
}

bool is_future_revision(const grpc::Status& status) {
  return status.error_code() == StatusCode::OUT_OF_RANGE &&
         status.error_message().find("future revision") != std::string::npos;
}

bool is_lease_not_found(const grpc::Status& status) {
  return status.error_code() == StatusCode::NOT_FOUND &&
         status.error_message().find("requested lease not found") != std::string::npos;
}

}  // namespace xebec::storage::etcd
