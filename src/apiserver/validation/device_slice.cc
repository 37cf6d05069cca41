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
constexpr size_t kMostCounterSets = 8, kMostCounters = 32, kMostConsumptions = 2;

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
    const auto used =
        check_nodes(errors, path, device.nodeName, device.nodeSelector, device.allNodes, "must not be empty");
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
  check_device_attributes(errors, path.child("attributes"), device);
  if (old == nullptr || !(old->capacity == device.capacity))
    check_device_capacity(errors, path.child("capacity"), device);
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
    errors.push_back(
        field::invalid(path.child("perDeviceNodeSelection"), "false", "must be either unset or set to true"));
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
