#include <fmt/format.h>

#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

void check_seccomp(Errors& errors, const Path& path, const corev1::SeccompProfile& profile) {
  if (profile.type == "Localhost") {
    if (!profile.localhostProfile) {
      errors.push_back(
          field::required(path.child("localhostProfile"), "must be set when seccomp type is Localhost"));
    } else {
      check_local_path(errors, path.child("localhostProfile"), *profile.localhostProfile);
    }
  } else if (profile.localhostProfile) {
    errors.push_back(field::invalid_string(path.child("localhostProfile"), *profile.localhostProfile,
                                           "can only be set when seccomp type is Localhost"));
  }
  if (profile.type.empty()) {
    errors.push_back(field::required(path.child("type"), "type is required when seccompProfile is set"));
  } else {
    check_enum(errors, path.child("type"), std::string_view(profile.type),
               {"Localhost", "RuntimeDefault", "Unconfined"});
  }
}

void check_app_armor(Errors& errors, const Path& path, const corev1::AppArmorProfile& profile) {
  if (profile.type == "Localhost") {
    if (!profile.localhostProfile || profile.localhostProfile->empty()) {
      errors.push_back(
          field::required(path.child("localhostProfile"), "must be set when AppArmor type is Localhost"));
    } else if (profile.localhostProfile->size() > 4095) {
      errors.push_back(field::too_long(path.child("localhostProfile"), 4095));
    }
  } else if (profile.localhostProfile) {
    errors.push_back(field::invalid_string(path.child("localhostProfile"), *profile.localhostProfile,
                                           "can only be set when AppArmor type is Localhost"));
  }
  if (profile.type.empty()) {
    errors.push_back(field::required(path.child("type"), "type is required when appArmorProfile is set"));
  } else {
    check_enum(errors, path.child("type"), std::string_view(profile.type),
               {"Localhost", "RuntimeDefault", "Unconfined"});
  }
}

bool sysctl_part(std::string_view part) {
  auto alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (part.empty() || !alnum(part.front()) || !alnum(part.back())) return false;
  return std::all_of(part.begin(), part.end(), [&](char c) { return alnum(c) || c == '-' || c == '_'; });
}

bool valid_sysctl(std::string_view name) {
  if (name.size() > 253) return false;
  size_t begin = 0;
  while (true) {
    size_t end = name.find_first_of("./", begin);
    if (!sysctl_part(name.substr(begin, end == std::string_view::npos ? end : end - begin))) return false;
    if (end == std::string_view::npos) return true;
    begin = end + 1;
  }
}

void check_sysctls(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  std::set<std::string> names;
  const auto& sysctls = spec.securityContext->sysctls;
  for (size_t i = 0; i < sysctls.size(); ++i) {
    const std::string& name = sysctls[i].name;
    Path at = path.index(i).child("name");
    if (name.empty()) {
      errors.push_back(field::required(at));
    } else if (!valid_sysctl(name)) {
      errors.push_back(
          field::invalid_string(at, name,
                                "must have at most 253 characters and match regex "
                                "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"));
    } else if (!names.insert(name).second) {
      errors.push_back(field::duplicate(at, name));
    }
    if (spec.hostNetwork && name.starts_with("net.")) {
      errors.push_back(field::invalid_string(at, name, "may not be specified when 'hostNetwork' is true"));
    }
    bool ipc = name.starts_with("kernel.shm") || name.starts_with("kernel.msg") || name == "kernel.sem" ||
               name.starts_with("fs.mqueue.");
    if (spec.hostIPC && ipc)
      errors.push_back(field::invalid_string(at, name, "may not be specified when 'hostIPC' is true"));
  }
}

bool adds_sys_admin(const corev1::SecurityContext& context) {
  if (!context.capabilities) return false;
  const auto& added = context.capabilities->add;
  return std::find(added.begin(), added.end(), "CAP_SYS_ADMIN") != added.end();
}

}  // namespace

void check_container_security(Errors& errors, const Path& path, const corev1::SecurityContext& context) {
  if (context.runAsUser) check_id(errors, path.child("runAsUser"), *context.runAsUser);
  if (context.runAsGroup) check_id(errors, path.child("runAsGroup"), *context.runAsGroup);
  check_enum(errors, path.child("procMount"), context.procMount, {"Default", "Unmasked"});
  if (context.seccompProfile) check_seccomp(errors, path.child("seccompProfile"), *context.seccompProfile);
  if (context.appArmorProfile)
    check_app_armor(errors, path.child("appArmorProfile"), *context.appArmorProfile);
  if (!context.allowPrivilegeEscalation || *context.allowPrivilegeEscalation) return;
  if (context.privileged.value_or(false)) {
    errors.push_back(
        field::invalid(path, "", "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"));
  }
  if (adds_sys_admin(context)) {
    errors.push_back(field::invalid(
        path, "", "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"));
  }
}

void check_pod_security(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  if (spec.shareProcessNamespace.value_or(false) && spec.hostPID) {
    errors.push_back(field::invalid(path.child("shareProcessNamespace"), "true",
                                    "ShareProcessNamespace and HostPID cannot both be enabled"));
  }
  if (!spec.securityContext) return;
  const corev1::PodSecurityContext& context = *spec.securityContext;
  if (context.fsGroup) check_id(errors, path.child("fsGroup"), *context.fsGroup);
  if (context.runAsUser) check_id(errors, path.child("runAsUser"), *context.runAsUser);
  if (context.runAsGroup) check_id(errors, path.child("runAsGroup"), *context.runAsGroup);
  for (size_t i = 0; i < context.supplementalGroups.size(); ++i) {
    check_id(errors, path.child("supplementalGroups").index(i), context.supplementalGroups[i]);
  }
  check_enum(errors, path.child("supplementalGroupsPolicy"), context.supplementalGroupsPolicy,
             {"Merge", "Strict"});
  check_enum(errors, path.child("fsGroupChangePolicy"), context.fsGroupChangePolicy,
             {"Always", "OnRootMismatch"});
  check_enum(errors, path.child("seLinuxChangePolicy"), context.seLinuxChangePolicy,
             {"MountOption", "Recursive"});
  check_sysctls(errors, path.child("sysctls"), spec);
  if (context.seccompProfile) check_seccomp(errors, path.child("seccompProfile"), *context.seccompProfile);
  if (context.appArmorProfile)
    check_app_armor(errors, path.child("appArmorProfile"), *context.appArmorProfile);
}

}  // namespace xebec::apiserver::validation
