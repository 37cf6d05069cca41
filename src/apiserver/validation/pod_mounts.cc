// volumeMounts and volumeDevices of a container.
#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

using corev1::Container;

// Where the container has each volume: mount or device path, the last one counts.
using Places = std::map<std::string_view, std::string_view>;

bool has_path(const Places& places, std::string_view path) {
  return std::any_of(places.begin(), places.end(), [&](const auto& place) { return place.second == path; });
}

void check_recursive_read_only(Errors& errors, const Path& path, const corev1::VolumeMount& mount) {
  if (!mount.recursiveReadOnly || *mount.recursiveReadOnly == "Disabled") return;
  if (*mount.recursiveReadOnly != "Enabled" && *mount.recursiveReadOnly != "IfPossible")
    return check_enum(errors, path, mount.recursiveReadOnly, {"Disabled", "Enabled", "IfPossible"});
  if (!mount.readOnly)
    errors.push_back(field::forbidden(path, "may only be specified when readOnly is true"));
  if (mount.mountPropagation && *mount.mountPropagation != "None") {
    errors.push_back(
        field::forbidden(path, "may only be specified when mountPropagation is None or not specified"));
  }
}

void check_sub_paths(Errors& errors, const Path& path, const Path& at, const corev1::VolumeMount& mount) {
  if (!mount.subPath.empty()) check_local_path(errors, path.child("subPath"), mount.subPath);
  if (mount.subPathExpr.empty()) return;
  if (!mount.subPath.empty()) {
    errors.push_back(field::invalid_string(at.child("subPathExpr"), mount.subPathExpr,
                                           "subPathExpr and subPath are mutually exclusive"));
  }
  check_local_path(errors, path.child("subPathExpr"), mount.subPathExpr);
}

void check_propagation(Errors& errors, const Path& path, const corev1::VolumeMount& mount,
                       const Container& container) {
  check_enum(errors, path, mount.mountPropagation, {"Bidirectional", "HostToContainer", "None"});
  const bool privileged = container.securityContext && container.securityContext->privileged.value_or(false);
  if (mount.mountPropagation == "Bidirectional" && !privileged) {
    errors.push_back(
        field::forbidden(path, "Bidirectional mount propagation is available only to privileged containers"));
  }
}

// Some paths carry no index: upstream's do not.
void check_volume_mounts(Errors& errors, const Path& path, const Container& container,
                         const PodContext& context, const Places& devices) {
  std::set<std::string> points;
  for (size_t i = 0; i < container.volumeMounts.size(); ++i) {
    const corev1::VolumeMount& mount = container.volumeMounts[i];
    const Path at = path.index(i);
    check_required(errors, at.child("name"), mount.name);
    if (!context.volumes.contains(mount.name))
      errors.push_back(field::not_found(at.child("name"), mount.name));
    check_required(errors, at.child("mountPath"), mount.mountPath);
    if (!points.insert(mount.mountPath).second)
      errors.push_back(field::invalid_string(at.child("mountPath"), mount.mountPath, "must be unique"));
    if (devices.contains(mount.name)) {
      errors.push_back(
          field::invalid_string(at.child("name"), mount.name, "must not already exist in volumeDevices"));
    }
    if (has_path(devices, mount.mountPath)) {
      errors.push_back(field::invalid_string(at.child("mountPath"), mount.mountPath,
                                             "must not already exist as a path in volumeDevices"));
    }
    check_sub_paths(errors, path, at, mount);
    if (mount.mountPropagation) check_propagation(errors, path.child("mountPropagation"), mount, container);
    check_recursive_read_only(errors, path.child("recursiveReadOnly"), mount);
  }
}

void check_device_volume(Errors& errors, const Path& at, std::string_view name, const PodContext& context) {
  auto volume = context.volumes.find(name);
  if (volume == context.volumes.end()) {
    errors.push_back(field::not_found(at, name));
  } else if (!volume->second->persistentVolumeClaim && !volume->second->ephemeral) {
    errors.push_back(field::invalid_string(
        at, name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"));
  }
}

void check_device_path(Errors& errors, const Path& at, const std::string& device,
                       std::set<std::string>& paths) {
  check_required(errors, at, device);
  if (paths.contains(device)) errors.push_back(field::invalid_string(at, device, "must be unique"));
  Errors backsteps;
  check_no_backsteps(backsteps, at, device);
  if (!device.empty() && !backsteps.empty()) {
    errors.push_back(field::invalid_string(at, device, "can not contain backsteps ('..')"));
  } else {
    paths.insert(device);
  }
}

void check_volume_devices(Errors& errors, const Path& path, const Container& container,
                          const PodContext& context, const Places& mounts) {
  std::set<std::string> names, paths;
  for (size_t i = 0; i < container.volumeDevices.size(); ++i) {
    const corev1::VolumeDevice& device = container.volumeDevices[i];
    const Path name_path = path.index(i).child("name"), device_path = path.index(i).child("devicePath");
    check_required(errors, name_path, device.name);
    if (names.contains(device.name))
      errors.push_back(field::invalid_string(name_path, device.name, "must be unique"));
    check_device_volume(errors, name_path, device.name, context);
    check_device_path(errors, device_path, device.devicePath, paths);
    if (mounts.contains(device.name)) {
      errors.push_back(
          field::invalid_string(name_path, device.name, "must not already exist in volumeMounts"));
    }
    if (has_path(mounts, device.devicePath)) {
      errors.push_back(field::invalid_string(device_path, device.devicePath,
                                             "must not already exist as a path in volumeMounts"));
    }
    if (!device.name.empty()) names.insert(device.name);
  }
}

}  // namespace

void check_mounts(Errors& errors, const Path& container_path, const Container& container,
                  const PodContext& context) {
  Places mounts, devices;
  for (const corev1::VolumeMount& mount : container.volumeMounts) mounts[mount.name] = mount.mountPath;
  for (const corev1::VolumeDevice& device : container.volumeDevices) devices[device.name] = device.devicePath;
  check_volume_mounts(errors, container_path.child("volumeMounts"), container, context, devices);
  check_volume_devices(errors, container_path.child("volumeDevices"), container, context, mounts);
}

}  // namespace xebec::apiserver::validation
