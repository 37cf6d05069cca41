// Waiting for a peer that ought to be quick.
#pragma once

#include "base/cancel.h"
#include "base/sync.h"

namespace xebec::kubelet {

// How long the other side has to end its half after one side is over.
inline constexpr Duration kLinger = std::chrono::seconds(2);

// Returns when `shot` is set, the time is over or `cancel` is cancelled. The last two set it.
Task<void> linger(OneShot<bool> shot, CancelToken cancel);

}  // namespace xebec::kubelet
