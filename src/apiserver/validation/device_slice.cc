#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apiserver/validation/devices.h"
#include "apiserver/validation/pod.h"
#include "apiserver/validation/volume_plugins.h"

namespace xebec::apiserver::validation {
namespace {

namespace v1 = resourcev1;

constexpr size_t kMostDevices = 128, kMostRichDevices = 64, kMostProperties = 32, kMostTaints = 16;
constexpr size_t kMostCounterSets = 8, kMostCounters = 32, kMostConsumptions = 2, kLongestValue = 64;
constexpr size_t kLongestAttributeName = 63 + 1 + 32, kMostValidValues = 10;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; }

// Non-empty words between dots; a number of a release or pre-release has no leading zero.
bool are_words(std::string_view text, bool numbers_only, bool zeros) {
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('.', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    if (word.empty() || !std::all_of(word.begin(), word.end(), is_word)) return false;
    const bool number = std::all_of(word.begin(), word.end(), is_digit);
    if (numbers_only && !number) return false;
    if (!zeros && number && word.size() > 1 && word[0] == '0') return false;
    begin = end + 1;
  }
  return true;
}

// "1.2.3-alpha.1+build.5" (semver.org).
bool is_semantic_version(std::string_view text) {
  if (const size_t plus = text.find('+'); plus != std::string_view::npos) {
    if (!are_words(text.substr(plus + 1), false, true)) return false;
    text = text.substr(0, plus);
  }
  if (const size_t dash = text.find('-'); dash != std::string_view::npos) {
    if (!are_words(text.substr(dash + 1), false, false)) return false;
    text = text.substr(0, dash);
  }
  return std::count(text.begin(), text.end(), '.') == 2 && are_words(text, true, false);
}

// A key in a path, cut in the middle when it is too long.
std::string shortened(std::string_view key, size_t most) {
  if (key.size() <= most) return std::string(key);
  const size_t rest = most - 3;
  return fmt::format("{}...{}", key.substr(0, (rest + 1) / 2), key.substr(key.size() - rest / 2));
}

void check_version(Errors& errors, const Path& path, std::string_view version) {
  if (!is_semantic_version(version))
    errors.push_back(
        field::invalid_string(path, version, "must be a string compatible with semver.org spec 2.0.0"));
  if (version.size() > kLongestValue) errors.push_back(field::too_long(path, kLongestValue));
}

void check_text(Errors& errors, const Path& path, std::string_view text) {
  if (text.size() > kLongestValue) errors.push_back(field::too_long(path, kLongestValue));
}

void check_attribute(Errors& errors, const Path& path, const v1::DeviceAttribute& attribute) {
  const int values = attribute.bool_.has_value() + attribute.int_.has_value() +
                     attribute.string.has_value() + attribute.version.has_value() +
                     !attribute.bools.empty() + !attribute.ints.empty() + !attribute.strings.empty() +
                     !attribute.versions.empty();
  if (attribute.string) check_text(errors, path.child("string"), *attribute.string);
  if (attribute.version) check_version(errors, path.child("version"), *attribute.version);
  for (size_t i = 0; i < attribute.strings.size(); ++i)
    check_text(errors, path.child("strings").index(i), attribute.strings[i]);
  for (size_t i = 0; i < attribute.versions.size(); ++i)
    check_version(errors, path.child("versions").index(i), attribute.versions[i]);
  constexpr std::string_view kOne = "exactly one value must be specified";
  if (values == 0) errors.push_back(field::invalid_string(path, "", kOne));
  if (values > 1) errors.push_back(field::invalid(path, go_json(attribute), kOne));
}

void refuse(Errors& errors, const Path& path, const api::Quantity& value, std::string_view detail) {
  errors.push_back(field::invalid_string(path, value.str(), detail));
}

void check_valid_values(Errors& errors, const Path& path, const api::Quantity& usual,
                        const api::Quantity& capacity, const std::vector<api::Quantity>& values) {
  for (size_t i = 1; i < values.size(); ++i)
    if (values[i - 1] > values[i])
      refuse(errors, path.index(i), values[i], "values must be sorted in ascending order");
  check_set(
      errors, path, values, kMostValidValues,
      [](const api::Quantity& value) { return std::to_string(value.value()); },
      [&](const Path& at, const api::Quantity& value) {
        if (value > capacity)
          refuse(errors, at, value, fmt::format("option is larger than capacity value: {}", capacity.str()));
      });
  if (std::find(values.begin(), values.end(), usual) == values.end())
    refuse(errors, path, usual, "default value is not valid according to the requestPolicy");
}

void check_step(Errors& errors, const Path& path, const api::Quantity& value, const api::Quantity& min,
                const api::Quantity& step) {
  if (step.value() == 0 || (value.value() - min.value()) % step.value() == 0) return;
  refuse(errors, path, value,
         fmt::format("value is not a multiple of a given step ({}) from ({})", step.str(), min.str()));
}

void check_valid_range(Errors& errors, const Path& path, const api::Quantity& usual,
                       const api::Quantity& capacity, const v1::CapacityRequestPolicyRange& range) {
  const Path usual_path = path.child("default"), max_path = path.child("max"), step_path = path.child("step");
  if (!range.min)
    return void(errors.push_back(field::required(path.child("min"), "required when validRange is defined")));
  const api::Quantity& min = *range.min;
  if (min > capacity)
    refuse(errors, path.child("min"), min, fmt::format("min is larger than capacity value: {}", capacity.str()));
  if (usual < min)
    refuse(errors, usual_path, usual, fmt::format("default is less than min: {}", min.str()));
  if (range.max) {
    const api::Quantity& max = *range.max;
    if (min > max) refuse(errors, max_path, min, fmt::format("min is larger than max: {}", max.str()));
    if (max > capacity)
      refuse(errors, max_path, max, fmt::format("max is larger than capacity value: {}", capacity.str()));
    if (usual > max) refuse(errors, usual_path, usual, fmt::format("default is more than max: {}", max.str()));
  }
  if (!range.step) return;
  if (range.step->sign() <= 0) return refuse(errors, step_path, *range.step, "must be greater than zero");
  api::Quantity first = min;
  first.add(*range.step);
  if (first > capacity)
    refuse(errors, step_path, *range.step,
           fmt::format("one step {} is larger than capacity value: {}", first.str(), capacity.str()));
  check_step(errors, step_path, usual, min, *range.step);
  if (range.max) check_step(errors, step_path, *range.max, min, *range.step);
}

void check_request_policy(Errors& errors, const Path& path, const api::Quantity& capacity,
                          const v1::CapacityRequestPolicy& policy) {
  const bool values = !policy.validValues.empty();
  if (values && policy.validRange) {
    errors.push_back(field::forbidden(path,
                                      "exactly one policy can be specified, cannot specify \"validValues\" and "
                                      "\"validRange\" at the same time"));
    return;
  }
  if (!values && !policy.validRange) return;
  if (!policy.default_) {
    errors.push_back(
        field::required(path.child("default"),
                        fmt::format("required when {} is defined", values ? "validValues" : "validRange")));
  } else if (values) {
    check_valid_values(errors, path.child("validValues"), *policy.default_, capacity, policy.validValues);
  } else {
    check_valid_range(errors, path.child("validRange"), *policy.default_, capacity, *policy.validRange);
  }
}

void check_capacity(Errors& errors, const Path& path, const v1::Device& device) {
  for (const auto& [name, capacity] : device.capacity) {
    const Path policy = path.key(shortened(name, kLongestAttributeName)).child("requestPolicy");
    check_attribute_name(errors, path, name);
    if (!capacity.requestPolicy) continue;
    if (device.allowMultipleAllocations.value_or(false))
      check_request_policy(errors, policy, capacity.value, *capacity.requestPolicy);
    else
      errors.push_back(field::forbidden(policy, "allowMultipleAllocations must be true"));
  }
}

void check_taint(Errors& errors, const Path& path, const v1::DeviceTaint& taint) {
  check_qualified_name(errors, path.child("key"), taint.key);
  if (!taint.value.empty()) check_label_value(errors, path.child("value"), taint.value);
  check_required_enum(errors, path.child("effect"), taint.effect, {"NoExecute", "NoSchedule", "None"});
}

void check_counters(Errors& errors, const Path& path, const api::FlatMap<v1::Counter>& counters) {
  if (counters.empty()) return void(errors.push_back(field::required(path)));
  if (counters.size() > kMostCounters) {
    errors.push_back(field::too_many(path, static_cast<int64_t>(counters.size()), kMostCounters));
    return;
  }
  for (const auto& [name, counter] : counters) check_dns_label(errors, path, name);
}

void check_counter_name(Errors& errors, const Path& path, std::string_view name) {
  if (name.empty())
    errors.push_back(field::required(path));
  else
    check_dns_label(errors, path, name);
}

// Those of the three ways to say on which nodes that are used.
std::vector<std::string_view> check_nodes(Errors& errors, const Path& path,
                                          const std::optional<std::string>& name,
                                          const api::Box<corev1::NodeSelector>& selector,
                                          const std::optional<bool>& all, std::string_view empty_name) {
  std::vector<std::string_view> out;
  if (name && name->empty()) errors.push_back(field::invalid_string(path.child("nodeName"), "", empty_name));
  if (name && !name->empty()) {
    out.emplace_back("`nodeName`");
    check_dns_subdomain(errors, path.child("nodeName"), *name);
  }
  if (selector) {
    out.emplace_back("`nodeSelector`");
    check_node_selector(errors, path.child("nodeSelector"), *selector);
  }
  if (all.value_or(false)) out.emplace_back("`allNodes`");
  if (all && !*all)
    errors.push_back(field::invalid(path.child("allNodes"), "false", "must be either unset or set to true"));
  return out;
}

void check_one(Errors& errors, const Path& path, const std::vector<std::string_view>& used,
               std::string_view detail, std::string_view many) {
  if (used.empty()) errors.push_back(field::required(path, detail));
  if (used.size() < 2) return;
  errors.push_back(field::invalid_string(path, fmt::format("{{{}}}", fmt::join(used, ", ")),
                                         fmt::format("{}{}", detail, many)));
}

void check_device_nodes(Errors& errors, const Path& path, const v1::Device& device, bool per_device) {
  if (per_device) {
    const auto used = check_nodes(errors, path, device.nodeName, device.nodeSelector, device.allNodes,
                                  "must not be empty");
    check_one(errors, path, used,
              "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when "
              "`perDeviceNodeSelection` is set to true in the ResourceSlice spec",
              "");
  } else if (device.nodeName || device.nodeSelector || device.allNodes) {
    errors.push_back(field::invalid(path, "\"null\"",
                                    "`nodeName`, `nodeSelector` and `allNodes` can only be set if "
                                    "`perDeviceNodeSelection` is set to true in the ResourceSlice spec"));
  }
}

void check_device(Errors& errors, const Path& path, const v1::Device& device, const v1::Device* old,
                  bool per_device) {
  check_dns_label(errors, path.child("name"), device.name);
  const size_t properties = device.attributes.size() + device.capacity.size();
  if (properties > kMostProperties) {
    errors.push_back(field::invalid_int(
        path, static_cast<int64_t>(properties),
        fmt::format("the total number of attributes and capacities must not exceed {}", kMostProperties)));
  }
  const Path attributes = path.child("attributes");
  for (const auto& [name, attribute] : device.attributes) {
    check_attribute_name(errors, attributes, name);
    check_attribute(errors, attributes.key(shortened(name, kLongestAttributeName)), attribute);
  }
  if (old == nullptr || !(old->capacity == device.capacity))
    check_capacity(errors, path.child("capacity"), device);
  if (old == nullptr || !(old->taints == device.taints))
    check_list(errors, path.child("taints"), device.taints, kMostTaints,
               [&](const Path& at, const v1::DeviceTaint& taint) { check_taint(errors, at, taint); });
  check_set(
      errors, path.child("consumesCounters"), device.consumesCounters, kMostConsumptions,
      [](const v1::DeviceCounterConsumption& one) { return one.counterSet; },
      [&](const Path& at, const v1::DeviceCounterConsumption& one) {
        check_counter_name(errors, at.child("counterSet"), one.counterSet);
        check_counters(errors, at.child("counters"), one.counters);
      });
  check_device_nodes(errors, path, device, per_device);
  check_binding_conditions(errors, path, device.bindingConditions, device.bindingFailureConditions);
}

void check_slice_nodes(Errors& errors, const Path& path, const v1::ResourceSliceSpec& spec) {
  auto used = check_nodes(errors, path, spec.nodeName, spec.nodeSelector, spec.allNodes,
                          "must be either unset or set to a non-empty string");
  if (spec.nodeSelector && spec.nodeSelector->nodeSelectorTerms.size() != 1) {
    errors.push_back(field::invalid(path.child("nodeSelector").child("nodeSelectorTerms"),
                                    go_json(spec.nodeSelector->nodeSelectorTerms),
                                    "must have exactly one node selector term"));
  }
  if (spec.perDeviceNodeSelection.value_or(false)) used.emplace_back("`perDeviceNodeSelection`");
  if (spec.perDeviceNodeSelection && !*spec.perDeviceNodeSelection) {
    errors.push_back(field::invalid(path.child("perDeviceNodeSelection"), "false",
                                    "must be either unset or set to true"));
  }
  check_one(errors, path, used,
            "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required",
            ", but multiple fields are set");
}

void check_pool(Errors& errors, const Path& path, const v1::ResourcePool& pool) {
  check_pool_name(errors, path.child("name"), pool.name);
  if (pool.resourceSliceCount <= 0)
    errors.push_back(field::invalid_int(path.child("resourceSliceCount"), pool.resourceSliceCount,
                                        "must be greater than zero"));
  if (pool.generation < 0)
    errors.push_back(field::invalid_int(path.child("generation"), pool.generation,
                                        "must be greater than or equal to zero"));
}

const v1::Device* find_device(const v1::ResourceSliceSpec* spec, std::string_view name) {
  if (spec == nullptr) return nullptr;
  for (const v1::Device& device : spec->devices)
    if (device.name == name) return &device;
  return nullptr;
}

// Slices of devices that say much of themselves have fewer.
bool is_rich(const v1::Device& device) {
  return !device.taints.empty() || !device.consumesCounters.empty() ||
         std::any_of(device.attributes.begin(), device.attributes.end(), [](const auto& named) {
           const v1::DeviceAttribute& attribute = named.second;
           return !attribute.bools.empty() || !attribute.ints.empty() || !attribute.strings.empty() ||
                  !attribute.versions.empty();
         });
}

Errors check_slice(const v1::ResourceSliceSpec& spec, const v1::ResourceSliceSpec* old) {
  Errors errors;
  const Path path("spec");
  check_csi_driver_name(errors, path.child("driver"), spec.driver);
  check_pool(errors, path.child("pool"), spec.pool);
  if (old != nullptr) {
    check_immutable(errors, path.child("pool").child("name"), spec.pool.name == old->pool.name,
                    field::quote(spec.pool.name));
    check_immutable(errors, path.child("driver"), spec.driver == old->driver, field::quote(spec.driver));
    check_immutable(errors, path.child("nodeName"), spec.nodeName == old->nodeName,
                    field::quote(spec.nodeName.value_or("null")));
  }
  check_slice_nodes(errors, path, spec);
  if (!spec.sharedCounters.empty() && !spec.devices.empty())
    errors.push_back(field::invalid_string(path, "", "only one of `sharedCounters` or `devices` is allowed"));
  const bool rich = std::any_of(spec.devices.begin(), spec.devices.end(), is_rich);
  check_set(
      errors, path.child("devices"), spec.devices, rich ? kMostRichDevices : kMostDevices,
      [](const v1::Device& device) { return device.name; },
      [&](const Path& at, const v1::Device& device) {
        check_device(errors, at, device, find_device(old, device.name),
                     spec.perDeviceNodeSelection.value_or(false));
      });
  check_set(
      errors, path.child("sharedCounters"), spec.sharedCounters, kMostCounterSets,
      [](const v1::CounterSet& set) { return set.name; },
      [&](const Path& at, const v1::CounterSet& set) {
        check_counter_name(errors, at.child("name"), set.name);
        check_counters(errors, at.child("counters"), set.counters);
      });
  return errors;
}

}  // namespace

Errors validate_resource_slice(const v1::ResourceSlice& slice) { return check_slice(slice.spec, nullptr); }

Errors validate_resource_slice_update(const v1::ResourceSlice& slice, const v1::ResourceSlice& old) {
  return check_slice(slice.spec, &old.spec);
}

}  // namespace xebec::apiserver::validation
