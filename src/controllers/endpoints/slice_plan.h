// Which EndpointSlices should be there, given those that are (k8s.io/endpointslice/reconciler.go). Pure.
#pragma once

#include <memory>
#include <vector>

#include "api/gen/discoveryv1.h"

namespace xebec::controllers {

using SlicePtr = std::shared_ptr<const discoveryv1::EndpointSlice>;

struct SlicePlan {
  std::vector<discoveryv1::EndpointSlice> create, update;
  std::vector<SlicePtr> remove;
};

// Endpoints of one set of ports.
struct SliceGroup {
  std::vector<discoveryv1::EndpointPort> ports;
  std::vector<discoveryv1::Endpoint> endpoints;
};

struct SliceRules {
  size_t most = 100;        // endpoints a slice
  bool placeholder = true;  // without any endpoints there is one empty slice, which says so
};

// For one address type: `pattern` has it, and what all slices have (labels, owner, generateName), but neither
// ports nor endpoints. Endpoints stay in their slice where they can, so that one changed Pod changes one
// slice. New ones go into slices that change anyway, the fullest first; into one that does not only when it
// holds all that are left; else into new slices. A slice to be deleted is made use of when one is to be
// created.
SlicePlan plan_slices(std::vector<SliceGroup> groups, const std::vector<SlicePtr>& existing,
                      const discoveryv1::EndpointSlice& pattern, const SliceRules& rules = {});

}  // namespace xebec::controllers
