// Carries plans for EndpointSlices out, and remembers what the informer has not shown yet: a plan made from a
// stale picture would make slices twice (k8s.io/endpointslice/endpointslice_tracker.go).
#pragma once

#include <map>
#include <string>

#include "api/gen/discoveryv1.h"
#include "base/executor.h"
#include "client/rest.h"
#include "controllers/endpoints/slice_plan.h"

namespace xebec::controllers {

// One a controller; belongs to its executor.
class SliceWriter {
 public:
  // How long what was written is waited for.
  static constexpr Duration kTimeout = std::chrono::minutes(5);

  SliceWriter(client::Rest rest, const Executor& executor) : rest_(std::move(rest)), executor_(executor) {}

  // `service` is the key of the Service, `may_create` false when it is being deleted.
  Task<Result<void>> apply(std::string service, SlicePlan plan, bool may_create = true);
  // Something written for the Service is not in `seen` yet. What is waited for longer than kTimeout is
  // forgotten: it may have come and gone between two lists.
  bool is_stale(const std::string& service, const std::vector<SlicePtr>& seen);
  // The informer saw it go.
  void removed(const std::string& service, const std::string& uid);

 private:
  struct Expected {
    uint64_t version = 0;  // at least; 0: that it is gone
    MonotonicTime since{};
  };
  void expect(const std::string& service, const std::string& uid, uint64_t version);

  client::Rest rest_;
  const Executor& executor_;
  std::map<std::string, std::map<std::string, Expected>> expected_;  // Service -> UID of a slice
};

}  // namespace xebec::controllers
