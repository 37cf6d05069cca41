#include "apiserver/allocators/allocator_metrics.h"

#include <chrono>

namespace xebec::apiserver {
namespace {

// prometheus.DefBuckets.
constexpr double kSeconds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

std::string label(TakeScope scope) { return scope == TakeScope::kStatic ? "static" : "dynamic"; }

}  // namespace

AllocatorMetrics::AllocatorMetrics(Metrics& metrics)
    : addresses_used_(metrics.gauge("kube_apiserver_clusterip_allocator_allocated_ips",
                                    "[ALPHA] Gauge measuring the number of allocated IPs for Services",
                                    {"cidr"})),
      addresses_free_(metrics.gauge("kube_apiserver_clusterip_allocator_available_ips",
                                    "[ALPHA] Gauge measuring the number of available IPs for Services",
                                    {"cidr"})),
      addresses_taken_(metrics.counter("kube_apiserver_clusterip_allocator_allocation_total",
                                       "[ALPHA] Number of Cluster IPs allocations", {"cidr", "scope"})),
      addresses_refused_(metrics.counter("kube_apiserver_clusterip_allocator_allocation_errors_total",
                                         "[ALPHA] Number of errors trying to allocate Cluster IPs",
                                         {"cidr", "scope"})),
      address_seconds_(metrics.histogram(
          "kube_apiserver_clusterip_allocator_allocation_duration_seconds",
          "[ALPHA] Duration in seconds to allocate a Cluster IP by ServiceCIDR", kSeconds, {"cidr"})),
      ports_used_(metrics
                      .gauge("kube_apiserver_nodeport_allocator_allocated_ports",
                             "[ALPHA] Gauge measuring the number of allocated NodePorts for Services")
                      .with({})),
      ports_free_(metrics
                      .gauge("kube_apiserver_nodeport_allocator_available_ports",
                             "[ALPHA] Gauge measuring the number of available NodePorts for Services")
                      .with({})),
      ports_taken_(metrics.counter("kube_apiserver_nodeport_allocator_allocation_total",
                                   "[ALPHA] Number of NodePort allocations", {"scope"})),
      ports_refused_(metrics.counter("kube_apiserver_nodeport_allocator_allocation_errors_total",
                                     "[ALPHA] Number of errors trying to allocate NodePort", {"scope"})),
      address_errors_(metrics.counter(
          "apiserver_clusterip_repair_ip_errors_total",
          "[ALPHA] Number of errors detected on clusterips by the repair loop broken down by type of error: "
          "leak, repair, full, outOfRange, duplicate, unknown, invalid",
          {"type"})),
      port_errors_(metrics.counter(
          "apiserver_nodeport_repair_port_errors_total",
          "[ALPHA] Number of errors detected on ports by the repair loop broken down by type of error: leak, "
          "repair, full, outOfRange, duplicate, unknown",
          {"type"})),
      address_repairs_failed_(
          metrics
              .counter("apiserver_clusterip_repair_reconcile_errors_total",
                       "[ALPHA] Number of reconciliation failures on the clusterip repair reconcile loop")
              .with({})),
      port_repairs_failed_(
          metrics
              .counter("apiserver_nodeport_repair_reconcile_errors_total",
                       "[ALPHA] Number of reconciliation failures on the nodeport repair reconcile loop")
              .with({})) {}

void AllocatorMetrics::took_address(const std::string& cidr, TakeScope scope, Duration taken) {
  addresses_taken_.with({cidr, label(scope)}).add();
  address_seconds_.with({cidr}).observe(std::chrono::duration<double>(taken).count());
}
void AllocatorMetrics::refused_address(const std::string& cidr, TakeScope scope) {
  addresses_refused_.with({cidr, label(scope)}).add();
}
void AllocatorMetrics::addresses(const std::string& cidr, double used, double free) {
  addresses_used_.with({cidr}).set(used);
  addresses_free_.with({cidr}).set(free);
}
void AllocatorMetrics::took_port(TakeScope scope) { ports_taken_.with({label(scope)}).add(); }
void AllocatorMetrics::refused_port(TakeScope scope) { ports_refused_.with({label(scope)}).add(); }
void AllocatorMetrics::ports(double used, double free) {
  ports_used_.set(used);
  ports_free_.set(free);
}
void AllocatorMetrics::found_address(const std::string& kind) { address_errors_.with({kind}).add(); }
void AllocatorMetrics::found_port(const std::string& kind) { port_errors_.with({kind}).add(); }
void AllocatorMetrics::address_repair_failed() { address_repairs_failed_.add(); }
void AllocatorMetrics::port_repair_failed() { port_repairs_failed_.add(); }

}  // namespace xebec::apiserver
