#include "client/expectations.h"

namespace xebec::client {

void ControllerExpectations::set_expectations(const std::string& key, int additions, int deletions) {
  expected_[key] = Expected{additions, deletions, executor_.now()};
}

void ControllerExpectations::raise(std::string_view key, int additions, int deletions) {
  auto it = expected_.find(key);
  if (it == expected_.end()) return;
  it->second.additions += additions;
  it->second.deletions += deletions;
}

bool ControllerExpectations::satisfied(std::string_view key) const {
  auto it = expected_.find(key);
  if (it == expected_.end()) return true;
  const Expected& expected = it->second;
  if (expected.additions <= 0 && expected.deletions <= 0) return true;
  return executor_.now() - expected.since > kTimeout;
}

void ControllerExpectations::erase(std::string_view key) {
  auto it = expected_.find(key);
  if (it != expected_.end()) expected_.erase(it);
}

void UidTrackingExpectations::expect_deletions(const std::string& key,
                                               std::set<std::string, std::less<>> ids) {
  counts_.expect_deletions(key, static_cast<int>(ids.size()));
  ids_[key] = std::move(ids);
}

void UidTrackingExpectations::deletion_observed(std::string_view key, std::string_view id) {
  auto it = ids_.find(key);
  if (it == ids_.end()) return;
  auto seen = it->second.find(id);
  if (seen == it->second.end()) return;
  it->second.erase(seen);
  counts_.deletion_observed(key);
}

void UidTrackingExpectations::erase(std::string_view key) {
  counts_.erase(key);
  auto it = ids_.find(key);
  if (it != ids_.end()) ids_.erase(it);
}

}  // namespace xebec::client
