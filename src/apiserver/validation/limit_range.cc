#include <fmt/format.h>

#include "apiserver/validation/core.h"
#include "apiserver/validation/resources.h"

namespace xebec::apiserver::validation {
namespace {

using Item = corev1::LimitRangeItem;
using Resources = api::FlatMap<api::Quantity>;

void check_type(Errors& errors, const Path& path, std::string_view type) {
  const api::Messages messages = api::is_qualified_name(type);
  check_messages(errors, path, type, messages);
  if (!messages.empty() || type.find('/') != std::string_view::npos) return;
  if (type != "Pod" && type != "Container" && type != "PersistentVolumeClaim")
    errors.push_back(field::invalid_string(path, type, "must be a standard limit type or fully qualified"));
}

void check_names(Errors& errors, const Path& path, const Item& item, const Resources& resources) {
  for (const auto& [name, quantity] : resources) {
    if (item.type == "Pod" || item.type == "Container") {
      check_container_resource_name(errors, path.key(name), name);
    } else {
      check_resource_name(errors, path.key(name), name);
    }
  }
}

// What an item says of one resource; nullptr: nothing.
struct Limits {
  const api::Quantity *min, *max, *default_, *request, *ratio;
};

// `low` above `high`: an error about `value`.
struct Order {
  std::string_view field, low_name, high_name;
  const api::Quantity *low, *high, *value;
};

void check_order(Errors& errors, const Path& path, std::string_view name, const Limits& limits) {
  const Order orders[] = {
      {"min", "min", "max", limits.min, limits.max, limits.min},
      {"defaultRequest", "min", "default request", limits.min, limits.request, limits.request},
      {"defaultRequest", "default request", "max", limits.request, limits.max, limits.request},
      {"defaultRequest", "default request", "default limit", limits.request, limits.default_, limits.request},
      {"default", "min", "default", limits.min, limits.default_, limits.min},
      {"default", "default", "max", limits.default_, limits.max, limits.max}};
  for (const Order& order : orders) {
    if (order.low == nullptr || order.high == nullptr || order.low->cmp(*order.high) <= 0) continue;
    errors.push_back(
        field::invalid_string(path.child(order.field).key(name), order.value->str(),
                              fmt::format("{} value {} is greater than {} value {}", order.low_name,
                                          order.low->str(), order.high_name, order.high->str())));
  }
}

void check_ratio(Errors& errors, const Path& path, const Limits& limits) {
  if (limits.ratio == nullptr) return;
  const api::Quantity& ratio = *limits.ratio;
  if (ratio.cmp(api::Quantity(1)) < 0) {
    errors.push_back(
        field::invalid_string(path, ratio.str(), fmt::format("ratio {} is less than 1", ratio.str())));
  }
  if (limits.min == nullptr || limits.max == nullptr) return;
  // In thousandths, unless that is too much for 64 bits.
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 1000;
  const bool small = ratio.value() < kMost && limits.min->value() < kMost && limits.max->value() < kMost;
  const double value =
      small ? static_cast<double>(ratio.milli_value()) / 1000 : static_cast<double>(ratio.value());
  const double most =
      small ? static_cast<double>(limits.max->milli_value()) / static_cast<double>(limits.min->milli_value())
            : static_cast<double>(limits.max->value()) / static_cast<double>(limits.min->value());
  if (value > most) {
    errors.push_back(field::invalid_string(
        path, ratio.str(), fmt::format("ratio {} is greater than max/min = {:f}", ratio.str(), most)));
  }
}

void check_resource(Errors& errors, const Path& path, std::string_view name, const Limits& limits) {
  check_order(errors, path, name, limits);
  check_ratio(errors, path.child("maxLimitRequestRatio").key(name), limits);
  if (is_overcommit_allowed(name) || limits.default_ == nullptr || limits.request == nullptr) return;
  if (limits.default_->cmp(*limits.request) == 0) return;
  errors.push_back(
      field::invalid_string(path.child("defaultRequest").key(name), limits.request->str(),
                            fmt::format("default value {} must equal to defaultRequest value {} in {}",
                                        limits.default_->str(), limits.request->str(), name)));
}

void check_item(Errors& errors, const Path& path, const Item& item) {
  const bool pod = item.type == "Pod";
  check_names(errors, path.child("max"), item, item.max);
  check_names(errors, path.child("min"), item, item.min);
  if (pod) {
    constexpr std::string_view kText = "may not be specified when `type` is 'Pod'";
    if (!item.default_.empty()) errors.push_back(field::forbidden(path.child("default"), kText));
    if (!item.defaultRequest.empty()) errors.push_back(field::forbidden(path.child("defaultRequest"), kText));
  } else {
    check_names(errors, path.child("default"), item, item.default_);
    check_names(errors, path.child("defaultRequest"), item, item.defaultRequest);
  }
  if (item.type == "PersistentVolumeClaim" && !item.min.contains("storage") &&
      !item.max.contains("storage")) {
    errors.push_back(
        field::required(path.child("limits"),
                        "either minimum or maximum storage value is required, but neither was provided"));
  }
  check_names(errors, path.child("maxLimitRequestRatio"), item, item.maxLimitRequestRatio);
  std::set<std::string> names;
  for (const Resources* list :
       {&item.max, &item.min, &item.default_, &item.defaultRequest, &item.maxLimitRequestRatio})
    for (const auto& [name, quantity] : *list) names.insert(name);
  for (const std::string& name : names) {
    check_resource(errors, path, name,
                   {item.min.get(name), item.max.get(name), pod ? nullptr : item.default_.get(name),
                    pod ? nullptr : item.defaultRequest.get(name), item.maxLimitRequestRatio.get(name)});
  }
}

}  // namespace

Errors validate_limit_range(const corev1::LimitRange& range) {
  Errors errors;
  std::set<std::string_view> types;
  for (size_t i = 0; i < range.spec.limits.size(); ++i) {
    const Path path = Path("spec").child("limits").index(i);
    const Item& item = range.spec.limits[i];
    check_type(errors, path.child("type"), item.type);
    if (!types.insert(item.type).second) errors.push_back(field::duplicate(path.child("type"), item.type));
    check_item(errors, path, item);
  }
  return errors;
}

Errors validate_limit_range_update(const corev1::LimitRange& range, const corev1::LimitRange&) {
  return validate_limit_range(range);
}

}  // namespace xebec::apiserver::validation
