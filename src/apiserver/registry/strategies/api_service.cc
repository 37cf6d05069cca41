// APIServices: what the server serves itself is available at once (k8s.io/kube-aggregator
// pkg/registry/apiservice).
#include <chrono>

#include "api/gen/apiregistrationv1.h"
#include "api/names.h"
#include "apiserver/registry/strategies/strategies.h"
#include "base/clock.h"

namespace xebec::apiserver {
namespace {

class ApiServiceStrategy final : public TableStrategy {
 public:
  ApiServiceStrategy(const api::Resource& resource, const api::Message& hub, StrategyRules rules,
                     const Clock* clock)
      : TableStrategy(resource, hub, std::move(rules)), clock_(clock) {}

  void prepare_for_create(const Context& context, api::Object& object) const override {
    TableStrategy::prepare_for_create(context, object);
    auto& service = object.get<apiregistrationv1::APIService>();
    if (service.spec.service) return;
    auto& condition = service.status.conditions.emplace_back();
    condition.type = "Available";
    condition.status = "True";
    condition.reason = "Local";
    condition.message = "Local APIServices are always available";
    condition.lastTransitionTime = api::Time::from_unix(
        std::chrono::duration_cast<std::chrono::seconds>(clock_->now().time_since_epoch()).count());
  }

 private:
  const Clock* const clock_;
};

}  // namespace

std::shared_ptr<const Strategy> make_api_service_strategy(const api::Resource& resource,
                                                          const api::Message& hub, const Clock* clock) {
  StrategyRules rules;
  rules.unconditional_update = false;
  rules.status_meta = StatusMeta::kKeepAll;
  rules.name_rule = api::name_is_path_segment;
  return std::make_shared<ApiServiceStrategy>(resource, hub, std::move(rules), clock);
}

}  // namespace xebec::apiserver
