#include "apiserver/cache/cache_metrics.h"

#include <mutex>

namespace xebec::apiserver {
namespace {

// Only so many digits are exact in a metric.
constexpr int64_t kRevisionDigits = 1'000'000'000'000'000;
const std::vector<std::string> kLabels = {"group", "resource"};

void bring_to(Counter& counter, uint64_t value) { counter.add(static_cast<double>(value) - counter.value()); }

}  // namespace

struct CacheMetrics::State {
  explicit State(Metrics& metrics)
      : received(metrics.counter("apiserver_watch_cache_events_received_total",
                                 "[ALPHA] Counter of events received in watch cache broken by resource type.",
                                 kLabels)),
        dispatched(metrics.counter(
            "apiserver_watch_cache_events_dispatched_total",
            "[ALPHA] Counter of events dispatched in watch cache broken by resource type.", kLabels)),
        initializations(metrics.counter(
            "apiserver_watch_cache_initializations_total",
            "[ALPHA] Counter of watch cache initializations broken by resource type.", kLabels)),
        revision(
            metrics.gauge("apiserver_watch_cache_resource_version",
                          "[ALPHA] Current resource version of watch cache broken by resource type. This is "
                          "truncated to the 15 least significant digits.",
                          kLabels)),
        capacity(metrics.gauge("watch_cache_capacity",
                               "[ALPHA] Total capacity of watch cache broken by resource type.", kLabels)),
        stored_events(metrics.counter("apiserver_storage_events_received_total",
                                      "[BETA] Number of etcd events received split by kind.", kLabels)),
        objects(
            metrics.gauge("apiserver_resource_objects",
                          "[ALPHA] Number of stored objects at the time of last check split by kind. In case "
                          "of a fetching error, the value will be -1.",
                          kLabels)),
        old_objects(metrics.gauge(
            "apiserver_storage_objects",
            "[STABLE] [DEPRECATED, consider using apiserver_resource_objects instead] Number of stored "
            "objects at the time of last check split by kind. In case of a fetching error, the value will be "
            "-1.",
            {"resource"})) {}

  struct Shown {
    std::string group, resource;
    std::shared_ptr<const ResourceCache> cache;
  };

  void bring_up_to_date() {
    std::lock_guard lock(mutex);
    for (const Shown& one : shown) {
      const std::vector<std::string> labels = {one.group, one.resource};
      const CacheCounts& counts = one.cache->counts();
      bring_to(received.with(labels), counts.received);
      bring_to(stored_events.with(labels), counts.received);
      bring_to(dispatched.with(labels), counts.dispatched);
      bring_to(initializations.with(labels), counts.initialized);
      const CacheSnapshot snapshot = one.cache->snapshot();
      revision.with(labels).set(static_cast<double>(snapshot.revision % kRevisionDigits));
      capacity.with(labels).set(static_cast<double>(one.cache->capacity()));
      const auto size = static_cast<double>(snapshot.tree.size());
      objects.with(labels).set(size);
      const std::string name = one.group.empty() ? one.resource : one.resource + "." + one.group;
      old_objects.with({name}).set(size);
    }
  }

  MetricFamily<Counter>&received, &dispatched, &initializations;
  MetricFamily<Gauge>&revision, &capacity;
  MetricFamily<Counter>& stored_events;
  MetricFamily<Gauge>&objects, &old_objects;
  std::mutex mutex;
  std::vector<Shown> shown;
};

CacheMetrics::CacheMetrics(Metrics& metrics) : state_(std::make_shared<State>(metrics)) {
  std::weak_ptr<State> state = state_;
  metrics.before_exposition([state] {
    if (auto alive = state.lock()) alive->bring_up_to_date();
  });
}

CacheMetrics::~CacheMetrics() = default;

void CacheMetrics::add(std::string group, std::string resource, std::shared_ptr<const ResourceCache> cache) {
  std::lock_guard lock(state_->mutex);
  state_->shown.push_back({std::move(group), std::move(resource), std::move(cache)});
}

}  // namespace xebec::apiserver
