// What the plugins score, and what they say to events.
#include "scheduler/plugins/plugins.h"

#include <gtest/gtest.h>

#include "scheduler/test_objects.h"

namespace xebec::scheduler {
namespace {

using testing::make_node;
using testing::make_pod;
using PodPtr = std::shared_ptr<const corev1::Pod>;
using NodePtr = std::shared_ptr<const corev1::Node>;

PodPtr changed(const PodPtr& pod, const std::function<void(corev1::Pod&)>& change) {
  auto copy = std::make_shared<corev1::Pod>(*pod);
  change(*copy);
  return copy;
}
NodePtr changed(const NodePtr& node, const std::function<void(corev1::Node&)>& change) {
  auto copy = std::make_shared<corev1::Node>(*node);
  change(*copy);
  return copy;
}

NodeInfo info_of(NodePtr node) {
  NodeInfo info;
  info.set_node(std::move(node));
  return info;
}

// Normalized, of one plugin.
std::vector<int64_t> scores(std::unique_ptr<Plugin> plugin, const PodPtr& pod,
                            const std::vector<NodeInfo>& nodes) {
  auto& scorer = dynamic_cast<ScorePlugin&>(*plugin);
  CycleState state;
  PodInfo info(pod);
  std::vector<int64_t> out;
  for (const NodeInfo& node : nodes) out.push_back(scorer.score(state, info, node));
  scorer.normalize(out);
  return out;
}

bool may_help(std::unique_ptr<Plugin> plugin, const PodPtr& pod, uint32_t kind, NodePtr old, NodePtr now) {
  ClusterEvent event(kind);
  event.old_node = std::move(old);
  event.node = std::move(now);
  EXPECT_NE(plugin->events_to_register() & kind, 0U);
  return plugin->may_help(PodInfo(pod), event);
}

bool may_help_after(std::unique_ptr<Plugin> plugin, const PodPtr& pod, uint32_t kind, PodPtr old,
                    PodPtr now) {
  ClusterEvent event(kind);
  event.old_pod = std::move(old);
  event.pod = std::move(now);
  EXPECT_NE(plugin->events_to_register() & kind, 0U);
  return plugin->may_help(PodInfo(pod), event);
}

corev1::Taint taint(std::string key, std::string effect) {
  corev1::Taint out;
  out.key = std::move(key);
  out.effect = std::move(effect);
  return out;
}

TEST(NodeAffinity, PreferredTermsScoreByTheirWeights) {
  NodePtr plain = make_node("plain");
  NodePtr ssd = changed(make_node("ssd"), [](corev1::Node& n) { n.metadata.labels["disk"] = "ssd"; });
  NodePtr both = changed(ssd, [](corev1::Node& n) { n.metadata.labels["zone"] = "a"; });
  PodPtr pod = changed(make_pod("p"), [](corev1::Pod& p) {
    auto& preferred =
        p.spec.affinity.emplace().nodeAffinity.emplace().preferredDuringSchedulingIgnoredDuringExecution;
    for (auto [key, value, weight] : {std::tuple("disk", "ssd", 30), std::tuple("zone", "a", 10)}) {
      auto& term = preferred.emplace_back();
      term.weight = weight;
      auto& requirement = term.preference.matchExpressions.emplace_back();
      requirement.key = key;
      requirement.operator_ = "In";
      requirement.values = {value};
    }
  });
  EXPECT_EQ(scores(make_node_affinity(), pod, {info_of(plain), info_of(ssd), info_of(both)}),
            (std::vector<int64_t>{0, 75, 100}));
}

TEST(NodeAffinity, NodesNamedByATermAreTheOnlyOnesLookedAt) {
  PodPtr pod = changed(make_pod("p"), [](corev1::Pod& p) {
    auto& terms = p.spec.affinity.emplace()
                      .nodeAffinity.emplace()
                      .requiredDuringSchedulingIgnoredDuringExecution.emplace()
                      .nodeSelectorTerms;
    auto& requirement = terms.emplace_back().matchFields.emplace_back();
    requirement.key = "metadata.name";
    requirement.operator_ = "In";
    requirement.values = {"b"};
  });
  auto plugin = make_node_affinity();
  auto& pre_filter = dynamic_cast<PreFilterPlugin&>(*plugin);
  CycleState state;
  PreFilterResult result = pre_filter.pre_filter(state, PodInfo(pod), {});
  ASSERT_TRUE(result.nodes);
  EXPECT_EQ(*result.nodes, std::set<std::string>{"b"});
  PodPtr torn = changed(pod, [](corev1::Pod& p) {
    auto& fields =
        p.spec.affinity->nodeAffinity->requiredDuringSchedulingIgnoredDuringExecution->nodeSelectorTerms[0]
            .matchFields;
    fields.push_back(fields[0]);
    fields[1].values = {"c"};
  });
  EXPECT_EQ(pre_filter.pre_filter(state, PodInfo(torn), {}).rejection.reasons,
            std::vector<std::string>{"pod affinity terms conflict"});
}

TEST(NodeAffinity, ANodeThatHasComeToMatchHelps) {
  PodPtr pod = changed(make_pod("p"), [](corev1::Pod& p) { p.spec.nodeSelector["disk"] = "ssd"; });
  NodePtr plain = make_node("n");
  NodePtr ssd = changed(plain, [](corev1::Node& n) { n.metadata.labels["disk"] = "ssd"; });
  NodePtr more = changed(ssd, [](corev1::Node& n) { n.metadata.labels["x"] = "y"; });
  EXPECT_TRUE(may_help(make_node_affinity(), pod, ClusterEvent::kNodeLabel, plain, ssd));
  EXPECT_FALSE(may_help(make_node_affinity(), pod, ClusterEvent::kNodeLabel, ssd, more));
  EXPECT_FALSE(may_help(make_node_affinity(), pod, ClusterEvent::kNodeAdded, nullptr, plain));
}

TEST(TaintToleration, FewerSoftTaintsAreBetter) {
  NodePtr clean = make_node("clean");
  NodePtr soft = changed(clean, [](corev1::Node& n) { n.spec.taints = {taint("a", "PreferNoSchedule")}; });
  NodePtr softer = changed(clean, [](corev1::Node& n) {
    n.spec.taints = {taint("a", "PreferNoSchedule"), taint("b", "PreferNoSchedule")};
  });
  EXPECT_EQ(scores(make_taint_toleration(), make_pod("p"), {info_of(clean), info_of(soft), info_of(softer)}),
            (std::vector<int64_t>{100, 50, 0}));
  PodPtr tolerant = changed(make_pod("p"), [](corev1::Pod& p) {
    corev1::Toleration& toleration = p.spec.tolerations.emplace_back();
    toleration.operator_ = "Exists";
    toleration.effect = "PreferNoSchedule";
  });
  EXPECT_EQ(scores(make_taint_toleration(), tolerant, {info_of(clean), info_of(softer)}),
            (std::vector<int64_t>{100, 100}));
}

TEST(TaintToleration, ATaintThatWentHelps) {
  NodePtr clean = make_node("n");
  NodePtr hard = changed(clean, [](corev1::Node& n) { n.spec.taints = {taint("a", "NoSchedule")}; });
  EXPECT_TRUE(may_help(make_taint_toleration(), make_pod("p"), ClusterEvent::kNodeTaint, hard, clean));
  EXPECT_FALSE(may_help(make_taint_toleration(), make_pod("p"), ClusterEvent::kNodeTaint, clean, hard));
}

TEST(NodeUnschedulable, CordonedNodesAreLeftOutUnlessTolerated) {
  NodePtr cordoned = changed(make_node("n"), [](corev1::Node& n) { n.spec.unschedulable = true; });
  auto plugin = make_node_unschedulable();
  auto& filter = dynamic_cast<FilterPlugin&>(*plugin);
  CycleState state;
  EXPECT_EQ(filter.filter(state, PodInfo(make_pod("p")), info_of(cordoned)).reasons,
            std::vector<std::string>{"node(s) were unschedulable"});
  PodPtr tolerant = changed(make_pod("p"), [](corev1::Pod& p) {
    corev1::Toleration& toleration = p.spec.tolerations.emplace_back();
    toleration.key = "node.kubernetes.io/unschedulable";
    toleration.operator_ = "Exists";
  });
  EXPECT_FALSE(filter.filter(state, PodInfo(tolerant), info_of(cordoned)).rejected());
  EXPECT_TRUE(
      may_help(make_node_unschedulable(), make_pod("p"), ClusterEvent::kNodeTaint, cordoned, make_node("n")));
}

TEST(NodeName, OnlyTheNamedNodeWillDo) {
  auto plugin = make_node_name();
  auto& filter = dynamic_cast<FilterPlugin&>(*plugin);
  CycleState state;
  PodInfo pod(make_pod("p", "", "other"));
  EXPECT_EQ(filter.filter(state, pod, info_of(make_node("n"))).reasons,
            std::vector<std::string>{"node(s) didn't match the requested node name"});
  EXPECT_FALSE(filter.filter(state, pod, info_of(make_node("other"))).rejected());
}

TEST(NodePorts, ATakenPortRejectsUntilItsPodLeaves) {
  PodPtr pod = changed(make_pod("p"), [](corev1::Pod& p) {
    corev1::ContainerPort& port = p.spec.containers[0].ports.emplace_back();
    port.hostPort = 80;
    port.protocol = "TCP";
  });
  PodPtr there = changed(pod, [](corev1::Pod& p) { p.metadata.uid = "there"; });
  NodeInfo node = info_of(make_node("n"));
  node.add_pod(std::make_shared<const PodInfo>(there));
  auto plugin = make_node_ports();
  CycleState state;
  EXPECT_EQ(dynamic_cast<FilterPlugin&>(*plugin).filter(state, PodInfo(pod), node).reasons,
            std::vector<std::string>{"node(s) didn't have free ports for the requested pod ports"});
  EXPECT_TRUE(may_help_after(make_node_ports(), pod, ClusterEvent::kAssignedPodDeleted, there, nullptr));
  EXPECT_FALSE(
      may_help_after(make_node_ports(), pod, ClusterEvent::kAssignedPodDeleted, make_pod("other"), nullptr));
}

TEST(NodePorts, APortOfASidecarCountsAndOneOfAnInitContainerDoesNot) {
  PodPtr pod = changed(make_pod("p"), [](corev1::Pod& p) {
    for (int number : {80, 81}) {
      corev1::Container& init = p.spec.initContainers.emplace_back();
      init.ports.emplace_back().hostPort = number;
      if (number == 81) init.restartPolicy = "Always";
    }
  });
  PodInfo info(pod);
  ASSERT_EQ(info.host_ports.size(), 1U);
  EXPECT_EQ(info.host_ports[0].hostPort, 81);
}

TEST(NodeResourcesFit, ARequestThatNoNodeOfThisSizeCanHoldIsUnresolvable) {
  NodeInfo node = info_of(make_node("n", "1"));
  auto plugin = make_node_resources_fit();
  auto& filter = dynamic_cast<FilterPlugin&>(*plugin);
  CycleState state;
  EXPECT_TRUE(filter.filter(state, PodInfo(make_pod("p", "2")), node).unresolvable);
  node.add_pod(std::make_shared<const PodInfo>(make_pod("there", "600m")));
  EXPECT_FALSE(filter.filter(state, PodInfo(make_pod("p", "500m")), node).unresolvable);
}

TEST(NodeResourcesFit, InitContainersSidecarsAndOverheadCount) {
  PodPtr pod = changed(make_pod("p", "500m"), [](corev1::Pod& p) {
    corev1::Container& init = p.spec.initContainers.emplace_back();
    init.resources.requests["cpu"] = api::Quantity::must_parse("700m");
    corev1::Container& sidecar = p.spec.initContainers.emplace_back();
    sidecar.restartPolicy = "Always";
    sidecar.resources.requests["cpu"] = api::Quantity::must_parse("300m");
    p.spec.overhead["cpu"] = api::Quantity::must_parse("100m");
  });
  PodInfo info(pod);
  EXPECT_EQ(info.request.milli_cpu, 900) << "500m and 300m beside each other are more than 700m";
  EXPECT_EQ(info.non_zero_milli_cpu, 900);
  // Memory is not asked for: 200 MB a container that runs, as is counted for spreading.
  EXPECT_EQ(info.non_zero_memory, 2 * 200 * 1024 * 1024);
  EXPECT_EQ(info.request.memory, 0);
}

TEST(NodeResourcesFit, TheEmptierNodeIsBetter) {
  NodeInfo empty = info_of(make_node("empty", "2"));
  NodeInfo busy = info_of(make_node("busy", "2"));
  busy.add_pod(std::make_shared<const PodInfo>(make_pod("there", "1")));
  std::vector<int64_t> out = scores(make_node_resources_fit(), make_pod("p", "500m"), {empty, busy});
  EXPECT_GT(out[0], out[1]);
  // A quarter of the CPU and 200 of 4096 MB of the empty node will be used.
  EXPECT_EQ(out[0], (75 + 95) / 2);
}

TEST(NodeResourcesFit, WhatIsFreedMustBeOfUse) {
  PodPtr pod = make_pod("p", "1");
  EXPECT_TRUE(may_help(make_node_resources_fit(), pod, ClusterEvent::kNodeAllocatable, make_node("n", "500m"),
                       make_node("n", "2")));
  EXPECT_FALSE(may_help(make_node_resources_fit(), pod, ClusterEvent::kNodeAllocatable, make_node("n", "2"),
                        make_node("n", "1")));
  EXPECT_FALSE(
      may_help(make_node_resources_fit(), pod, ClusterEvent::kNodeAdded, nullptr, make_node("n", "500m")));
  PodPtr big = make_pod("there", "1500m", "n"), small = make_pod("there", "200m", "n");
  EXPECT_TRUE(may_help_after(make_node_resources_fit(), pod, ClusterEvent::kAssignedPodUpdated, big, small));
  EXPECT_FALSE(may_help_after(make_node_resources_fit(), pod, ClusterEvent::kAssignedPodUpdated, small, big));
  EXPECT_TRUE(
      may_help_after(make_node_resources_fit(), pod, ClusterEvent::kAssignedPodDeleted, big, nullptr));
}

TEST(BalancedAllocation, EqualSharesAreBest) {
  auto with_memory = [](const PodPtr& pod, const char* memory) {
    return changed(pod, [&](corev1::Pod& p) {
      p.spec.containers[0].resources.requests["memory"] = api::Quantity::must_parse(memory);
    });
  };
  NodeInfo even = info_of(make_node("even", "2"));
  NodeInfo skewed = info_of(make_node("skewed", "2"));
  skewed.add_pod(std::make_shared<const PodInfo>(with_memory(make_pod("there"), "2Gi")));
  PodPtr pod = with_memory(make_pod("p", "1"), "2Gi");
  // Half and half; half of the CPU and all of the memory.
  EXPECT_EQ(scores(make_balanced_allocation(), pod, {even, skewed}), (std::vector<int64_t>{100, 75}));
  EXPECT_EQ(scores(make_balanced_allocation(), make_pod("nothing"), {even, skewed}),
            (std::vector<int64_t>{0, 0}));
}

}  // namespace
}  // namespace xebec::scheduler
