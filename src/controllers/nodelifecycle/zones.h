// Zones of nodes: how many of a zone's nodes are down decides how fast Pods are evicted from them, so that a
// broken network does not empty half a cluster (k8s.io/kubernetes pkg/controller/nodelifecycle and its
// scheduler/rate_limited_queue.go).
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>

#include "api/gen/corev1.h"
#include "base/executor.h"

namespace xebec::controllers {

enum class ZoneState { kInitial, kNormal, kPartialDisruption, kFullDisruption };

// `threshold`: the part of nodes that must be down for a partial disruption; three at least.
ZoneState zone_state(int ready, int not_ready, double threshold);

// "REGION:ZONE" of the node's labels; empty when it has neither.
std::string zone_of(const corev1::Node& node);

// Nodes to be tainted, first come first served, at a bounded rate; one at once, then one every 1/rate
// seconds. A node that has been taken stays known until remove(), so that it is not taken twice.
class ZoneQueue {
 public:
  explicit ZoneQueue(double rate) : rate_(rate) {}

  // False when it is known already.
  bool add(const std::string& node);
  // False when it was not known.
  bool remove(const std::string& node);
  // Nodes a second; 0: none. A turn that has been used up is not given again by a change of the rate.
  void set_rate(double rate, MonotonicTime now);
  // The next node if it may be taken now.
  std::optional<std::string> take(MonotonicTime now);
  // The taken node is to be taken again.
  void put_back(std::string node);
  // When take() will have one; nothing when it will not.
  std::optional<MonotonicTime> next() const;

 private:
  double rate_;
  MonotonicTime allowed_{};  // when the next one may be taken
  std::deque<std::string> waiting_;
  std::set<std::string> known_;
};

}  // namespace xebec::controllers
