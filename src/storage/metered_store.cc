#include "storage/metered_store.h"

#include <map>
#include <shared_mutex>

#include "base/executor.h"

namespace xebec::storage {
namespace {

constexpr double kSeconds[] = {0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2,
                               3,     4,     5,    6,   8,   10,  15,  20,  30,  45,   60};

enum class Operation { kGet, kList, kCount, kCreate, kUpdate, kDelete };

std::string name_of(Operation operation) {
  switch (operation) {
    case Operation::kGet:
      return "get";
    case Operation::kList:
      return "list";
    case Operation::kCount:
      return "listWithCount";
    case Operation::kCreate:
      return "create";
    case Operation::kUpdate:
      return "update";
    case Operation::kDelete:
      return "delete";
  }
  return "";
}

// By its first operation: the others are of the same object, or of what belongs to it.
Operation operation_of(const Txn& txn) {
  if (txn.ops.empty()) return Operation::kGet;
  const auto* put = std::get_if<Put>(&txn.ops[0]);
  if (put == nullptr) return Operation::kDelete;
  for (const Compare& compare : txn.compares) {
    if (compare.key == put->key && compare.mod_revision == 0) return Operation::kCreate;
  }
  return Operation::kUpdate;
}

std::string_view key_of(const Txn& txn) {
  if (txn.ops.empty()) return txn.compares.empty() ? std::string_view() : txn.compares[0].key;
  return std::visit([](const auto& op) -> std::string_view { return op.key; }, txn.ops[0]);
}

class MeteredStore final : public Store {
 public:
  MeteredStore(Store& inner, Metrics& metrics, LabelsOf labels_of)
      : inner_(inner),
        labels_of_(std::move(labels_of)),
        seconds_(
            metrics.histogram("etcd_request_duration_seconds",
                              "[ALPHA] Etcd request latency in seconds for each operation and object type.",
                              kSeconds, {"group", "operation", "resource"})),
        requests_(metrics.counter("etcd_requests_total",
                                  "[ALPHA] Etcd request counts for each operation and object type.",
                                  {"group", "operation", "resource"})),
        errors_(metrics.counter("etcd_request_errors_total",
                                "[ALPHA] Etcd failed request counts for each operation and object type.",
                                {"group", "operation", "resource"})) {}

  Task<Result<GetResult>> get(std::string key, int64_t at_revision) override {
    Series& series = series_of(Operation::kGet, key);
    const MonotonicTime start = Executor::current()->now();
    Result<GetResult> result = co_await inner_.get(std::move(key), at_revision);
    series.observe(start, result.has_value());
    co_return result;
  }
  Task<Result<RangeResult>> list(RangeOptions options) override {
    Series& series = series_of(options.count_only ? Operation::kCount : Operation::kList, options.start);
    const MonotonicTime start = Executor::current()->now();
    Result<RangeResult> result = co_await inner_.list(std::move(options));
    series.observe(start, result.has_value());
    co_return result;
  }
  Task<Result<TxnResult>> txn(Txn txn) override {
    Series& series = series_of(operation_of(txn), key_of(txn));
    const MonotonicTime start = Executor::current()->now();
    Result<TxnResult> result = co_await inner_.txn(std::move(txn));
    series.observe(start, result.has_value());
    co_return result;
  }

  Task<Result<std::unique_ptr<Watcher>>> watch(std::string prefix, int64_t from_revision) override {
    return inner_.watch(std::move(prefix), from_revision);
  }
  int64_t current_revision() const override { return inner_.current_revision(); }
  Task<Result<int64_t>> read_revision() override { return inner_.read_revision(); }
  int64_t compacted_revision() const override { return inner_.compacted_revision(); }
  Task<Result<void>> compact(int64_t revision) override { return inner_.compact(revision); }
  Task<Result<void>> snapshot(std::string dir) override { return inner_.snapshot(std::move(dir)); }
  Task<void> close() override { return inner_.close(); }

 private:
  struct Series {
    Histogram* seconds = nullptr;
    Counter* requests = nullptr;
    Counter* errors = nullptr;

    void observe(MonotonicTime start, bool good) {
      seconds->observe(std::chrono::duration<double>(Executor::current()->now() - start).count());
      requests->add();
      if (!good) errors->add();
    }
  };

  Series& series_of(Operation operation, std::string_view key) {
    const std::pair<const ResourceLabels*, Operation> which(labels_of_(key), operation);
    {
      std::shared_lock lock(mutex_);
      auto it = series_.find(which);
      if (it != series_.end()) return it->second;
    }
    std::unique_lock lock(mutex_);
    Series& series = series_[which];
    const ResourceLabels labels = which.first ? *which.first : ResourceLabels();
    const std::vector<std::string> values = {labels.group, name_of(operation), labels.resource};
    series.seconds = &seconds_.with(values);
    series.requests = &requests_.with(values);
    series.errors = &errors_.with(values);
    return series;
  }

  Store& inner_;
  const LabelsOf labels_of_;
  MetricFamily<Histogram>& seconds_;
  MetricFamily<Counter>& requests_;
  MetricFamily<Counter>& errors_;
  std::shared_mutex mutex_;
  std::map<std::pair<const ResourceLabels*, Operation>, Series> series_;
};

}  // namespace

std::unique_ptr<Store> make_metered_store(Store& inner, Metrics& metrics, LabelsOf labels_of) {
  return std::make_unique<MeteredStore>(inner, metrics, std::move(labels_of));
}

}  // namespace xebec::storage
