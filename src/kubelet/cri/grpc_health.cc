#include "kubelet/cri/grpc_health.h"

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <chrono>
#include <memory>

#include "base/sync.h"
#include "rpc/callback_threads.h"

namespace xebec::cri {
namespace {

using std::chrono::duration_cast;

// HealthCheckRequest: field 1 is the service's name.
grpc::ByteBuffer request_for(const std::string& service) {
  std::string bytes;
  if (!service.empty()) {
    bytes += '\x0a';
    for (size_t n = service.size();; n >>= 7) {
      bytes += static_cast<char>(n > 127 ? (n & 127) | 128 : n);
      if (n <= 127) break;
    }
    bytes += service;
  }
  grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

// HealthCheckResponse: field 1 is the status; 0 when it is left out. -1: not such a message.
int status_in(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return -1;
  if (slice.size() == 0) return 0;
  return slice.size() == 2 && slice.begin()[0] == 8 ? slice.begin()[1] : -1;
}

HealthAnswer answer_of(const grpc::Status& status, const grpc::ByteBuffer& response,
                       const std::string& address, const std::string& timeout) {
  static constexpr std::string_view kNames[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
  HealthAnswer out;
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
    out.message = "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): " +
                  status.error_message();
  } else if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    out.message = fmt::format(
        "timeout: failed to connect service \"{}\" within {}: context deadline exceeded", address, timeout);
  } else if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    out.message = fmt::format("timeout: health rpc did not complete within {}", timeout);
  } else if (!status.ok()) {
    out.message = fmt::format("error: health rpc probe failed: rpc error: code = {} desc = {}",
                              static_cast<int>(status.error_code()), status.error_message());
  } else {
    int value = status_in(response);
    out.serving = value == 1;
    out.message = out.serving ? "service healthy"
                              : fmt::format("service unhealthy (responded with \"{}\")",
                                            value >= 0 && value < 4 ? kNames[value] : "UNKNOWN");
  }
  return out;
}

}  // namespace

Task<HealthAnswer> grpc_health(std::string address, std::string service, Duration timeout) {
  struct Call {
    std::unique_ptr<grpc::GenericStub> stub;
    grpc::ClientContext context;
    grpc::ByteBuffer request, response;
    OneShot<HealthAnswer> done;
  };
  auto call = std::make_shared<Call>();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Each probe looks anew: no connection, and no back-off after a refused one, is shared with the one before.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetUserAgentPrefix("kube-probe/1.36");
  std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  rpc::keep_callback_threads(channel);
  call->stub = std::make_unique<grpc::GenericStub>(channel);
  call->context.set_deadline(std::chrono::system_clock::now() +
                             duration_cast<std::chrono::system_clock::duration>(timeout));
  call->request = request_for(service);
  std::string limit = fmt::format("{}s", duration_cast<std::chrono::seconds>(timeout).count());
  grpc::StubOptions options;
  call->stub->UnaryCall(&call->context, "/grpc.health.v1.Health/Check", options, &call->request,
                        &call->response, [call, address, limit](grpc::Status status) {
                          call->done.set(answer_of(status, call->response, address, limit));
                        });
  OneShot<HealthAnswer> done = call->done;
  call.reset();
  co_return co_await done;
}

}  // namespace xebec::cri
