// Joins two byte streams that speak the same protocol. Back-pressure is the streams' own: a byte is read only
// when the one before it has been written.
#pragma once

#include "base/cancel.h"
#include "base/task.h"
#include "http/message.h"

namespace xebec::kubelet {

// Copies both ways. When one side ends the other is told so and has a moment to finish (the last words of a
// runtime are the exit status); then both are closed. Both streams belong to the current executor.
Task<void> pipe(http::ByteStream& client, http::ByteStream& backend, CancelToken cancel);

}  // namespace xebec::kubelet
