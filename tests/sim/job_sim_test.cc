// Jobs on hollow nodes, whose containers end by themselves.
#include <gtest/gtest.h>

#include "api/gen/batchv1.h"
#include "kubelet/cri/fake_runtime.h"
#include "sim/workloads.h"

namespace xebec::sim {
namespace {

batchv1::Job make_job(int32_t completions, int32_t parallelism, int exit_code) {
  batchv1::Job job;
  job.metadata.name = "work";
  job.metadata.namespace_ = "default";
  job.spec.completions = completions;
  job.spec.parallelism = parallelism;
  job.spec.completionMode = "Indexed";
  auto& annotations = job.spec.template_.metadata.annotations;
  annotations[cri::kFakeRunForMs] = "4000";
  annotations[cri::kFakeExitCode] = std::to_string(exit_code);
  job.spec.template_.spec.restartPolicy = "Never";
  corev1::Container& container = job.spec.template_.spec.containers.emplace_back();
  container.name = "main";
  container.image = "busybox";
  return job;
}

std::optional<batchv1::Job> job_of(Cluster& cluster) {
  auto found = cluster.await(cluster.rest().get<batchv1::Job>(Context(), "default", "work"));
  return found ? std::optional<batchv1::Job>(std::move(*found)) : std::nullopt;
}

bool ends_with(Cluster& cluster, std::string_view type, int seconds) {
  for (int i = 0; i < seconds; ++i) {
    if (auto job = job_of(cluster)) {
      for (const auto& condition : job->status.conditions) {
        if (condition.type == type && condition.status == "True") return true;
      }
    }
    cluster.run_for(std::chrono::seconds(1));
  }
  return false;
}

uint64_t a_job_completes(uint64_t seed, bool faults) {
  Cluster cluster(ClusterOptions{.seed = seed, .nodes = 2});
  cluster.run_for(std::chrono::seconds(10));
  batchv1::Job job = make_job(6, 2, 0);
  job.spec.ttlSecondsAfterFinished = 600;
  EXPECT_TRUE(cluster.await(cluster.rest().create(Context(), job)));
  if (faults) {
    storage::FaultRates rates;
    rates.error = 0.02;
    rates.unknown_outcome = 0.05;
    rates.watch_break = 0.01;
    cluster.set_faults(rates);
  }
  EXPECT_TRUE(ends_with(cluster, "Complete", 600)) << state_of(cluster);
  cluster.set_faults(storage::FaultRates());
  auto done = job_of(cluster);
  EXPECT_TRUE(done);
  if (!done) return 0;
  EXPECT_EQ(done->status.succeeded, 6);
  EXPECT_EQ(done->status.failed, 0) << state_of(cluster);
  EXPECT_EQ(done->status.completedIndexes, "0-5");
  for (const corev1::Pod& pod : pods_of(cluster)) EXPECT_TRUE(pod.metadata.finalizers.empty());
  // With the time after its end over it goes, and its Pods before it.
  cluster.run_for(std::chrono::minutes(13));
  EXPECT_FALSE(job_of(cluster).has_value());
  EXPECT_TRUE(pods_of(cluster).empty()) << state_of(cluster);
  return cluster.event_hash();
}

TEST(SimulatedJob, CompletesAndGoes) { EXPECT_EQ(a_job_completes(71, false), a_job_completes(71, false)); }

TEST(SimulatedJob, CountsEveryPodOnceOverAFailingStore) { a_job_completes(72, true); }

TEST(SimulatedJob, FailsWhenItsPodsDo) {
  Cluster cluster(ClusterOptions{.seed = 73, .nodes = 1});
  cluster.run_for(std::chrono::seconds(10));
  batchv1::Job job = make_job(1, 1, 3);
  job.spec.backoffLimit = 1;
  ASSERT_TRUE(cluster.await(cluster.rest().create(Context(), job)));
  ASSERT_TRUE(ends_with(cluster, "Failed", 300)) << state_of(cluster);
  EXPECT_EQ(job_of(cluster)->status.failed, 2);
  EXPECT_EQ(pods_of(cluster).size(), 2u);
}

}  // namespace
}  // namespace xebec::sim
