// A Store that times what it is asked, under the names of k8s.io/apiserver/pkg/storage/etcd3/metrics,
// whatever engine is behind it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "storage/store.h"

namespace xebec::storage {

// What a key belongs to, as labels name it.
struct ResourceLabels {
  std::string group, resource;
};
// Those of a key; they live as long as the store. Thread-safe; nullptr: of nothing that is known.
using LabelsOf = std::function<const ResourceLabels*(std::string_view key)>;

// `inner` and `metrics` outlive it.
std::unique_ptr<Store> make_metered_store(Store& inner, Metrics& metrics, LabelsOf labels_of);

}  // namespace xebec::storage
