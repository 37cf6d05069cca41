// Options of API calls, as meta/v1's Get/List/Create/Update/Patch/DeleteOptions.
// They have constructors on purpose: g++ 12 mishandles aggregate temporaries in expressions with co_await, so
// an options value is named first, its fields are set, then it is passed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xebec::client {

struct GetOptions {
  GetOptions() {}
  std::string resource_version;  // "0": any state the server has at hand
};

struct ListOptions {
  ListOptions() {}
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;
  std::string resource_version_match;  // "Exact", "NotOlderThan"
  int64_t limit = 0;                   // 0: all
  std::string continue_;
};

struct WatchOptions {
  WatchOptions() {}
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;
  bool allow_bookmarks = true;
  std::optional<int64_t> timeout_seconds;
  std::optional<bool>
      send_initial_events;  // needs resource_version_match NotOlderThan, which is then sent too
};

// For create, update and patch.
struct WriteOptions {
  WriteOptions() {}
  std::string field_manager;
  bool dry_run = false;
  std::string field_validation;  // "Ignore", "Warn", "Strict"; empty: the server's default
  bool force = false;            // apply patches only: take fields over from other managers
  std::string subresource;       // "status"; empty: the object itself
};

namespace propagation {
inline constexpr std::string_view kBackground = "Background";
inline constexpr std::string_view kForeground = "Foreground";
inline constexpr std::string_view kOrphan = "Orphan";
}  // namespace propagation

struct DeleteOptions {
  DeleteOptions() {}
  std::optional<int64_t> grace_period_seconds;
  std::string uid;                 // precondition; empty: none
  std::string resource_version;    // precondition; empty: none
  std::string propagation_policy;  // empty: the default of the kind
  bool dry_run = false;
};

enum class PatchType { kJson, kMerge, kStrategic, kApply };

// "application/json-patch+json" and so on.
std::string_view content_type(PatchType type);

}  // namespace xebec::client
