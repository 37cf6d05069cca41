// DeviceTaintRules: since when devices are tainted (k8s.io/kubernetes/pkg/apis/resource/*/defaults.go).
#include <chrono>

#include "api/gen/resourcev1alpha3.h"
#include "apiserver/registry/strategies/strategies.h"
#include "base/clock.h"

namespace xebec::apiserver {
namespace {

class TaintRuleStrategy final : public TableStrategy {
 public:
  TaintRuleStrategy(const api::Resource& resource, const api::Message& hub, StrategyRules rules,
                    const Clock* clock)
      : TableStrategy(resource, hub, std::move(rules)), clock_(clock) {}

  void prepare_for_create(const Context& context, api::Object& object) const override {
    date_taint(object);
    TableStrategy::prepare_for_create(context, object);
  }

  void prepare_for_update(const Context& context, std::string_view subresource, api::Object& object,
                          const api::Object& old) const override {
    date_taint(object);
    TableStrategy::prepare_for_update(context, subresource, object, old);
  }

 private:
  void date_taint(api::Object& object) const {
    std::optional<api::Time>& since = object.get<resourcev1alpha3::DeviceTaintRule>().spec.taint.timeAdded;
    if (since) return;
    since = api::Time::from_unix(
        std::chrono::duration_cast<std::chrono::seconds>(clock_->now().time_since_epoch()).count());
  }
  const Clock* const clock_;
};

}  // namespace

std::shared_ptr<const Strategy> make_taint_rule_strategy(const api::Resource& resource,
                                                         const api::Message& hub, const Clock* clock) {
  StrategyRules rules;
  rules.generation = Generation::kSpec;
  rules.status_meta = StatusMeta::kKeepAll;
  return std::make_shared<TaintRuleStrategy>(resource, hub, std::move(rules), clock);
}

}  // namespace xebec::apiserver
