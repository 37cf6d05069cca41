// get, list and watch: answered from the watch cache; from the store where a page or an exact revision is
// older.
#include <algorithm>

#include "apiserver/cache/cursor.h"
#include "apiserver/registry/generic_registry.h"
#include "apiserver/registry/list_options.h"

namespace xebec::apiserver {
namespace {

constexpr int64_t kStorePage = 1000;

bool is_expired(const Status& status) { return status.code == 410; }

}  // namespace

Task<Result<void>> GenericRegistry::reach(Context context, std::string version, int64_t revision) {
  if (!strategy_->read_from_cache()) {
    CO_TRY_VOID(co_await env_.feed->catch_up(std::move(context)));
    const int64_t reached = env_.feed->progress()->revision();
    if (revision <= reached) co_return Result<void>();
    Status too_large = storage::future_revision(revision, reached);
    too_large.details.retry_after_seconds = 0;
    co_return fail(std::move(too_large));
  }
  if (version.empty()) {
    CO_TRY_VOID(co_await env_.feed->catch_up(std::move(context)));
  } else if (revision > 0) {
    CO_TRY_VOID(co_await env_.feed->wait_until(revision, std::move(context)));
  }
  co_return Result<void>();
}

Task<Result<std::shared_ptr<const Entry>>> GenericRegistry::get(Context context, GetRequest request) {
  CO_TRY(const std::string key, key_of(request.namespace_, request.name));
  CO_TRY(const int64_t revision, parse_resource_version(request.resource_version));
  CO_TRY_VOID(co_await reach(context, request.resource_version, revision));
  EntryPtr entry = cache_->find(key);
  if (!entry) {
    if (std::optional<UnreadableObject> damaged = cache_->unreadable_at(key))
      co_return fail(unreadable_object(*damaged));
    co_return fail(not_found(request.name));
  }
  co_return entry;
}

Result<EntryFilter> GenericRegistry::filter_of(std::string_view namespace_, std::string_view label_selector,
                                               std::string_view field_selector) const {
  EntryFilter filter;
  filter.prefix = list_prefix(namespace_);
  const SelectorTexts texts{label_selector, field_selector};
  TRY_VOID(add_selectors(filter, texts, *cache_->format(), *strategy_, resource_.namespaced));
  return filter;
}

Task<Result<ListPage>> GenericRegistry::list(Context context, ListRequest request) {
  CO_TRY_VOID(validate_list(request));
  CO_TRY(int64_t revision, parse_resource_version(request.resource_version));
  CO_TRY(EntryFilter filter, filter_of(request.namespace_, request.label_selector, request.field_selector));
  // Upstream's watch cache answers in one page who takes any version.
  if (request.resource_version == "0" && request.continue_.empty() && strategy_->read_from_cache())
    request.limit = 0;
  if (!request.continue_.empty()) {
    if (revision > 0)
      co_return fail(errors::bad_request("specifying resource version is not allowed when using continue"));
    CO_TRY(ContinueToken token, ContinueToken::decode(request.continue_, filter.prefix));
    if (token.revision == ContinueToken::kInconsistent) {
      CO_TRY_VOID(co_await env_.feed->catch_up(context));
      co_return co_await list_cached(cache_->snapshot(), std::move(filter), std::move(request),
                                     std::move(token.start_key));
    }
    if (std::optional<EntryTree> tree = cache_->at_revision(token.revision)) {
      CacheSnapshot at{std::move(*tree), token.revision};
      co_return co_await list_cached(std::move(at), std::move(filter), std::move(request),
                                     std::move(token.start_key));
    }
    co_return co_await list_stored(token.revision, std::move(filter), std::move(request),
                                   std::move(token.start_key), true);
  }
  for (const EntryFilter::FieldTerm& term : filter.fields) {
    // One object: its key is known.
    if (term.field != 0 || !term.equal || (resource_.namespaced && request.namespace_.empty())) continue;
    filter.prefix += term.value;
    filter.single = true;
    break;
  }
  std::string start = filter.prefix;
  const bool exact = request.resource_version_match == "Exact" ||
                     (request.resource_version_match.empty() && request.limit > 0 && revision > 0);
  if (exact && revision > 0) {
    CO_TRY_VOID(co_await reach(context, request.resource_version, revision));
    if (std::optional<EntryTree> tree = cache_->at_revision(revision)) {
      CacheSnapshot at{std::move(*tree), revision};
      co_return co_await list_cached(std::move(at), std::move(filter), std::move(request), std::move(start));
    }
    co_return co_await list_stored(revision, std::move(filter), std::move(request), std::move(start), false);
  }
  CO_TRY_VOID(co_await reach(context, request.resource_version, revision));
  co_return co_await list_cached(cache_->snapshot(), std::move(filter), std::move(request), std::move(start));
}

Result<void> GenericRegistry::check_readable(std::string_view prefix) const {
  const std::vector<UnreadableObject> damaged = cache_->unreadable_below(prefix);
  if (damaged.empty()) return {};
  return fail(unreadable_list(resource_name(), damaged));
}

Task<Result<ListPage>> GenericRegistry::list_cached(CacheSnapshot at, EntryFilter filter, ListRequest request,
                                                    std::string start) {
  CO_TRY_VOID(check_readable(filter.prefix));
  ListPage page;
  page.revision = at.revision;
  const std::string end =
      filter.single ? storage::next_key(filter.prefix) : storage::prefix_end(filter.prefix);
  const auto limit = static_cast<size_t>(std::max<int64_t>(request.limit, 0));
  bool more = false;
  if (!filter.selects_by_content()) page.items.reserve(limit > 0 ? limit : at.tree.count(start, end));
  at.tree.scan(start, end, [&](const EntryPtr& entry) {
    if (!filter.matches_content(*entry)) return true;
    if (limit > 0 && page.items.size() == limit) {
      more = true;
      return false;
    }
    page.items.push_back(entry);
    return true;
  });
  if (more) {
    ContinueToken token;
    token.revision = at.revision;
    token.start_key = storage::next_key(page.items.back()->key());
    page.continue_ = token.encode(filter.prefix);
    if (!filter.selects_by_content())
      page.remaining_item_count = static_cast<int64_t>(at.tree.count(token.start_key, end));
    cache_->pin(at, Executor::current()->now());
  }
  co_return page;
}

Task<Result<ListPage>> GenericRegistry::list_stored(int64_t revision, EntryFilter filter, ListRequest request,
                                                    std::string start, bool paging) {
  ListPage page;
  page.revision = revision;
  storage::RangeOptions range;
  range.start = start;
  range.end = filter.single ? storage::next_key(filter.prefix) : storage::prefix_end(filter.prefix);
  range.revision = revision;
  const auto limit = static_cast<size_t>(std::max<int64_t>(request.limit, 0));
  const bool plain = !filter.selects_by_content();
  range.limit = limit > 0 && plain ? static_cast<int64_t>(limit) : kStorePage;
  range.with_count = limit > 0 && plain;
  for (bool more = true; more;) {
    Result<storage::RangeResult> part = co_await env_.store->list(range);
    if (!part) {
      if (!is_expired(part.error())) co_return fail(std::move(part).error());
      if (paging) co_return fail(page_expired(start, filter.prefix));
      co_return fail(errors::expired("The resourceVersion for the provided list is too old."));
    }
    more = part->more && !part->kvs.empty();
    if (more) range.start = storage::next_key(part->kvs.back().key);
    for (size_t i = 0; i < part->kvs.size(); ++i) {
      const std::string next = storage::next_key(part->kvs[i].key);
      CO_TRY(EntryPtr entry, entry_of(std::move(part->kvs[i])));
      if (!filter.matches_content(*entry)) continue;
      page.items.push_back(std::move(entry));
      if (limit == 0 || page.items.size() < limit) continue;
      if (!more && i + 1 == part->kvs.size()) break;
      ContinueToken token;
      token.revision = revision;
      token.start_key = next;
      page.continue_ = token.encode(filter.prefix);
      if (plain) page.remaining_item_count = part->count - static_cast<int64_t>(i) - 1;
      co_return page;
    }
  }
  co_return page;
}

Task<Result<std::unique_ptr<WatchCursor>>> GenericRegistry::watch(Context context, WatchRequest request) {
  CO_TRY_VOID(validate_watch(request));
  CO_TRY(const int64_t revision, parse_resource_version(request.resource_version));
  WatchStart start;
  CO_TRY(start.filter, filter_of(request.namespace_, request.label_selector, request.field_selector));
  if (!request.name.empty()) {
    CO_TRY(start.filter.prefix, key_of(request.namespace_, request.name));
    start.filter.single = true;
  }
  start.bookmarks = request.allow_bookmarks;
  start.initial_events = request.send_initial_events.value_or(revision == 0);
  start.initial_bookmark = start.initial_events && request.send_initial_events && request.allow_bookmarks;
  start.after_revision = revision;
  if (request.resource_version.empty() || start.initial_events) {
    // etcd starts a watch wherever it is told to.
    const int64_t wanted = strategy_->read_from_cache() ? revision : 0;
    CO_TRY_VOID(co_await reach(context, request.resource_version, wanted));
  }
  if (start.initial_events) {
    CO_TRY_VOID(check_readable(start.filter.prefix));
  }
  if (!start.initial_events && revision == 0) start.after_revision = cache_->snapshot().revision;
  co_return cache_->watch(std::move(start), std::move(context));
}

}  // namespace xebec::apiserver
