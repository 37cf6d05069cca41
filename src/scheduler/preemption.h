// Preemption: which Pods of lower priority would have to leave a node so that a Pod that fits nowhere fits
// there. Only looks; the scheduler acts. Source: k8s.io/kubernetes pkg/scheduler/framework/preemption,
// plugins/defaultpreemption.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/gen/policyv1.h"
#include "scheduler/diagnosis.h"
#include "scheduler/framework.h"

namespace xebec::scheduler {

// Pods that wait for others to leave a node they were promised.
class Nominations {
 public:
  // The Pod's status.nominatedNodeName, when it has no node yet.
  void set(PodInfoPtr pod, std::string node);
  void remove(const std::string& uid);
  // The node with every Pod promised to it that goes before `pod`; `copy` holds it when there is one.
  const NodeInfo* with(const NodeInfo& node, const PodInfo& pod, NodeInfo& copy) const;
  // Pods of a lower priority than `priority` that were promised the node.
  std::vector<PodInfoPtr> lower(const std::string& node, int32_t priority) const;

 private:
  struct Entry {
    PodInfoPtr pod;
    std::string node;
  };
  std::map<std::string, Entry> entries_;  // by UID
};

struct Preemption {
  std::string node;                 // empty: nowhere
  std::vector<PodInfoPtr> victims;  // most important first
  std::string message;              // why nowhere
  bool not_eligible = false;        // the Pod may not preempt (now): a promise it has stays
};

struct PreemptionInputs {
  const Profile& profile;
  const NodeInfos& nodes;
  const Diagnosis& diagnosis;  // of the attempt that failed
  const Nominations& nominations;
  std::vector<std::shared_ptr<const policyv1::PodDisruptionBudget>> budgets;
};

Preemption plan_preemption(const PreemptionInputs& in, CycleState& state, const PodInfo& pod);

int32_t priority_of(const corev1::Pod& pod);

}  // namespace xebec::scheduler
