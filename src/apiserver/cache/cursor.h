// WatchCursor: one watch of a resource: a position in the watch cache's ring of events and a filter. It owns
// no queue; an event and its encoded bytes are shared by all watches of the resource.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/task.h"

namespace xebec::apiserver {

class Entry;

enum class EventType : uint8_t { kAdded, kModified, kDeleted, kBookmark };

std::string_view event_type_name(EventType type);  // "ADDED", ...

// Bytes of one event (or of its object), made once a form and shared by all watches. The form is named by
// whoever encodes: media type, version, transformation, and event type when the frame is kept whole.
// Thread-safe.
class EncodedForms {
 public:
  using Buffer = std::shared_ptr<const std::string>;

  // nullptr when the form has not been made yet.
  Buffer find(std::string_view form) const;
  // Keeps the first buffer of a form and returns it.
  Buffer keep(std::string_view form, Buffer buffer);
  void clear();
  size_t memory() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<std::string, Buffer>> forms_;
};

struct WatchEvent {
  EventType type = EventType::kAdded;
  // Of a bookmark: it ends the initial events of sendInitialEvents, and carries the annotation
  // k8s.io/initial-events-end: "true".
  bool initial_events_end = false;
  // resourceVersion of the event's object (equal to entry->revision(), but initial events keep their object's
  // own).
  int64_t revision = 0;
  // The object; of DELETED its last state as of the deletion's revision; nullptr for bookmarks.
  std::shared_ptr<const Entry> entry;
  // Shared by all watches that deliver this object of this event; nullptr for bookmarks.
  std::shared_ptr<EncodedForms> encoded;
};

// Used by one coroutine at a time; destroyed to end the watch.
class WatchCursor {
 public:
  virtual ~WatchCursor() = default;

  // The next events, at least one; waits for them. An empty batch: the watch is over (its context's deadline
  // came; a bookmark was delivered before if asked for). Errors end the watch: 410 Expired when it fell off
  // the ring (sent to the client as an ERROR event), cancelled when its context was.
  virtual Task<Result<std::vector<WatchEvent>>> next() = 0;
  // Like next(), but returns at once with what is there, possibly nothing; for writers that fill a frame.
  virtual Result<std::vector<WatchEvent>> poll() = 0;
};

}  // namespace xebec::apiserver
