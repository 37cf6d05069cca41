#include "apiserver/cache/follow.h"

#include <map>

#include "apiserver/cache/cursor.h"
#include "apiserver/cache/entry.h"
#include "apiserver/registry/registry.h"
#include "base/sync.h"

namespace xebec::apiserver {
namespace {

using Known = std::map<std::string, std::shared_ptr<const Entry>>;  // by storage key

void show_list(const ListPage& page, Known& known, Follower& follower) {
  Known now;
  for (const auto& entry : page.items) {
    auto old = known.find(entry->key());
    if (old == known.end() || old->second->revision() != entry->revision()) follower.set(*entry);
    now.emplace(entry->key(), entry);
  }
  for (const auto& [key, entry] : known) {
    if (!now.contains(key)) follower.remove(*entry);
  }
  known = std::move(now);
}

void show_events(const std::vector<WatchEvent>& events, Known& known, Follower& follower) {
  for (const WatchEvent& event : events) {
    if (!event.entry) continue;
    if (event.type == EventType::kDeleted) {
      known.erase(event.entry->key());
      follower.remove(*event.entry);
    } else {
      known[event.entry->key()] = event.entry;
      follower.set(*event.entry);
    }
  }
}

// Returns when the watch has ended, for whatever reason.
Task<void> watch_from(Registry& registry, Follower& follower, Known& known, int64_t revision,
                      Context context) {
  WatchRequest request;
  request.resource_version = std::to_string(revision);
  auto cursor = co_await registry.watch(context, std::move(request));
  if (!cursor) co_return;
  for (;;) {
    auto events = co_await (*cursor)->next();
    if (!events || events->empty()) co_return;
    show_events(*events, known, follower);
  }
}

}  // namespace

Task<void> follow(Registry& registry, Follower& follower, CancelToken token) {
  Known known;
  bool synced = false;
  while (!token.cancelled()) {
    Context context;
    context.cancel = token;
    auto page = co_await registry.list(context, ListRequest());
    if (page) {
      show_list(*page, known, follower);
      if (!std::exchange(synced, true)) follower.synced();
      co_await watch_from(registry, follower, known, page->revision, context);
    }
    // A list that failed or a watch that ended at once must not become a busy loop.
    co_await sleep_for(std::chrono::milliseconds(100), token);
  }
}

}  // namespace xebec::apiserver
