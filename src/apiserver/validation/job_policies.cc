// When a Job has failed or succeeded before all its Pods have (KEP-3329, KEP-3998).
#include <fmt/format.h>

#include "apiserver/validation/batch.h"

namespace xebec::apiserver::validation {
namespace {

constexpr size_t kMostRules = 20, kMostPatterns = 20, kMostExitCodes = 255;
constexpr size_t kLongestIndexes = 64 << 10;

using Names = std::set<std::string, std::less<>>;

void check_conditions(Errors& errors, const Path& path,
                      const std::vector<batchv1::PodFailurePolicyOnPodConditionsPattern>& patterns) {
  if (patterns.size() > kMostPatterns)
    errors.push_back(field::too_many(path, static_cast<int64_t>(patterns.size()), kMostPatterns));
  for (size_t i = 0; i < patterns.size(); ++i) {
    check_qualified_name(errors, path.index(i).child("type"), patterns[i].type);
    const Path status = path.index(i).child("status");
    if (patterns[i].status.empty()) {
      errors.push_back(field::required(status, R"(valid values: ["False" "True" "Unknown"])"));
    } else {
      check_enum(errors, status, std::string_view(patterns[i].status), {"False", "True", "Unknown"});
    }
  }
}

std::string rendered(const std::vector<int32_t>& values) {
  return values.empty() ? "null" : fmt::format("[{}]", fmt::join(values, ","));
}

void check_values(Errors& errors, const Path& path,
                  const batchv1::PodFailurePolicyOnExitCodesRequirement& codes) {
  const std::vector<int32_t>& values = codes.values;
  if (values.empty()) {
    errors.push_back(field::invalid(path, rendered(values), "at least one value is required"));
  } else if (values.size() > kMostExitCodes) {
    errors.push_back(field::too_many(path, static_cast<int64_t>(values.size()), kMostExitCodes));
  }
  bool ordered = true;
  std::set<int32_t> seen;
  for (size_t i = 0; i < values.size(); ++i) {
    if (codes.operator_ == "In" && values[i] == 0)
      errors.push_back(field::invalid_int(path.index(i), 0, "must not be 0 for the In operator"));
    if (!seen.insert(values[i]).second) {
      field::Error error = field::duplicate(path.index(i), "");
      error.body = fmt::format("Duplicate value: {}", values[i]);
      errors.push_back(std::move(error));
    }
    ordered = ordered && (i == 0 || values[i - 1] <= values[i]);
  }
  if (!ordered) errors.push_back(field::invalid(path, rendered(values), "must be ordered"));
}

void check_exit_codes(Errors& errors, const Path& path,
                      const batchv1::PodFailurePolicyOnExitCodesRequirement& codes, const Names& containers) {
  if (codes.operator_.empty()) {
    errors.push_back(field::required(path.child("operator"), R"(valid values: ["In" "NotIn"])"));
  } else {
    check_enum(errors, path.child("operator"), std::string_view(codes.operator_), {"In", "NotIn"});
  }
  if (codes.containerName && !containers.contains(*codes.containerName)) {
    errors.push_back(
        field::invalid_string(path.child("containerName"), *codes.containerName,
                              "must be one of the container or initContainer names in the pod template"));
  }
  check_values(errors, path.child("values"), codes);
}

void check_failure_rule(Errors& errors, const Path& path, const batchv1::JobSpec& spec,
                        const batchv1::PodFailurePolicyRule& rule, const Names& containers) {
  const Path action = path.child("action");
  if (rule.action.empty()) {
    errors.push_back(field::required(action, R"(valid values: ["Count" "FailIndex" "FailJob" "Ignore"])"));
  } else if (rule.action == "FailIndex") {
    if (!spec.backoffLimitPerIndex) {
      errors.push_back(
          field::invalid_string(action, rule.action, "requires the backoffLimitPerIndex to be set"));
    }
  } else {
    check_enum(errors, action, std::string_view(rule.action), {"Count", "FailIndex", "FailJob", "Ignore"});
  }
  if (rule.onExitCodes) check_exit_codes(errors, path.child("onExitCodes"), *rule.onExitCodes, containers);
  check_conditions(errors, path.child("onPodConditions"), rule.onPodConditions);
  const bool codes = bool(rule.onExitCodes), conditions = !rule.onPodConditions.empty();
  if (codes && conditions) {
    errors.push_back(
        field::invalid(path, "", "specifying both OnExitCodes and OnPodConditions is not supported"));
  }
  if (!codes && !conditions) {
    errors.push_back(
        field::invalid(path, "", "specifying one of OnExitCodes and OnPodConditions is required"));
  }
}

void check_success_rule(Errors& errors, const Path& path, const batchv1::SuccessPolicyRule& rule,
                        int32_t completions) {
  if (!rule.succeededCount && !rule.succeededIndexes) {
    errors.push_back(
        field::required(path, "at least one of succeededCount or succeededIndexes must be specified"));
  }
  int64_t total = 0;
  if (rule.succeededIndexes) {
    const Path at = path.child("succeededIndexes");
    if (rule.succeededIndexes->size() > kLongestIndexes)
      errors.push_back(field::too_long(at, kLongestIndexes));
    Result<int64_t> counted = count_indexes(*rule.succeededIndexes, completions);
    if (!counted) {
      errors.push_back(field::invalid_string(at, *rule.succeededIndexes,
                                             "error parsing succeededIndexes: " + counted.error().message));
    }
    total = counted.value_or(0);
  }
  if (!rule.succeededCount) return;
  const Path at = path.child("succeededCount");
  const int32_t count = *rule.succeededCount;
  check_non_negative(errors, at, count);
  if (count > completions) {
    errors.push_back(field::invalid_int(
        at, count,
        fmt::format("must be less than or equal to {} (the number of specified completions)", completions)));
  }
  if (rule.succeededIndexes && count > total) {
    errors.push_back(field::invalid_int(
        at, count,
        fmt::format("must be less than or equal to {} (the number of indexes in the specified "
                    "succeededIndexes field)",
                    total)));
  }
}

}  // namespace

void check_pod_failure_policy(Errors& errors, const Path& path, const batchv1::JobSpec& spec) {
  const Path at = path.child("rules");
  const auto& rules = spec.podFailurePolicy->rules;
  if (rules.size() > kMostRules)
    errors.push_back(field::too_many(at, static_cast<int64_t>(rules.size()), kMostRules));
  Names containers;
  for (const corev1::Container& container : spec.template_.spec.containers) containers.insert(container.name);
  for (const corev1::Container& container : spec.template_.spec.initContainers)
    containers.insert(container.name);
  for (size_t i = 0; i < rules.size(); ++i)
    check_failure_rule(errors, at.index(i), spec, rules[i], containers);
}

void check_success_policy(Errors& errors, const Path& path, const batchv1::JobSpec& spec) {
  const Path at = path.child("rules");
  const auto& rules = spec.successPolicy->rules;
  if (rules.empty()) {
    errors.push_back(
        field::required(at, "at least one rules must be specified when the successPolicy is specified"));
  }
  if (rules.size() > kMostRules)
    errors.push_back(field::too_many(at, static_cast<int64_t>(rules.size()), kMostRules));
  // Without completions the spec is refused for that.
  for (size_t i = 0; i < rules.size() && spec.completions; ++i)
    check_success_rule(errors, at.index(i), rules[i], *spec.completions);
}

}  // namespace xebec::apiserver::validation
