#include <fmt/format.h>

#include <cmath>

#include "apiserver/validation/flow_control.h"

namespace xebec::apiserver::validation {
namespace {

namespace v1 = flowcontrolv1;

constexpr int32_t kMostQueues = 10'000'000;
// Bits of a hash that deals hands of queues.
constexpr int kHashBits = 60;

void check_queues(Errors& errors, const Path& path, const v1::QueuingConfiguration& queuing) {
  auto refuse = [&](std::string_view field, int32_t value, std::string_view detail) {
    errors.push_back(field::invalid_int(path.child(field), value, detail));
  };
  const int32_t queues = queuing.queues, hand = queuing.handSize;
  if (queuing.queueLengthLimit <= 0) refuse("queueLengthLimit", queuing.queueLengthLimit, "must be positive");
  if (queues <= 0)
    refuse("queues", queues, "must be positive");
  else if (queues > kMostQueues)
    refuse("queues", queues, fmt::format("must not be greater than {}", kMostQueues));
  if (hand <= 0)
    refuse("handSize", hand, "must be positive");
  else if (hand > queues)
    refuse("handSize", hand, fmt::format("should not be greater than queues ({})", queues));
  else if (std::ceil(std::log2(queues) * hand) > kHashBits)
    refuse("handSize", hand,
           fmt::format("required entropy bits of deckSize {} and handSize {} should not be greater than {}",
                       queues, hand, kHashBits));
}

void check_response(Errors& errors, const Path& path, const v1::LimitResponse& response) {
  const Path queuing = path.child("queuing");
  if (response.type == "Reject") {
    if (response.queuing) {
      errors.push_back(field::forbidden(queuing, "must be nil if limited.limitResponse.type is not Limited"));
    }
  } else if (response.type == "Queue") {
    if (response.queuing)
      check_queues(errors, queuing, *response.queuing);
    else
      errors.push_back(
          field::required(queuing, "must not be empty if limited.limitResponse.type is Limited"));
  } else {
    check_enum(errors, path.child("type"), std::string_view(response.type), {"Queue", "Reject"});
  }
}

void check_share(Errors& errors, const Path& path, const std::optional<int32_t>& shares) {
  if (shares.value_or(0) < 0)
    errors.push_back(field::invalid_int(path, *shares, "must be a non-negative integer"));
}

void check_lendable(Errors& errors, const Path& path, const std::optional<int32_t>& percent) {
  if (percent.value_or(0) < 0 || percent.value_or(0) > 100)
    errors.push_back(field::invalid_int(path, *percent, "must be between 0 and 100, inclusive"));
}

void check_limited(Errors& errors, const Path& path, const v1::LimitedPriorityLevelConfiguration& limited) {
  check_share(errors, path.child("nominalConcurrencyShares"), limited.nominalConcurrencyShares);
  check_response(errors, path.child("limitResponse"), limited.limitResponse);
  check_lendable(errors, path.child("lendablePercent"), limited.lendablePercent);
  if (limited.borrowingLimitPercent.value_or(0) < 0) {
    errors.push_back(field::invalid_int(path.child("borrowingLimitPercent"), *limited.borrowingLimitPercent,
                                        "if specified, must be a non-negative integer"));
  }
}

void check_exempt(Errors& errors, const Path& path, const v1::ExemptPriorityLevelConfiguration& exempt) {
  check_share(errors, path.child("nominalConcurrencyShares"), exempt.nominalConcurrencyShares);
  check_lendable(errors, path.child("lendablePercent"), exempt.lendablePercent);
}

// The two that every cluster has; of "exempt" the shares may be changed.
void check_mandatory(Errors& errors, const Path& path, const PriorityLevel& level) {
  const std::string& name = level.metadata.name;
  auto refuse = [&](std::string_view text) {
    errors.push_back(field::invalid(path, go_json(level.spec), text));
  };
  if (name == "exempt" && (level.spec.type != "Exempt" || level.spec.limited))
    refuse("spec of 'exempt' except the 'spec.exempt' field must equal the fixed value");
  if (name != "catch-all") return;
  v1::PriorityLevelConfigurationSpec fixed;
  fixed.type = "Limited";
  auto& limited = fixed.limited.emplace();
  limited.nominalConcurrencyShares = 5;
  limited.lendablePercent = 0;
  limited.limitResponse.type = "Reject";
  if (!(fixed == level.spec)) refuse("spec of 'catch-all' must equal the fixed value");
}

}  // namespace

Errors validate_priority_level(const PriorityLevel& level) {
  Errors errors;
  const Path path("spec"), limited = path.child("limited"), exempt = path.child("exempt");
  const auto& spec = level.spec;
  if ((level.metadata.name == "exempt") != (spec.type == "Exempt")) {
    errors.push_back(field::invalid_string(path.child("type"), spec.type,
                                           "type must be 'Exempt' if and only if name is 'exempt'"));
  }
  if (spec.type == "Exempt") {
    if (spec.limited) errors.push_back(field::forbidden(limited, "must be nil if the type is not Limited"));
    if (spec.exempt) check_exempt(errors, exempt, *spec.exempt);
  } else if (spec.type == "Limited") {
    if (spec.exempt) errors.push_back(field::forbidden(exempt, "must be nil if the type is Limited"));
    if (spec.limited)
      check_limited(errors, limited, *spec.limited);
    else
      errors.push_back(field::required(limited, "must not be empty when type is Limited"));
  } else {
    check_enum(errors, path.child("type"), std::string_view(spec.type), {"Exempt", "Limited"});
  }
  check_mandatory(errors, path, level);
  check_flow_conditions(errors, level.status.conditions);
  return errors;
}

Errors validate_priority_level_update(const PriorityLevel& level, const PriorityLevel&) {
  return validate_priority_level(level);
}

Errors validate_priority_level_status_update(const PriorityLevel& level, const PriorityLevel&) {
  Errors errors;
  check_flow_conditions(errors, level.status.conditions);
  return errors;
}

}  // namespace xebec::apiserver::validation
