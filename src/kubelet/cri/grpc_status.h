// gRPC's errors as Status, worded as grpc-go does, since users meet these texts in events.
#pragma once

#include "base/status.h"

namespace grpc {
class Status;
}

namespace xebec::cri {

Status to_status(const grpc::Status& status);

// For runtimes that are not gRPC: code 5 is NotFound, and so on (google.rpc.Code).
Status rpc_error(int code, std::string_view message);

// What the runtime said, without gRPC's words around it.
std::string_view rpc_description(const Status& error);

}  // namespace xebec::cri
