#include <fmt/format.h>

#include <algorithm>

#include "apiserver/validation/conditions.h"
#include "apiserver/validation/devices.h"
#include "apiserver/validation/pod.h"
#include "apiserver/validation/volume_plugins.h"

namespace xebec::apiserver::validation {
namespace {

namespace v1 = resourcev1;

constexpr size_t kMostConsumers = 256, kMostResults = 32, kMostStatusConditions = 8,
                 kMostDataBytes = 10 << 10;
constexpr size_t kMostIps = 16, kLongestInterfaceName = 256, kLongestHardwareAddress = 128;

// Empty when it is one.
std::string uuid_error(std::string_view uid) {
  if (uid.size() != 36) return fmt::format("error validating uid: invalid UUID length: {}", uid.size());
  bool upper = false;
  for (size_t i = 0; i < uid.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const auto c = static_cast<unsigned char>(uid[i]);
    if (dash ? c != '-' : std::isxdigit(c) == 0) return "error validating uid: invalid UUID format";
    upper = upper || std::isupper(c) != 0;
  }
  if (!upper) return {};
  return "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase "
         "hexadecimal characters";
}

void check_share(Errors& errors, const Path& path, const std::optional<std::string>& share) {
  const std::string wrong = share ? uuid_error(*share) : "";
  if (!wrong.empty()) errors.push_back(field::invalid_string(path, *share, wrong));
}

// "driver/pool/device", and which share of it.
template <class Device>
std::string device_id(const Device& device) {
  std::string out = fmt::format("{}/{}/{}", device.driver, device.pool, device.device);
  if (device.shareID) out += fmt::format("/{}", *device.shareID);
  return out;
}

template <class Device>
void check_device(Errors& errors, const Path& path, const Device& device) {
  check_csi_driver_name(errors, path.child("driver"), device.driver);
  check_pool_name(errors, path.child("pool"), device.pool);
  check_dns_label(errors, path.child("device"), device.device);
}

void check_network(Errors& errors, const Path& path, const v1::NetworkDeviceData& data) {
  if (data.interfaceName.size() > kLongestInterfaceName)
    errors.push_back(field::too_long(path.child("interfaceName"), kLongestInterfaceName));
  if (data.hardwareAddress.size() > kLongestHardwareAddress)
    errors.push_back(field::too_long(path.child("hardwareAddress"), kLongestHardwareAddress));
  check_set(
      errors, path.child("ips"), data.ips, kMostIps, [](const std::string& ip) { return ip; },
      [&](const Path& at, const std::string& ip) {
        if (!is_cidr(ip)) {
          errors.push_back(field::invalid_string(
              at, ip, "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)"));
        }
      });
}

void check_device_status(Errors& errors, const Path& path, const v1::AllocatedDeviceStatus& device,
                         const std::set<std::string>& allocated) {
  check_device(errors, path, device);
  check_share(errors, path.child("shareID"), device.shareID);
  if (!allocated.contains(device_id(device)))
    errors.push_back(field::invalid(path, device_id(device), "must be an allocated device in the claim"));
  const Path conditions = path.child("conditions");
  if (device.conditions.size() > kMostStatusConditions) {
    errors.push_back(
        field::too_many(conditions, static_cast<int64_t>(device.conditions.size()), kMostStatusConditions));
  }
  check_conditions(errors, conditions, device.conditions);
  if (device.data && !device.data->empty())
    check_raw_object(errors, path.child("data"), *device.data, kMostDataBytes);
  if (device.networkData) check_network(errors, path.child("networkData"), *device.networkData);
}

void check_allocation(Errors& errors, const Path& path, const v1::AllocationResult& allocation,
                      const RequestNames& known) {
  const Path devices = path.child("devices");
  check_list(errors, devices.child("results"), allocation.devices.results, kMostResults,
             [&](const Path& at, const v1::DeviceRequestAllocationResult& result) {
               check_request_name(errors, at.child("request"), result.request, known);
               check_device(errors, at, result);
               check_binding_conditions(errors, at, result.bindingConditions,
                                        result.bindingFailureConditions);
               for (size_t i = 0; i < result.tolerations.size(); ++i)
                 check_device_toleration(errors, at.child("tolerations").index(i), result.tolerations[i]);
               check_share(errors, at.child("shareID"), result.shareID);
             });
  check_list(errors, devices.child("config"), allocation.devices.config, 2 * kMostConfigs,
             [&](const Path& at, const v1::DeviceAllocationConfiguration& config) {
               check_required_enum(errors, at.child("source"), config.source, {"FromClaim", "FromClass"});
               check_request_names(errors, at.child("requests"), config.requests, known);
               check_device_config(errors, at, config, false);
             });
  if (allocation.nodeSelector)
    check_node_selector(errors, path.child("nodeSelector"), *allocation.nodeSelector);
}

void check_consumers(Errors& errors, const Path& path,
                     const std::vector<v1::ResourceClaimConsumerReference>& consumers) {
  using Consumer = v1::ResourceClaimConsumerReference;
  check_set(
      errors, path, consumers, kMostConsumers, [](const Consumer& one) { return one.uid; },
      [&](const Path& at, const Consumer& one) {
        check_required(errors, at.child("resource"), one.resource);
        check_required(errors, at.child("name"), one.name);
        check_required(errors, at.child("uid"), one.uid);
      });
}

// Who uses a claim, uses what is allocated; nobody new does of one that is being deleted.
void check_reservation(Errors& errors, const Path& path, const DeviceClaim& claim, const DeviceClaim& old) {
  const auto &now = claim.status.reservedFor, &before = old.status.reservedFor;
  if (now.empty()) return;
  if (!claim.status.allocation)
    return void(errors.push_back(field::forbidden(path, "may not be specified when `allocated` is not set")));
  const bool adds = std::any_of(now.begin(), now.end(), [&](const auto& one) {
    return std::find(before.begin(), before.end(), one) == before.end();
  });
  if (claim.metadata.deletionTimestamp && adds) {
    errors.push_back(field::forbidden(
        path, "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"));
  }
}

}  // namespace

Errors validate_device_claim_status_update(const DeviceClaim& claim, const DeviceClaim& old) {
  Errors errors;
  const Path path("status"), reserved = path.child("reservedFor"), allocation = path.child("allocation");
  const v1::ResourceClaimStatus& status = claim.status;
  check_consumers(errors, reserved, status.reservedFor);
  std::set<std::string> allocated;
  if (status.allocation)
    for (const auto& result : status.allocation->devices.results) allocated.insert(device_id(result));
  check_set(
      errors, path.child("devices"), status.devices, std::string::npos,
      [](const v1::AllocatedDeviceStatus& device) { return device_id(device); },
      [&](const Path& at, const v1::AllocatedDeviceStatus& device) {
        check_device_status(errors, at, device, allocated);
      });
  check_reservation(errors, reserved, claim, old);
  if (status.allocation && old.status.allocation)
    check_immutable(errors, allocation, status.allocation == old.status.allocation,
                    go_json(*status.allocation));
  else if (status.allocation)
    check_allocation(errors, allocation, *status.allocation, request_names(claim.spec.devices));
  return errors;
}

}  // namespace xebec::apiserver::validation
