#include "controllers/ttlafterfinished/controller.h"

#include "controllers/testing/harness.h"

namespace xebec::controllers {
namespace {

using std::chrono::seconds;

XEBEC_CONTROLLER_SUITE(TtlAfterFinishedControllerTest);

batchv1::Job job_of(std::string name, std::optional<int32_t> ttl, std::string condition) {
  batchv1::Job job;
  job.metadata.name = std::move(name);
  job.metadata.namespace_ = "default";
  job.spec.ttlSecondsAfterFinished = ttl;
  if (condition.empty()) return job;
  batchv1::JobCondition& finished = job.status.conditions.emplace_back();
  finished.type = std::move(condition);
  finished.status = "True";
  finished.lastTransitionTime = api::Time{1764460800};
  return job;
}

std::vector<std::string> jobs(client::testing::Sim& sim) {
  std::vector<std::string> out;
  for (const auto& job : sim.api->list<batchv1::Job>("default")) out.push_back(job.metadata.name);
  return out;
}

TEST_P(TtlAfterFinishedControllerTest, FinishedJobsGoWhenTheirTimeIsOver) {
  testing::Harness<TtlAfterFinishedController> h(GetParam());
  h.sim.api->put(job_of("done", 100, "Complete"));
  h.sim.api->put(job_of("failed", 200, "Failed"));
  h.sim.api->put(job_of("kept", std::nullopt, "Complete"));
  h.sim.api->put(job_of("running", 0, ""));
  h.sim.run_for(seconds(80));
  EXPECT_EQ(jobs(h.sim), (std::vector<std::string>{"done", "failed", "kept", "running"}));
  h.sim.run_for(seconds(40));
  EXPECT_EQ(jobs(h.sim), (std::vector<std::string>{"failed", "kept", "running"}));
  // More time is granted in time.
  h.sim.api->put(job_of("failed", 400, "Failed"));
  h.sim.run_for(seconds(200));
  EXPECT_EQ(jobs(h.sim), (std::vector<std::string>{"failed", "kept", "running"}));
  h.sim.run_for(seconds(100));
  EXPECT_EQ(jobs(h.sim), (std::vector<std::string>{"kept", "running"}));
}

}  // namespace
}  // namespace xebec::controllers
