// Expectations: what a controller has asked the API for and not yet seen in its informer. While expectations
// of a key are unfulfilled the informer's picture is stale, and the controller must not create or delete
// again. They expire after 5 minutes, so that a lost event cannot stop a controller for ever. Belong to the
// controller's executor. Source: k8s.io/kubernetes/pkg/controller/controller_utils.go.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/executor.h"

namespace xebec::client {

class ControllerExpectations {
 public:
  static constexpr Duration kTimeout = std::chrono::minutes(5);
  explicit ControllerExpectations(const Executor& executor) : executor_(executor) {}

  // Replace what was expected of the key.
  void set_expectations(const std::string& key, int additions, int deletions);
  void expect_creations(const std::string& key, int additions) { set_expectations(key, additions, 0); }
  void expect_deletions(const std::string& key, int deletions) { set_expectations(key, 0, deletions); }
  // Changes them; nothing happens without expectations.
  void raise(std::string_view key, int additions, int deletions);
  void lower(std::string_view key, int additions, int deletions) { raise(key, -additions, -deletions); }
  void creation_observed(std::string_view key) { lower(key, 1, 0); }
  void deletion_observed(std::string_view key) { lower(key, 0, 1); }
  // Fulfilled, expired, or none: the controller may act.
  bool satisfied(std::string_view key) const;
  void erase(std::string_view key);

 private:
  struct Expected {
    int additions = 0;
    int deletions = 0;
    MonotonicTime since{};
  };
  const Executor& executor_;
  std::map<std::string, Expected, std::less<>> expected_;
};

// Deletions are expected by an id ("ns/name" or UID), so that a deletion seen twice (marked, then gone)
// counts once.
class UidTrackingExpectations {
 public:
  explicit UidTrackingExpectations(const Executor& executor) : counts_(executor) {}

  void expect_creations(const std::string& key, int additions) { counts_.expect_creations(key, additions); }
  void expect_deletions(const std::string& key, std::set<std::string, std::less<>> ids);
  void creation_observed(std::string_view key) { counts_.creation_observed(key); }
  // Counts only an id that is expected and not yet seen.
  void deletion_observed(std::string_view key, std::string_view id);
  void lower(std::string_view key, int additions, int deletions) { counts_.lower(key, additions, deletions); }
  bool satisfied(std::string_view key) const { return counts_.satisfied(key); }
  void erase(std::string_view key);

 private:
  ControllerExpectations counts_;
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> ids_;
};

}  // namespace xebec::client
