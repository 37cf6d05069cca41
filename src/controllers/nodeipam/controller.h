// Gives every node its part of the Pod network: spec.podCIDR, a /24 of the cluster's range
// (k8s.io/kubernetes/pkg/controller/nodeipam).
#pragma once

#include <map>
#include <string>

#include "api/gen/corev1.h"
#include "client/workqueue.h"
#include "controllers/controller.h"

namespace xebec::controllers {

// The /24 blocks of an IPv4 range and which of them are taken. Pure; used by the controller and its tests.
class CidrPool {
 public:
  static Result<CidrPool> of(const std::string& cluster_cidr);
  // The lowest free block; an error when none is left.
  Result<std::string> take();
  // Marks a block that a node already has; ignores ranges that are no block of the pool.
  void occupy(const std::string& cidr);
  void release(const std::string& cidr);

 private:
  CidrPool(uint32_t base, uint32_t blocks) : base_(base), blocks_(blocks) {}
  std::optional<uint32_t> index_of(const std::string& cidr) const;

  uint32_t base_;    // first address, host byte order
  uint32_t blocks_;  // how many /24s
  std::set<uint32_t> taken_;
};

class NodeIpamController final : public Controller {
 public:
  explicit NodeIpamController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  Task<Result<void>> sync(std::string name);

  client::Env env_;
  client::Rest rest_;
  client::Informer<corev1::Node>& nodes_;
  client::WorkQueue<> queue_;
  std::optional<CidrPool> pool_;
  client::EventRecorder recorder_;
};

}  // namespace xebec::controllers
