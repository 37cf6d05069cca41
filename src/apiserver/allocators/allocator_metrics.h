// Metrics of what Services take from the cluster's pools, and of the repair of these, under upstream's names
// (k8s.io/kubernetes pkg/registry/core/service ipallocator and portallocator, and their controllers).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/metrics.h"

namespace xebec::apiserver {

// Whether somebody asked for what was taken.
enum class TakeScope { kStatic, kDynamic };

class AllocatorMetrics {
 public:
  explicit AllocatorMetrics(Metrics& metrics);

  void took_address(const std::string& cidr, TakeScope scope, Duration taken);
  void refused_address(const std::string& cidr, TakeScope scope);
  void addresses(const std::string& cidr, double used, double free);
  void took_port(TakeScope scope);
  void refused_port(TakeScope scope);
  void ports(double used, double free);
  // What a repair found: leak, repair, full, outOfRange, duplicate, unknown, invalid.
  void found_address(const std::string& kind);
  void found_port(const std::string& kind);
  void address_repair_failed();
  void port_repair_failed();

 private:
  MetricFamily<Gauge>&addresses_used_, &addresses_free_;
  MetricFamily<Counter>&addresses_taken_, &addresses_refused_;
  MetricFamily<Histogram>& address_seconds_;
  Gauge &ports_used_, &ports_free_;
  MetricFamily<Counter>&ports_taken_, &ports_refused_;
  MetricFamily<Counter>&address_errors_, &port_errors_;
  Counter &address_repairs_failed_, &port_repairs_failed_;
};

}  // namespace xebec::apiserver
