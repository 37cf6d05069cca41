// Jobs and CronJobs: the selector that only a Job's own Pods match, and what is warned about
// (k8s.io/kubernetes pkg/registry/batch).
#include "api/gen/batchv1.h"
#include "apiserver/registry/strategies/pod_fields.h"
#include "apiserver/registry/strategies/pod_warnings.h"
#include "apiserver/registry/strategies/strategies.h"

namespace xebec::apiserver {
namespace {

void set_if_absent(api::FlatMap<std::string>& labels, std::string_view key, const std::string& value) {
  if (!labels.contains(key)) labels[std::string(key)] = value;
}

void generate_selector(batchv1::Job& job) {
  auto& labels = job.spec.template_.metadata.labels;
  set_if_absent(labels, "batch.kubernetes.io/job-name", job.metadata.name);
  set_if_absent(labels, "job-name", job.metadata.name);
  set_if_absent(labels, "batch.kubernetes.io/controller-uid", job.metadata.uid);
  set_if_absent(labels, "controller-uid", job.metadata.uid);
  set_if_absent(job.spec.selector.ensure().matchLabels, "batch.kubernetes.io/controller-uid",
                job.metadata.uid);
}

Warnings warnings_for_job(const field::Path& path, const batchv1::JobSpec& spec) {
  Warnings warnings;
  if (spec.completionMode == "Indexed" && spec.completions.value_or(0) > 100'000 &&
      spec.parallelism.value_or(0) > 10'000) {
    warnings.push_back(path.text() +
                       ": In Indexed Jobs with a number of completions higher than 10^5 and a parallelism "
                       "higher than 10^4, Kubernetes might not be able to track completedIndexes when a big "
                       "number of indexes fail");
  }
  for (std::string& warning : warnings_for_template(path.child("template"), spec.template_))
    warnings.push_back(std::move(warning));
  return warnings;
}

Warnings warnings_for_new(const api::Object& object, const field::Path& path, const batchv1::JobSpec& spec) {
  Warnings warnings;
  warn_of_name(warnings, object.meta()->name, "Pod names and hostnames");
  for (std::string& warning : warnings_for_job(path, spec)) warnings.push_back(std::move(warning));
  return warnings;
}

bool is_changed(const api::Object& object, const api::Object& old) {
  return object.meta()->generation != old.meta()->generation;
}

class JobStrategy final : public TableStrategy {
 public:
  using TableStrategy::TableStrategy;

  void prepare_for_create(const Context& context, api::Object& object) const override {
    TableStrategy::prepare_for_create(context, object);
    auto& job = object.get<batchv1::Job>();
    drop_disabled_fields(job.spec.template_.spec);
    if (!job.spec.manualSelector.value_or(false)) generate_selector(job);
  }
  void prepare_for_update(const Context& context, std::string_view subresource, api::Object& object,
                          const api::Object& old) const override {
    drop_disabled_fields(object.get<batchv1::Job>().spec.template_.spec);
    TableStrategy::prepare_for_update(context, subresource, object, old);
  }

  std::vector<std::string> warnings_on_create(const api::Object& object) const override {
    return warnings_for_new(object, field::Path("spec"), object.get<batchv1::Job>().spec);
  }
  std::vector<std::string> warnings_on_update(const api::Object& object,
                                              const api::Object& old) const override {
    if (!is_changed(object, old)) return {};
    return warnings_for_job(field::Path("spec"), object.get<batchv1::Job>().spec);
  }

  // batch/v1 has always left the Pods; kubectl asks for more.
  Propagation default_propagation(std::string_view, std::string_view version) const override {
    return version == "v1" ? Propagation::kOrphan : Propagation::kBackground;
  }
};

class CronJobStrategy final : public TableStrategy {
 public:
  using TableStrategy::TableStrategy;

  void prepare_for_create(const Context& context, api::Object& object) const override {
    drop_disabled_fields(template_of(object));
    TableStrategy::prepare_for_create(context, object);
  }
  void prepare_for_update(const Context& context, std::string_view subresource, api::Object& object,
                          const api::Object& old) const override {
    drop_disabled_fields(template_of(object));
    TableStrategy::prepare_for_update(context, subresource, object, old);
  }

  std::vector<std::string> warnings_on_create(const api::Object& object) const override {
    return warnings_for_new(object, job_path_, object.get<batchv1::CronJob>().spec.jobTemplate.spec);
  }
  std::vector<std::string> warnings_on_update(const api::Object& object,
                                              const api::Object& old) const override {
    const auto& spec = object.get<batchv1::CronJob>().spec;
    Warnings warnings;
    if (is_changed(object, old)) warnings = warnings_for_job(job_path_, spec.jobTemplate.spec);
    if (spec.schedule.find("TZ") != std::string::npos) {
      warnings.emplace_back(
          "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see "
          "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details");
    }
    return warnings;
  }

  Propagation default_propagation(std::string_view, std::string_view version) const override {
    return version == "v1beta1" || version == "v2alpha1" ? Propagation::kOrphan : Propagation::kBackground;
  }

 private:
  static corev1::PodSpec& template_of(api::Object& object) {
    return object.get<batchv1::CronJob>().spec.jobTemplate.spec.template_.spec;
  }
  const field::Path job_path_{"spec.jobTemplate.spec"};
};

}  // namespace

std::shared_ptr<const Strategy> make_job_strategy(const api::Resource& resource, const api::Message& hub) {
  StrategyRules rules;
  rules.generation = Generation::kSpec;
  rules.selectable = {{"status.successful", "status.succeeded"}};
  return std::make_shared<JobStrategy>(resource, hub, std::move(rules));
}

std::shared_ptr<const Strategy> make_cron_job_strategy(const api::Resource& resource,
                                                       const api::Message& hub) {
  StrategyRules rules;
  rules.generation = Generation::kSpec;
  return std::make_shared<CronJobStrategy>(resource, hub, std::move(rules));
}

}  // namespace xebec::apiserver
