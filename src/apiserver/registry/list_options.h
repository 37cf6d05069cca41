// What list and watch requests ask for, checked and read: resource versions, continue tokens, selectors
// (k8s.io/apimachinery validation of ListOptions; k8s.io/apiserver/pkg/storage continue.go).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apiserver/cache/filter.h"
#include "apiserver/cache/resource_cache.h"
#include "apiserver/registry/registry.h"

namespace xebec::apiserver {

class Strategy;

// A position in a list: the revision it is read at and the key it goes on from.
struct ContinueToken {
  int64_t revision = 0;   // kInconsistent: the newest state, whatever the pages before it saw
  std::string start_key;  // full storage key
  static constexpr int64_t kInconsistent = -1;

  // base64 of {"v":"meta.k8s.io/v1","rv":..,"start":..}, the key relative to the listed prefix.
  std::string encode(std::string_view prefix) const;
  static Result<ContinueToken> decode(std::string_view text, std::string_view prefix);
};

// Errors of options that contradict each other: 422 of kind ListOptions.
Result<void> validate_list(const ListRequest& request);
Result<void> validate_watch(const WatchRequest& request);

// 0 for "" and "0"; 400 when it is no number.
Result<int64_t> parse_resource_version(std::string_view text);
// What Go's parser says of one that is none.
std::string version_error(std::string_view text);

struct SelectorTexts {
  std::string_view label_selector, field_selector;
};
// Adds selectors to a filter whose prefix is set.
Result<void> add_selectors(EntryFilter& filter, SelectorTexts texts, const EntryFormat& format,
                           const Strategy& strategy, bool namespaced);

// 500 for a stored object that cannot be read, in the words of upstream's storage layer.
Status unreadable_object(const UnreadableObject& object);
// The same for a list of which it would be a part: every object is a cause, up to a hundred of them.
Status unreadable_list(ResourceName resource, const std::vector<UnreadableObject>& objects);

// 410 for a page that is past the compaction horizon, with a token to go on inconsistently. The token is a
// cause of reason kContinueCause, which the HTTP layer moves to metadata.continue.
inline constexpr std::string_view kContinueCause = "xebec.continue";
Status page_expired(std::string_view start_key, std::string_view prefix);

}  // namespace xebec::apiserver
