// Who would have to leave for whom.
#include "scheduler/preemption.h"

#include <gtest/gtest.h>

#include "scheduler/test_objects.h"

namespace xebec::scheduler {
namespace {

using testing::make_node;
using testing::make_pod;

PodInfoPtr with_priority(std::string name, std::string cpu, int32_t priority, std::string node = "") {
  corev1::Pod pod = *make_pod(std::move(name), std::move(cpu), std::move(node));
  pod.spec.priority = priority;
  pod.metadata.labels["app"] = "x";
  pod.status.startTime = api::Time::from_unix(1764460800);
  return std::make_shared<const PodInfo>(std::make_shared<const corev1::Pod>(std::move(pod)));
}

class PreemptionTest : public ::testing::Test {
 protected:
  NodeInfo& node(std::string name, std::string cpu) {
    NodeInfo& info = nodes_[name];
    info.set_node(make_node(name, cpu));
    return info;
  }
  Preemption plan(const PodInfo& pod) {
    NodeInfos all;
    for (const auto& [name, info] : nodes_) all.push_back(&info);
    Diagnosis diagnosis(all.size());
    CycleState state;
    for (const NodeInfo* info : all) {
      auto filtered = profile_.run_filters(state, pod, *info);
      EXPECT_TRUE(filtered.rejection.rejected());
      diagnosis.add(info->node->metadata.name, filtered.rejection, filtered.plugin);
    }
    PreemptionInputs in{profile_, all, diagnosis, nominations_, budgets_};
    return plan_preemption(in, state, pod);
  }
  std::vector<std::string> names(const Preemption& preemption) {
    std::vector<std::string> out;
    for (const PodInfoPtr& victim : preemption.victims) out.push_back(victim->uid());
    return out;
  }

  Profile profile_ = default_profile();
  std::map<std::string, NodeInfo> nodes_;
  Nominations nominations_;
  std::vector<std::shared_ptr<const policyv1::PodDisruptionBudget>> budgets_;
};

TEST_F(PreemptionTest, WithoutLesserPodsThereIsNobodyToPreempt) {
  node("n", "1").add_pod(with_priority("there", "1", 10, "n"));
  Preemption plan = this->plan(*with_priority("p", "500m", 10));
  EXPECT_TRUE(plan.node.empty());
  EXPECT_EQ(plan.message, "0/1 nodes are available: 1 No preemption victims found for incoming pod.");
}

TEST_F(PreemptionTest, ANodeThatIsTooSmallIsNotHelped) {
  node("n", "1").add_pod(with_priority("there", "1", 0, "n"));
  EXPECT_EQ(plan(*with_priority("p", "3", 10)).message,
            "0/1 nodes are available: 1 Preemption is not helpful for scheduling.");
}

TEST_F(PreemptionTest, OnlyAsManyLeaveAsMustAndTheLeastImportantFirst) {
  NodeInfo& n = node("n", "1");
  n.add_pod(with_priority("low", "500m", 1, "n"));
  n.add_pod(with_priority("lower", "500m", 0, "n"));
  Preemption plan = this->plan(*with_priority("p", "500m", 10));
  EXPECT_EQ(plan.node, "n");
  EXPECT_EQ(names(plan), std::vector<std::string>{"lower"});
  EXPECT_EQ(names(this->plan(*with_priority("p", "1", 10))), (std::vector<std::string>{"low", "lower"}));
}

TEST_F(PreemptionTest, TheNodeWithTheLeastImportantVictimIsChosen) {
  node("a", "1").add_pod(with_priority("high", "1", 5, "a"));
  node("b", "1").add_pod(with_priority("low", "1", 1, "b"));
  EXPECT_EQ(plan(*with_priority("p", "1", 10)).node, "b");
}

TEST_F(PreemptionTest, ABudgetIsSparedWhereThereIsAnotherWay) {
  node("a", "1").add_pod(with_priority("guarded", "1", 0, "a"));
  PodInfoPtr other = with_priority("other", "1", 5, "b");
  corev1::Pod unlabelled = *other->pod;
  unlabelled.metadata.labels["app"] = "y";
  node("b", "1").add_pod(std::make_shared<const PodInfo>(std::make_shared<const corev1::Pod>(unlabelled)));
  auto budget = std::make_shared<policyv1::PodDisruptionBudget>();
  budget->metadata.namespace_ = "default";
  budget->spec.selector.emplace().matchLabels["app"] = "x";
  budget->status.disruptionsAllowed = 0;
  budgets_.push_back(budget);
  EXPECT_EQ(plan(*with_priority("p", "1", 10)).node, "b");
}

TEST_F(PreemptionTest, APodThatMustNotPreemptDoesNot) {
  node("n", "1").add_pod(with_priority("low", "1", 0, "n"));
  corev1::Pod polite = *with_priority("p", "1", 10)->pod;
  polite.spec.preemptionPolicy = "Never";
  Preemption plan = this->plan(PodInfo(std::make_shared<const corev1::Pod>(polite)));
  EXPECT_TRUE(plan.node.empty());
  EXPECT_EQ(plan.message, "not eligible due to preemptionPolicy=Never.");
}

TEST_F(PreemptionTest, WhoWaitsForVictimsToGoDoesNotPreemptAgain) {
  corev1::Pod leaving = *with_priority("low", "1", 0, "n")->pod;
  leaving.metadata.deletionTimestamp = api::Time::from_unix(1764460900);
  corev1::PodCondition& condition = leaving.status.conditions.emplace_back();
  condition.type = "DisruptionTarget";
  condition.status = "True";
  condition.reason = "PreemptionByScheduler";
  node("n", "1").add_pod(std::make_shared<const PodInfo>(std::make_shared<const corev1::Pod>(leaving)));
  corev1::Pod waiting = *with_priority("p", "1", 10)->pod;
  waiting.status.nominatedNodeName = "n";
  Preemption plan = this->plan(PodInfo(std::make_shared<const corev1::Pod>(waiting)));
  EXPECT_TRUE(plan.not_eligible);
  EXPECT_EQ(plan.message, "not eligible due to a terminating pod on the nominated node.");
}

TEST_F(PreemptionTest, APromisedPlaceIsTakenForThoseThatComeAfter) {
  NodeInfo& n = node("n", "1");
  nominations_.set(with_priority("first", "1", 10), "n");
  NodeInfo copy;
  EXPECT_EQ(nominations_.with(n, *with_priority("p", "1", 5), copy)->requested.milli_cpu, 1000);
  EXPECT_EQ(nominations_.with(n, *with_priority("p", "1", 20), copy), &n);
  EXPECT_EQ(nominations_.lower("n", 20).size(), 1U);
}

}  // namespace
}  // namespace xebec::scheduler
