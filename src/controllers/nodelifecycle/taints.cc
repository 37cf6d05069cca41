#include "controllers/nodelifecycle/taints.h"

#include <algorithm>

namespace xebec::controllers {
namespace {

constexpr std::string_view kUnschedulable = "node.kubernetes.io/unschedulable";

struct Rule {
  std::string_view condition, status, taint;
};
constexpr Rule kRules[] = {
    {"Ready", "False", kTaintNotReady},
    {"Ready", "Unknown", kTaintUnreachable},
    {"MemoryPressure", "True", "node.kubernetes.io/memory-pressure"},
    {"DiskPressure", "True", "node.kubernetes.io/disk-pressure"},
    {"PIDPressure", "True", "node.kubernetes.io/pid-pressure"},
    {"NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"},
};

bool decided_here(const corev1::Taint& taint) {
  if (taint.effect != "NoSchedule") return false;
  return taint.key == kUnschedulable ||
         std::any_of(std::begin(kRules), std::end(kRules),
                     [&](const Rule& rule) { return rule.taint == taint.key; });
}

corev1::Taint made(std::string_view key, std::string_view effect, api::Time now) {
  corev1::Taint taint;
  taint.key = key;
  taint.effect = effect;
  taint.timeAdded = now;
  return taint;
}

}  // namespace

const corev1::NodeCondition* condition_of(const corev1::Node& node, std::string_view type) {
  for (const corev1::NodeCondition& condition : node.status.conditions) {
    if (condition.type == type) return &condition;
  }
  return nullptr;
}

std::vector<corev1::Taint> with_condition_taints(const corev1::Node& node, api::Time now) {
  std::vector<std::string_view> wanted;
  for (const Rule& rule : kRules) {
    const corev1::NodeCondition* condition = condition_of(node, rule.condition);
    if (condition != nullptr && condition->status == rule.status) wanted.push_back(rule.taint);
  }
  if (node.spec.unschedulable) wanted.push_back(kUnschedulable);
  std::vector<corev1::Taint> out;
  for (const corev1::Taint& taint : node.spec.taints) {
    bool stays = !decided_here(taint) || std::erase(wanted, taint.key) > 0;
    if (stays) out.push_back(taint);
  }
  for (std::string_view key : wanted) out.push_back(made(key, "NoSchedule", now));
  return out;
}

std::vector<corev1::Taint> with_execution_taint(const corev1::Node& node, std::string_view key,
                                                api::Time now) {
  std::vector<corev1::Taint> out;
  bool present = false;
  for (const corev1::Taint& taint : node.spec.taints) {
    bool ours =
        taint.effect == "NoExecute" && (taint.key == kTaintNotReady || taint.key == kTaintUnreachable);
    if (ours && taint.key != key) continue;
    present |= ours;
    out.push_back(taint);
  }
  if (!present && !key.empty()) out.push_back(made(key, "NoExecute", now));
  return out;
}

bool has_execution_taint(const corev1::Node& node, std::string_view key) {
  return std::any_of(node.spec.taints.begin(), node.spec.taints.end(), [&](const corev1::Taint& taint) {
    return taint.effect == "NoExecute" && taint.key == key;
  });
}

bool reconcile_labels(corev1::Node& node) {
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"kubernetes.io/os", "beta.kubernetes.io/os"}, {"kubernetes.io/arch", "beta.kubernetes.io/arch"}};
  bool changed = false;
  for (const auto& [primary, secondary] : kNames) {
    const std::string* found = node.metadata.labels.get(primary);
    if (found == nullptr) continue;
    std::string value = *found;
    const std::string* other = node.metadata.labels.get(secondary);
    if (other != nullptr && *other == value) continue;
    node.metadata.labels[secondary] = std::move(value);
    changed = true;
  }
  return changed;
}

}  // namespace xebec::controllers
