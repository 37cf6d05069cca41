// Metrics in Prometheus' text format (version 0.0.4): counters, gauges and histograms, by label values.
// A registry is passed to whatever counts; there is no global one. Everything is thread-safe; a series, once
// made, lives as long as its registry, so callers may keep references.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xebec {

class Counter {
 public:
  void add(double amount = 1);
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double amount);
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

class Histogram {
 public:
  // `bounds` are ascending upper bounds; they outlive the histogram.
  explicit Histogram(std::span<const double> bounds);
  void observe(double value);
  std::span<const double> bounds() const { return bounds_; }
  // Observations at or below bounds()[i]; the last one, at bounds().size(), is the number of all.
  std::vector<uint64_t> cumulative() const;
  double sum() const { return sum_.value(); }

 private:
  std::span<const double> bounds_;
  std::unique_ptr<std::atomic<uint64_t>[]> buckets_;
  Counter sum_;
};

// The series of one name. Label values are given in the order of the label names.
template <class T>
class MetricFamily {
 public:
  MetricFamily(std::vector<std::string> labels, std::function<std::unique_ptr<T>()> make)
      : labels_(std::move(labels)), make_(std::move(make)) {}

  T& with(const std::vector<std::string>& values) {
    {
      std::shared_lock lock(mutex_);
      auto it = series_.find(values);
      if (it != series_.end()) return *it->second;
    }
    std::unique_lock lock(mutex_);
    std::unique_ptr<T>& series = series_[values];
    if (!series) series = make_();
    return *series;
  }

  const std::vector<std::string>& labels() const { return labels_; }
  template <class F>
  void each(F&& f) const {
    std::shared_lock lock(mutex_);
    for (const auto& [values, series] : series_) f(values, *series);
  }

 private:
  const std::vector<std::string> labels_;
  const std::function<std::unique_ptr<T>()> make_;
  mutable std::shared_mutex mutex_;
  std::map<std::vector<std::string>, std::unique_ptr<T>> series_;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();

  // A name is registered once; asking again for the same name and type gives the same family.
  MetricFamily<Counter>& counter(std::string_view name, std::string_view help,
                                 std::vector<std::string> labels = {});
  MetricFamily<Gauge>& gauge(std::string_view name, std::string_view help,
                             std::vector<std::string> labels = {});
  MetricFamily<Histogram>& histogram(std::string_view name, std::string_view help,
                                     std::span<const double> bounds, std::vector<std::string> labels = {});
  // Called before every exposition, to bring gauges up to date.
  void before_exposition(std::function<void()> callback);

  // The whole registry as text.
  std::string text() const;

 private:
  struct Family;
  Family& family(std::string_view name, std::string_view help, std::string_view type);

  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Family>, std::less<>> families_;
  std::vector<std::function<void()>> callbacks_;
};

// process_cpu_seconds_total, process_resident_memory_bytes, process_open_fds, ..., from /proc/self.
void register_process_metrics(Metrics& metrics);

}  // namespace xebec
