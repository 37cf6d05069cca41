// Jobs: the selector that only their own Pods match (k8s.io/kubernetes pkg/registry/batch/job).
#include "api/gen/batchv1.h"
#include "apiserver/registry/strategies/strategies.h"

namespace xebec::apiserver {
namespace {

void set_if_absent(api::FlatMap<std::string>& labels, std::string_view key, const std::string& value) {
  if (!labels.contains(key)) labels[std::string(key)] = value;
}

class JobStrategy final : public TableStrategy {
 public:
  using TableStrategy::TableStrategy;

  void prepare_for_create(const Context& context, api::Object& object) const override {
    TableStrategy::prepare_for_create(context, object);
    auto& job = object.get<batchv1::Job>();
    if (job.spec.manualSelector.value_or(false)) return;
    auto& labels = job.spec.template_.metadata.labels;
    set_if_absent(labels, "batch.kubernetes.io/job-name", job.metadata.name);
    set_if_absent(labels, "job-name", job.metadata.name);
    set_if_absent(labels, "batch.kubernetes.io/controller-uid", job.metadata.uid);
    set_if_absent(labels, "controller-uid", job.metadata.uid);
    set_if_absent(job.spec.selector.ensure().matchLabels, "batch.kubernetes.io/controller-uid",
                  job.metadata.uid);
  }

  // batch/v1 has always left the Pods; kubectl asks for more.
  Propagation default_propagation(std::string_view, std::string_view version) const override {
    return version == "v1" ? Propagation::kOrphan : Propagation::kBackground;
  }
};

}  // namespace

std::shared_ptr<const Strategy> make_job_strategy(const api::Resource& resource, const api::Message& hub) {
  StrategyRules rules;
  rules.generation = Generation::kSpec;
  rules.selectable = {{"status.successful", "status.succeeded"}};
  return std::make_shared<JobStrategy>(resource, hub, std::move(rules));
}

}  // namespace xebec::apiserver
