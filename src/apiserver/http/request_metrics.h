// Metrics of requests, under upstream's names and labels (k8s.io/apiserver/pkg/endpoints/metrics).
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>

#include "apiserver/http/stage.h"
#include "base/metrics.h"

namespace xebec::apiserver {

// The series of one kind of request, found by one look-up. Thread-safe.
struct RequestSeries {
  // apiserver_request_total for the status code.
  Counter& total(int code);

  Histogram* duration = nullptr;
  Histogram* sli_duration = nullptr;   // nullptr for what runs long
  Histogram* response_size = nullptr;  // of reads only
  Gauge* long_running = nullptr;       // of what runs long only
  Counter* watch_events = nullptr;     // of watches only
  Histogram* watch_event_sizes = nullptr;

 private:
  friend class RequestMetrics;
  std::vector<std::string> labels;  // those of the total; the code is the first
  MetricFamily<Counter>* totals = nullptr;
  std::shared_mutex mutex;
  std::map<int, Counter*> by_code;
};

class RequestMetrics {
 public:
  // `metrics` outlives this.
  explicit RequestMetrics(Metrics& metrics);

  // Of a request that has been looked up: what an unknown path says is the client's invention, and makes no
  // series of its own.
  RequestSeries& of(const Exchange& exchange);
  // A request that was ended to protect the server.
  void terminated(const Exchange& exchange, int code);
  void dropped(bool mutating);
  void deprecated(const Exchange& exchange, std::string_view removed_in);
  // How many are worked on: the most since the last reading of the metrics.
  void in_flight(bool mutating, int count);

 private:
  struct Peak {
    std::atomic<int> now = 0, most = 0;
  };

  MetricFamily<Counter>& total_;
  MetricFamily<Histogram>& duration_;
  MetricFamily<Histogram>& sli_duration_;
  MetricFamily<Histogram>& response_sizes_;
  MetricFamily<Gauge>& long_running_;
  MetricFamily<Counter>& terminations_;
  MetricFamily<Counter>& dropped_;
  MetricFamily<Gauge>& deprecated_;
  MetricFamily<Counter>& watch_events_;
  MetricFamily<Histogram>& watch_event_sizes_;
  const std::shared_ptr<Peak> reads_ = std::make_shared<Peak>(), writes_ = std::make_shared<Peak>();
  std::shared_mutex mutex_;
  std::map<std::string, std::unique_ptr<RequestSeries>> series_;
};

// GET, LIST, WATCH, CONNECT, POST, PUT, PATCH, APPLY, DELETE or other.
std::string verb_label(const Exchange& exchange);

}  // namespace xebec::apiserver
