#include "controllers/endpoints/slice_plan.h"

#include <algorithm>
#include <map>

#include "client/controller_ref.h"

namespace xebec::controllers {
namespace {

using discoveryv1::Endpoint;
using discoveryv1::EndpointSlice;
using Wanted = std::map<std::string, Endpoint>;  // by identity

// What tells endpoints apart: a Pod keeps its place when its readiness changes.
std::string identity(const Endpoint& endpoint) {
  std::string out = endpoint.addresses.empty() ? std::string() : endpoint.addresses[0];
  if (endpoint.targetRef) out += "|" + endpoint.targetRef->uid;
  return out;
}

// One existing slice with what of it is wanted still.
struct Draft {
  SlicePtr old;
  EndpointSlice now;
  bool changed = false;
};

Draft keep_wanted(const SlicePtr& slice, Wanted& wanted, const EndpointSlice& pattern) {
  Draft draft{slice, *slice, false};
  draft.now.endpoints.clear();
  for (const Endpoint& endpoint : slice->endpoints) {
    auto it = wanted.find(identity(endpoint));
    if (it == wanted.end()) continue;
    draft.changed |= it->second != endpoint;
    draft.now.endpoints.push_back(std::move(it->second));
    wanted.erase(it);
  }
  draft.changed |= draft.now.endpoints.size() != slice->endpoints.size();
  draft.changed |= draft.now.metadata.labels != pattern.metadata.labels;
  draft.now.metadata.labels = pattern.metadata.labels;
  return draft;
}

void fill(EndpointSlice& slice, Wanted& wanted, size_t most) {
  while (!wanted.empty() && slice.endpoints.size() < most) {
    slice.endpoints.push_back(std::move(wanted.begin()->second));
    wanted.erase(wanted.begin());
  }
}

// The fullest unchanged slice that has room for all that is left.
Draft* fitting(std::vector<Draft>& drafts, size_t left, size_t most) {
  Draft* best = nullptr;
  for (Draft& draft : drafts) {
    bool fits = !draft.changed && draft.now.endpoints.size() + left <= most;
    if (fits && (best == nullptr || draft.now.endpoints.size() > best->now.endpoints.size())) best = &draft;
  }
  return best;
}

void plan_group(SliceGroup& group, const std::vector<SlicePtr>& existing, const EndpointSlice& pattern,
                size_t most, SlicePlan& plan) {
  Wanted wanted;
  for (Endpoint& endpoint : group.endpoints) {
    std::string key = identity(endpoint);
    wanted.emplace(std::move(key), std::move(endpoint));
  }
  std::vector<Draft> drafts;
  for (const SlicePtr& slice : existing) {
    Draft draft = keep_wanted(slice, wanted, pattern);
    if (draft.now.endpoints.empty()) {
      plan.remove.push_back(slice);
    } else {
      drafts.push_back(std::move(draft));
    }
  }
  std::stable_sort(drafts.begin(), drafts.end(), [](const Draft& a, const Draft& b) {
    return a.now.endpoints.size() > b.now.endpoints.size();
  });
  for (Draft& draft : drafts) {
    if (draft.changed) fill(draft.now, wanted, most);
  }
  if (Draft* last = wanted.empty() ? nullptr : fitting(drafts, wanted.size(), most)) {
    fill(last->now, wanted, most);
    last->changed = true;
  }
  while (!wanted.empty()) {
    EndpointSlice& fresh = plan.create.emplace_back(pattern);
    fresh.ports = group.ports;
    fill(fresh, wanted, most);
  }
  for (Draft& draft : drafts) {
    if (draft.changed) plan.update.push_back(std::move(draft.now));
  }
}

void keep_placeholder(const std::vector<SlicePtr>& existing, const EndpointSlice& pattern, SlicePlan& plan) {
  bool none = existing.size() == plan.remove.size() && plan.create.empty();
  if (!none) return;
  for (size_t i = 0; i < plan.remove.size(); ++i) {
    const EndpointSlice& slice = *plan.remove[i];
    bool is_one =
        slice.endpoints.empty() && slice.ports.empty() && slice.metadata.labels == pattern.metadata.labels;
    if (!is_one) continue;
    plan.remove.erase(plan.remove.begin() + static_cast<ptrdiff_t>(i));
    return;
  }
  plan.create.push_back(pattern);
}

bool same_owner(const EndpointSlice& slice, const EndpointSlice& pattern) {
  const metav1::OwnerReference* owner = client::controller_of(pattern.metadata);
  return owner == nullptr || client::is_controlled_by(slice.metadata, owner->uid);
}

// Creations become updates of slices that would be deleted.
void recycle(const EndpointSlice& pattern, SlicePlan& plan) {
  for (size_t i = 0; i < plan.remove.size() && !plan.create.empty();) {
    if (!same_owner(*plan.remove[i], pattern)) {
      ++i;
      continue;
    }
    EndpointSlice& updated = plan.update.emplace_back(*plan.remove[i]);
    updated.metadata.labels = plan.create.back().metadata.labels;
    updated.ports = std::move(plan.create.back().ports);
    updated.endpoints = std::move(plan.create.back().endpoints);
    plan.create.pop_back();
    plan.remove.erase(plan.remove.begin() + static_cast<ptrdiff_t>(i));
  }
}

}  // namespace

SlicePlan plan_slices(std::vector<SliceGroup> groups, const std::vector<SlicePtr>& existing,
                      const EndpointSlice& pattern, const SliceRules& rules) {
  SlicePlan plan;
  std::vector<bool> used(existing.size(), false);
  for (SliceGroup& group : groups) {
    std::vector<SlicePtr> same_ports;
    for (size_t i = 0; i < existing.size(); ++i) {
      if (used[i] || existing[i]->ports != group.ports) continue;
      used[i] = true;
      same_ports.push_back(existing[i]);
    }
    plan_group(group, same_ports, pattern, rules.most, plan);
  }
  for (size_t i = 0; i < existing.size(); ++i) {
    if (!used[i]) plan.remove.push_back(existing[i]);
  }
  if (rules.placeholder) keep_placeholder(existing, pattern, plan);
  recycle(pattern, plan);
  return plan;
}

}  // namespace xebec::controllers
