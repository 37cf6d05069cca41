// Metrics of the watch caches, and of what is stored, under upstream's names
// (k8s.io/apiserver/pkg/storage/cacher/metrics and etcd3/metrics). They are read off the caches when somebody
// reads the metrics: what is counted all the time are plain numbers in the caches.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apiserver/cache/resource_cache.h"
#include "base/metrics.h"

namespace xebec::apiserver {

class CacheMetrics {
 public:
  // `metrics` outlives this; what is shown is what is there as long as this lives.
  explicit CacheMetrics(Metrics& metrics);
  ~CacheMetrics();

  void add(std::string group, std::string resource, std::shared_ptr<const ResourceCache> cache);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace xebec::apiserver
