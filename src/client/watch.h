// WatchStream: the events of one watch, decoded. One reader. Destroying it ends the watch.
// Source: k8s.io/apimachinery/pkg/watch; frames as in pkg/runtime/serializer/streaming.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/object.h"
#include "base/result.h"
#include "base/task.h"

namespace xebec::client {

enum class WatchType { kAdded, kModified, kDeleted, kBookmark };

struct WatchEvent {
  WatchEvent() {}
  WatchEvent(WatchType type, api::Object object) : type(type), object(std::move(object)) {}
  WatchType type = WatchType::kAdded;
  // Of the watched type; a bookmark's has only metadata.resourceVersion (and annotations).
  api::Object object;
};

class WatchStream {
 public:
  virtual ~WatchStream() = default;
  // The next event; nothing when the server ended the watch. An ERROR event is returned as its Status (410
  // Expired: list again); so are broken streams. Not called again after either.
  virtual Task<Result<std::optional<WatchEvent>>> next() = 0;
};

}  // namespace xebec::client
