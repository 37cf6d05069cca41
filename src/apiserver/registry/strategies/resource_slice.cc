// ResourceSlices: since when a device is tainted (k8s.io/kubernetes/pkg/apis/resource/v1/defaults.go).
#include <chrono>

#include "api/gen/resourcev1.h"
#include "apiserver/registry/strategies/strategies.h"
#include "base/clock.h"

namespace xebec::apiserver {
namespace {

class SliceStrategy final : public TableStrategy {
 public:
  SliceStrategy(const api::Resource& resource, const api::Message& hub, StrategyRules rules,
                const Clock* clock)
      : TableStrategy(resource, hub, std::move(rules)), clock_(clock) {}

  void prepare_for_create(const Context& context, api::Object& object) const override {
    date_taints(object);
    TableStrategy::prepare_for_create(context, object);
  }

  void prepare_for_update(const Context& context, std::string_view subresource, api::Object& object,
                          const api::Object& old) const override {
    date_taints(object);
    TableStrategy::prepare_for_update(context, subresource, object, old);
  }

 private:
  void date_taints(api::Object& object) const {
    const auto now = api::Time::from_unix(
        std::chrono::duration_cast<std::chrono::seconds>(clock_->now().time_since_epoch()).count());
    for (resourcev1::Device& device : object.get<resourcev1::ResourceSlice>().spec.devices)
      for (resourcev1::DeviceTaint& taint : device.taints)
        if (!taint.timeAdded) taint.timeAdded = now;
  }
  const Clock* const clock_;
};

}  // namespace

std::shared_ptr<const Strategy> make_slice_strategy(const api::Resource& resource, const api::Message& hub,
                                                    const Clock* clock) {
  StrategyRules rules;
  rules.generation = Generation::kSpec;
  rules.selectable = {{"spec.nodeName", "spec.nodeName"}, {"spec.driver", "spec.driver"}};
  return std::make_shared<SliceStrategy>(resource, hub, std::move(rules), clock);
}

}  // namespace xebec::apiserver
