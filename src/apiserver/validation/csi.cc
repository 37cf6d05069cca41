// What CSI drivers say of themselves, of nodes and of storage.
#include <fmt/format.h>

#include "apiserver/validation/storage.h"
#include "apiserver/validation/volume_plugins.h"

namespace xebec::apiserver::validation {
namespace {

constexpr size_t kLongestNodeId = 256;
constexpr int64_t kShortestToken = 600, kLongestToken = int64_t{1} << 32, kShortestPeriod = 10;  // seconds

void check_tokens(Errors& errors, const Path& path, const std::vector<storagev1::TokenRequest>& requests) {
  std::set<std::string_view> audiences;
  for (size_t i = 0; i < requests.size(); ++i) {
    if (!audiences.insert(requests[i].audience).second) {
      errors.push_back(field::duplicate(path.index(i).child("audience"), requests[i].audience));
      continue;
    }
    if (!requests[i].expirationSeconds) continue;
    const int64_t seconds = *requests[i].expirationSeconds;
    const Path at = path.index(i).child("expirationSeconds");
    if (seconds < kShortestToken)
      errors.push_back(field::invalid_int(at, seconds, "may not specify a duration less than 10 minutes"));
    if (seconds > kLongestToken)
      errors.push_back(
          field::invalid_int(at, seconds, "may not specify a duration larger than 2^32 seconds"));
  }
}

void check_topology_keys(Errors& errors, const Path& path, const std::vector<std::string>& keys) {
  std::set<std::string_view> seen;
  for (const std::string& key : keys) {
    if (key.empty()) errors.push_back(field::required(path));
    if (!seen.insert(key).second) errors.push_back(field::duplicate(path, key));
    check_qualified_name(errors, path, key);
  }
}

void check_node_driver(Errors& errors, const Path& path, const storagev1::CSINodeDriver& driver,
                       std::set<std::string_view>& names) {
  check_csi_driver_name(errors, path.child("name"), driver.name);
  const Path id = path.child("nodeID");
  if (driver.nodeID.empty()) errors.push_back(field::required(id));
  if (driver.nodeID.size() > kLongestNodeId) {
    errors.push_back(field::invalid_string(id, driver.nodeID,
                                           fmt::format("must be {} characters or less", kLongestNodeId)));
  }
  if (driver.allocatable && driver.allocatable->count)
    check_non_negative(errors, path.child("allocatable").child("count"), *driver.allocatable->count);
  if (!names.insert(driver.name).second) errors.push_back(field::duplicate(path.child("name"), driver.name));
  check_topology_keys(errors, path, driver.topologyKeys);
}

std::string rendered(const std::optional<bool>& value) {
  return value ? (*value ? "true" : "false") : field::quote("null");
}

}  // namespace

Errors validate_csi_driver(const storagev1::CSIDriver& driver) {
  Errors errors;
  const Path path("spec");
  const storagev1::CSIDriverSpec& spec = driver.spec;
  auto require = [&](const std::optional<bool>& value, std::string_view name) {
    if (!value) errors.push_back(field::required(path.child(name)));
  };
  require(spec.attachRequired, "attachedRequired");
  require(spec.podInfoOnMount, "podInfoOnMount");
  require(spec.storageCapacity, "storageCapacity");
  check_enum(errors, path.child("fsGroupPolicy"), spec.fsGroupPolicy,
             {"File", "None", "ReadWriteOnceWithFSType"});
  check_tokens(errors, path.child("tokenRequests"), spec.tokenRequests);
  for (const std::string& mode : spec.volumeLifecycleModes)
    check_enum(errors, path.child("volumeLifecycleModes"), std::string_view(mode),
               {"Persistent", "Ephemeral"});
  require(spec.seLinuxMount, "seLinuxMount");
  if (spec.nodeAllocatableUpdatePeriodSeconds.value_or(kShortestPeriod) < kShortestPeriod) {
    errors.push_back(field::invalid_int(path.child("nodeAllocatableUpdatePeriodSeconds"),
                                        *spec.nodeAllocatableUpdatePeriodSeconds,
                                        "must be greater than or equal to 10 seconds"));
  }
  if (spec.serviceAccountTokenInSecrets && spec.tokenRequests.empty()) {
    errors.push_back(field::invalid(
        path.child("serviceAccountTokenInSecrets"), rendered(spec.serviceAccountTokenInSecrets),
        "serviceAccountTokenInSecrets is set but no tokenRequests are specified"));
  }
  return errors;
}

Errors validate_csi_driver_update(const storagev1::CSIDriver& driver, const storagev1::CSIDriver& old) {
  Errors errors = validate_csi_driver(driver);
  const Path path("spec");
  check_immutable(errors, path.child("attachedRequired"),
                  driver.spec.attachRequired == old.spec.attachRequired,
                  rendered(driver.spec.attachRequired));
  check_immutable(errors, path.child("volumeLifecycleModes"),
                  driver.spec.volumeLifecycleModes == old.spec.volumeLifecycleModes,
                  go_json(driver.spec.volumeLifecycleModes));
  return errors;
}

Errors validate_csi_node(const storagev1::CSINode& node) {
  Errors errors;
  const Path path = Path("spec").child("drivers");
  std::set<std::string_view> names;
  for (size_t i = 0; i < node.spec.drivers.size(); ++i)
    check_node_driver(errors, path.index(i), node.spec.drivers[i], names);
  return errors;
}

Errors validate_csi_node_update(const storagev1::CSINode& node, const storagev1::CSINode& old) {
  Errors errors = validate_csi_node(node);
  // How many volumes fit may change; the rest of a driver goes and comes as a whole.
  for (storagev1::CSINodeDriver before : old.spec.drivers) {
    for (storagev1::CSINodeDriver now : node.spec.drivers) {
      if (now.name != before.name) continue;
      now.allocatable.reset();
      before.allocatable.reset();
      check_immutable(errors, Path("spec").child("drivers"), now == before, go_json(now));
    }
  }
  return errors;
}

namespace {

Errors validate(const storagev1::CSIStorageCapacity& capacity, SelectorValues values) {
  Errors errors;
  if (capacity.nodeTopology)
    check_label_selector(errors, Path("nodeTopology"), *capacity.nodeTopology, values);
  check_dns_subdomain(errors, Path("storageClassName"), capacity.storageClassName);
  if (capacity.capacity && capacity.capacity->sign() < 0)
    errors.push_back(field::invalid_string(Path("capacity"), capacity.capacity->str(), kNonNegative));
  return errors;
}

}  // namespace

Errors validate_storage_capacity(const storagev1::CSIStorageCapacity& capacity) {
  return validate(capacity, SelectorValues::kChecked);
}

Errors validate_storage_capacity_update(const storagev1::CSIStorageCapacity& capacity,
                                        const storagev1::CSIStorageCapacity& old) {
  Errors errors = validate(capacity, values_after(old.nodeTopology.get()));
  check_immutable(errors, Path("nodeTopology"), capacity.nodeTopology == old.nodeTopology,
                  go_json(capacity.nodeTopology));
  check_immutable(errors, Path("storageClassName"), capacity.storageClassName == old.storageClassName,
                  field::quote(capacity.storageClassName));
  return errors;
}

}  // namespace xebec::apiserver::validation
