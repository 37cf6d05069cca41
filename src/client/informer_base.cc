#include "client/informer_base.h"

#include "api/gen/metav1.h"
#include "base/scope.h"
#include "client/controller_ref.h"

namespace xebec::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

bool is_expired(const Status& status) { return status.code == 410; }

Context context_of(const CancelToken& token) {
  Context context;
  context.cancel = token;
  return context;
}

}  // namespace

InformerBase::InformerBase(Rest rest, Env env, const api::Message& type, InformerOptions options)
    : rest_(std::move(rest)),
      env_(std::move(env)),
      target_(options.metadata_of.resource.empty() ? rest_.target_of(type)
                                                   : rest_.metadata_target(options.metadata_of)),
      options_(std::move(options)),
      backoff_(milliseconds(800), seconds(30), minutes(2), 1.0) {}

InformerBase::~InformerBase() = default;

metav1::ObjectMeta& InformerBase::meta_of(void* object) const {
  return *reinterpret_cast<metav1::ObjectMeta*>(static_cast<char*>(object) +
                                                target_.message->object_meta_offset);
}

Task<void> InformerBase::run(CancelToken token) {
  Scope scope(*env_.executor, token);
  if (options_.resync > Duration::zero()) scope.spawn(resync(scope.token()));
  co_await list_and_watch(token);
  scope.cancel();
  co_await scope.join();
}

Task<bool> InformerBase::wait_synced(CancelToken token) {
  while (!synced_) {
    bool signalled = co_await synced_signal_.wait(token);
    if (!signalled) co_return false;
  }
  co_return true;
}

Task<void> InformerBase::list_and_watch(CancelToken token) {
  while (!token.cancelled()) {
    Result<void> listed = co_await list(token);
    if (token.cancelled()) co_return;
    if (listed.has_value()) {
      if (!synced_) {
        synced_ = true;
        synced_signal_.notify_all();
      }
      Next next = Next::kRewatch;
      while (next == Next::kRewatch) next = co_await watch(token);
      if (next == Next::kStop) co_return;
    } else {
      env_.logger.warning("Failed to list",
                          {{"resource", target_.gvr.resource}, {"err", listed.error().message}});
    }
    Duration delay = backoff_.next(env_.executor->now(), *env_.rng);
    co_await sleep_for(delay, token);
  }
}

// Pages are turned into stored objects as they come, so that no more than a page is held twice.
Task<Result<void>> InformerBase::list(CancelToken token) {
  ListOptions list_options;
  list_options.label_selector = options_.label_selector;
  list_options.field_selector = options_.field_selector;
  list_options.limit = options_.page_size;
  Items fresh;
  std::string version;
  for (;;) {
    Context context = context_of(token);
    Result<api::Object> page = co_await rest_.list_object(context, target_, options_.ns, list_options);
    if (!page.has_value()) {
      if (!is_expired(page.error()) || list_options.continue_.empty())
        co_return fail(std::move(page).error());
      // The pages were older than the server keeps: all at once, then.
      list_options.continue_.clear();
      list_options.limit = 0;
      fresh.clear();
      continue;
    }
    const api::Field& field = *page->type().items();
    void* list = field.ptr(page->data());
    char* element = static_cast<char*>(field.list->data(list));
    for (size_t i = 0, n = field.list->size(list); i < n; ++i, element += field.list->stride) {
      metav1::ObjectMeta& meta = meta_of(element);
      if (!options_.keep_managed_fields) meta.managedFields.clear();
      Item item;
      std::string key = client::key_of(meta);
      item.resource_version = meta.resourceVersion;
      item.object = make(element);
      fresh.insert_or_assign(std::move(key), std::move(item));
    }
    version = page->list_meta()->resourceVersion;
    list_options.continue_ = page->list_meta()->continue_;
    if (list_options.continue_.empty()) break;
  }
  resource_version_ = std::move(version);
  std::vector<std::string> gone;
  for (const auto& [key, item] : items_) {
    if (!fresh.contains(key)) gone.push_back(key);
  }
  for (const std::string& key : gone) remove(key, find(key));
  for (auto& [key, item] : fresh) {
    auto old = items_.find(key);
    if (old != items_.end() && old->second.resource_version == item.resource_version) continue;
    put(key, std::move(item.resource_version), std::move(item.object));
  }
  co_return Result<void>();
}

Task<InformerBase::Next> InformerBase::watch(CancelToken token) {
  if (token.cancelled()) co_return Next::kStop;
  WatchOptions watch_options;
  watch_options.label_selector = options_.label_selector;
  watch_options.field_selector = options_.field_selector;
  watch_options.resource_version = resource_version_;
  // Watches end after 5 to 10 minutes, so that the load moves when servers come and go.
  watch_options.timeout_seconds = 300 + static_cast<int64_t>(env_.rng->below(300));
  Context context = context_of(token);
  Result<std::unique_ptr<WatchStream>> stream =
      co_await rest_.watch_object(context, target_, options_.ns, watch_options);
  if (token.cancelled()) co_return Next::kStop;
  if (stream.has_value()) co_return co_await follow(std::move(*stream), token);

  if (is_expired(stream.error())) co_return Next::kRelist;
  Duration delay = backoff_.next(env_.executor->now(), *env_.rng);
  env_.logger.warning("Failed to watch",
                      {{"resource", target_.gvr.resource}, {"err", stream.error().message}});
  bool slept = co_await sleep_for(delay, token);
  co_return slept ? Next::kRewatch : Next::kStop;
}

Task<InformerBase::Next> InformerBase::follow(std::unique_ptr<WatchStream> stream, CancelToken token) {
  MonotonicTime started = env_.executor->now();
  bool any = false;
  for (;;) {
    Result<std::optional<WatchEvent>> event = co_await stream->next();
    if (token.cancelled()) co_return Next::kStop;
    if (event.has_value() && event->has_value()) {
      any = true;
      apply(std::move(**event));
      continue;
    }
    Next next = Next::kRewatch;
    if (!event.has_value()) {
      if (is_expired(event.error())) co_return Next::kRelist;
      env_.logger.debug("Watch broke", {{"resource", target_.gvr.resource}, {"err", event.error().message}});
    }
    // A server that ends watches at once must not be asked in a tight loop.
    if (!any && env_.executor->now() - started < seconds(1)) {
      Duration delay = backoff_.next(env_.executor->now(), *env_.rng);
      bool slept = co_await sleep_for(delay, token);
      if (!slept) next = Next::kStop;
    }
    co_return next;
  }
}

void InformerBase::apply(WatchEvent event) {
  metav1::ObjectMeta& meta = meta_of(event.object.data());
  if (!meta.resourceVersion.empty()) resource_version_ = meta.resourceVersion;
  if (event.type == WatchType::kBookmark) return;
  if (!options_.keep_managed_fields) meta.managedFields.clear();
  std::string key = client::key_of(meta);
  std::string version = meta.resourceVersion;
  Stored object = make(event.object.data());
  if (event.type == WatchType::kDeleted) {
    remove(key, std::move(object));
  } else {
    put(std::move(key), std::move(version), std::move(object));
  }
}

void InformerBase::put(std::string key, std::string version, Stored object) {
  auto it = items_.find(key);
  Stored old;
  if (it == items_.end()) {
    it = items_.emplace(std::move(key), Item()).first;
  } else {
    index(it->first, it->second.object, false);
    old = std::move(it->second.object);
  }
  it->second.object = object;
  it->second.resource_version = std::move(version);
  index(it->first, object, true);
  notify(old, object);
}

void InformerBase::remove(std::string_view key, Stored last) {
  auto it = items_.find(key);
  if (it == items_.end()) return;
  index(it->first, it->second.object, false);
  items_.erase(it);
  notify(last, nullptr);
}

Task<void> InformerBase::resync(CancelToken token) {
  for (;;) {
    bool slept = co_await sleep_for(options_.resync, token);
    if (!slept) co_return;
    // Handlers see one state of the store: nothing else runs meanwhile.
    std::vector<Stored> all;
    for (const auto& [key, item] : items_) all.push_back(item.object);
    for (const Stored& object : all) notify(object, object);
  }
}

void InformerBase::add_index_erased(std::string name, IndexFunction function) {
  indexes_[std::move(name)] = Index{std::move(function), {}};
  for (auto& index : indexes_) index.second.keys.clear();
  for (const auto& [key, item] : items_) index(key, item.object, true);
}

void InformerBase::index(const std::string& key, const Stored& object, bool add) {
  for (auto& [name, index] : indexes_) {
    for (const std::string& value : index.function(object.get())) {
      if (add) {
        index.keys[value].insert(key);
        continue;
      }
      auto it = index.keys.find(value);
      if (it == index.keys.end()) continue;
      it->second.erase(key);
      if (it->second.empty()) index.keys.erase(it);
    }
  }
}

std::pair<InformerBase::Items::const_iterator, InformerBase::Items::const_iterator> InformerBase::range(
    std::string_view ns) const {
  std::string prefix(ns);
  auto begin = items_.lower_bound(prefix + "/");
  auto end = items_.lower_bound(prefix + "0");  // '0' follows '/'
  return {begin, end};
}

InformerBase::Stored InformerBase::find(std::string_view key) const {
  auto it = items_.find(key);
  return it == items_.end() ? nullptr : it->second.object;
}

const std::set<std::string_view>& InformerBase::index_keys(std::string_view name,
                                                           std::string_view value) const {
  static const std::set<std::string_view> kNone;
  auto index = indexes_.find(name);
  if (index == indexes_.end()) return kNone;
  auto keys = index->second.keys.find(value);
  return keys == index->second.keys.end() ? kNone : keys->second;
}

}  // namespace xebec::client
