#include "controllers/endpoints/slice_controller.h"

namespace xebec::controllers {
namespace {

using discoveryv1::Endpoint;
using discoveryv1::EndpointSlice;

constexpr size_t kMaxEndpoints = 100;

// What tells endpoints apart: a Pod keeps its place when its readiness changes.
std::string identity(const Endpoint& endpoint) {
  std::string out = endpoint.addresses.empty() ? std::string() : endpoint.addresses[0];
  if (endpoint.targetRef) out += "|" + endpoint.targetRef->uid;
  return out;
}

// One existing slice with what should be in it now.
struct Draft {
  SlicePtr old;
  EndpointSlice now;
  bool changed = false;
};

Draft keep_wanted(const SlicePtr& slice, std::map<std::string, Endpoint>& wanted,
                  const EndpointSlice& pattern) {
  Draft draft{slice, *slice, false};
  draft.now.endpoints.clear();
  for (const Endpoint& endpoint : slice->endpoints) {
    auto it = wanted.find(identity(endpoint));
    if (it == wanted.end()) {
      draft.changed = true;
      continue;
    }
    if (it->second != endpoint) draft.changed = true;
    draft.now.endpoints.push_back(std::move(it->second));
    wanted.erase(it);
  }
  if (draft.now.metadata.labels != pattern.metadata.labels) {
    draft.now.metadata.labels = pattern.metadata.labels;
    draft.changed = true;
  }
  return draft;
}

void fill(Draft& draft, std::map<std::string, Endpoint>& wanted) {
  while (!wanted.empty() && draft.now.endpoints.size() < kMaxEndpoints) {
    draft.now.endpoints.push_back(std::move(wanted.begin()->second));
    wanted.erase(wanted.begin());
    draft.changed = true;
  }
}

void plan_group(SliceGroup& group, const std::vector<SlicePtr>& existing, const EndpointSlice& pattern,
                SlicePlan& plan) {
  std::map<std::string, Endpoint> wanted;
  for (Endpoint& endpoint : group.endpoints) wanted.emplace(identity(endpoint), std::move(endpoint));
  std::vector<Draft> drafts;
  for (const SlicePtr& slice : existing) drafts.push_back(keep_wanted(slice, wanted, pattern));
  for (Draft& draft : drafts) fill(draft, wanted);
  bool kept_one = false;
  for (Draft& draft : drafts) {
    // The last slice of a Service stays although it is empty: it says that there are no endpoints.
    if (draft.now.endpoints.empty() && kept_one) {
      plan.remove.push_back(draft.old);
      continue;
    }
    kept_one = true;
    if (draft.changed) plan.update.push_back(std::move(draft.now));
  }
  while (!wanted.empty() || !kept_one) {
    Draft fresh{nullptr, pattern, true};
    fresh.now.ports = group.ports;
    fill(fresh, wanted);
    plan.create.push_back(std::move(fresh.now));
    kept_one = true;
  }
}

}  // namespace

SlicePlan plan_slices(std::vector<SliceGroup> groups, const std::vector<SlicePtr>& existing,
                      const EndpointSlice& pattern) {
  SlicePlan plan;
  if (groups.empty()) groups.emplace_back();
  std::vector<bool> used(existing.size(), false);
  for (SliceGroup& group : groups) {
    std::vector<SlicePtr> same_ports;
    for (size_t i = 0; i < existing.size(); ++i) {
      if (used[i] || existing[i]->ports != group.ports || existing[i]->addressType != pattern.addressType)
        continue;
      used[i] = true;
      same_ports.push_back(existing[i]);
    }
    plan_group(group, same_ports, pattern, plan);
  }
  for (size_t i = 0; i < existing.size(); ++i) {
    if (!used[i]) plan.remove.push_back(existing[i]);
  }
  return plan;
}

Task<Result<void>> apply_plan(client::Rest rest, SlicePlan plan) {
  for (const EndpointSlice& slice : plan.create) {
    auto created = co_await rest.create(Context(), slice);
    bool late = !created && (created.error().is(reason::kNotFound) || created.error().is(reason::kForbidden));
    if (!created && !late) co_return fail(std::move(created).error());
  }
  for (const EndpointSlice& slice : plan.update) {
    auto updated = co_await rest.update(Context(), slice);
    bool gone = !updated && updated.error().is(reason::kNotFound);
    if (!updated && !gone) co_return fail(std::move(updated).error());
  }
  for (const SlicePtr& slice : plan.remove) {
    auto deleted =
        co_await rest.delete_<EndpointSlice>(Context(), slice->metadata.namespace_, slice->metadata.name);
    bool gone = !deleted && deleted.error().is(reason::kNotFound);
    if (!deleted && !gone) co_return fail(std::move(deleted).error());
  }
  co_return Result<void>();
}

}  // namespace xebec::controllers
