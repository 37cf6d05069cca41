// follow(): keeps something derived from a resource up to date: every stored object is shown once, then every
// change. What informers are for components, inside the API server (policies, graphs, allocators).
#pragma once

#include <memory>

#include "base/cancel.h"
#include "base/task.h"

namespace xebec::apiserver {

class Entry;
class Registry;

// Called by one coroutine at a time.
class Follower {
 public:
  virtual ~Follower() = default;
  virtual void set(const Entry& entry) = 0;     // new or changed
  virtual void remove(const Entry& entry) = 0;  // the last known state
  // Everything that was stored when following began has been shown. Called once.
  virtual void synced() {}
};

// Runs until `token` is cancelled. Lists again when the watch fell behind, showing what is gone as removed.
// Both references outlive the task.
Task<void> follow(Registry& registry, Follower& follower, CancelToken token);

}  // namespace xebec::apiserver
