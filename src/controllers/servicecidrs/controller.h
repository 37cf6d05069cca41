// ServiceCIDRs: says that they are ready, and keeps those that are being deleted for as long as Services have
// addresses of them that no other range has (KEP-1880; k8s.io/kubernetes/pkg/controller/servicecidrs).
#pragma once

#include "api/gen/networkingv1.h"
#include "client/workqueue.h"
#include "controllers/controller.h"

namespace xebec::controllers {

class ServiceCidrController final : public Controller {
 public:
  explicit ServiceCidrController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  using Cidr = networkingv1::ServiceCIDR;
  using CidrPtr = std::shared_ptr<const Cidr>;

  void enqueue_overlapping(const Cidr& cidr);
  void enqueue_containing(const networkingv1::IPAddress& address);
  Task<Result<void>> sync(std::string key);
  Task<Result<void>> sync_deleted(std::string key, CidrPtr cidr);
  // Nothing would be left without a range.
  bool may_go(const Cidr& cidr) const;
  bool has_parents(const Cidr& cidr) const;
  Task<Result<void>> set_ready(CidrPtr cidr, bool ready);
  Task<Result<void>> patch_finalizer(CidrPtr cidr, bool present);

  client::Env env_;
  client::Rest rest_;
  client::Informer<Cidr>& cidrs_;
  client::Informer<networkingv1::IPAddress>& addresses_;
  client::WorkQueue<> queue_;
  client::EventRecorder recorder_;
};

}  // namespace xebec::controllers
