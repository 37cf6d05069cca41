// Deletes finished Jobs when their spec.ttlSecondsAfterFinished is over
// (k8s.io/kubernetes/pkg/controller/ttlafterfinished).
#pragma once

#include "api/gen/batchv1.h"
#include "client/workqueue.h"
#include "controllers/controller.h"

namespace xebec::controllers {

class TtlAfterFinishedController final : public Controller {
 public:
  explicit TtlAfterFinishedController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  Task<Result<void>> sync(std::string key);

  client::Env env_;
  client::Rest rest_;
  client::Informer<batchv1::Job>& jobs_;
  client::WorkQueue<> queue_;
};

}  // namespace xebec::controllers
