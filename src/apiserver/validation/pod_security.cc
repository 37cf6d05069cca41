#include <fmt/format.h>

#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

void check_seccomp(Errors& errors, const Path& path, const corev1::SeccompProfile& profile) {
  if (profile.type.empty()) {
    errors.push_back(field::required(path.child("type"), "type is required when seccompProfile is set"));
  } else {
    check_enum(errors, path.child("type"), std::string_view(profile.type),
               {"Localhost", "RuntimeDefault", "Unconfined"});
  }
  const Path file = path.child("localhostProfile");
  if (profile.type == "Localhost") {
    if (!profile.localhostProfile) {
      errors.push_back(field::required(file, "must be set when seccomp type is Localhost"));
    } else {
      check_local_path(errors, file, *profile.localhostProfile);
    }
  } else if (profile.localhostProfile) {
    errors.push_back(
        field::invalid(file, go_json(profile), "can only be set when seccomp type is Localhost"));
  }
}

void check_app_armor_file(Errors& errors, const Path& path, const std::optional<std::string>& profile) {
  constexpr std::string_view kMissing = "must be set when AppArmor type is Localhost";
  if (!profile) return void(errors.push_back(field::required(path, kMissing)));
  auto space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  if (profile->empty()) {
    errors.push_back(field::required(path, kMissing));
  } else if (space(profile->front()) || space(profile->back())) {
    errors.push_back(field::invalid_string(path, *profile, "must not be padded with whitespace"));
  }
  if (profile->size() > 4095) errors.push_back(field::too_long(path, 4095));
}

void check_app_armor(Errors& errors, const Path& path, const corev1::AppArmorProfile& profile) {
  const Path file = path.child("localhostProfile");
  if (profile.type == "Localhost") {
    check_app_armor_file(errors, file, profile.localhostProfile);
  } else if (profile.type == "RuntimeDefault" || profile.type == "Unconfined") {
    if (profile.localhostProfile) {
      errors.push_back(field::invalid_string(file, *profile.localhostProfile,
                                             "can only be set when AppArmor type is Localhost"));
    }
  } else if (profile.type.empty()) {
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

// With dots between its parts, as the kernel's documentation writes it.
std::string dotted(std::string_view name) {
  std::string out(name);
  const size_t first = name.find_first_of("./");
  if (first != std::string_view::npos && name[first] == '/') {
    for (char& c : out) c = c == '/' ? '.' : c == '.' ? '/' : c;
  }
  return out;
}

bool ipc_sysctl(std::string_view name) {
  return name == "kernel.sem" || name.starts_with("kernel.shm") || name.starts_with("kernel.msg") ||
         name.starts_with("fs.mqueue.");
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
    } else if (names.contains(name)) {
      errors.push_back(field::duplicate(at, name));
    }
    const std::string plain = dotted(name);
    if (spec.hostNetwork && plain.starts_with("net.")) {
      errors.push_back(field::invalid_string(at, name, "may not be specified when 'hostNetwork' is true"));
    } else if (spec.hostIPC && ipc_sysctl(plain)) {
      errors.push_back(field::invalid_string(at, name, "may not be specified when 'hostIPC' is true"));
    }
    names.insert(name);
  }
}

void check_escalation(Errors& errors, const Path& path, const corev1::SecurityContext& context) {
  if (context.allowPrivilegeEscalation.value_or(true)) return;
  if (context.privileged.value_or(false)) {
    errors.push_back(field::invalid(
        path, go_json(context), "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"));
  }
  if (!context.capabilities) return;
  for (const std::string& capability : context.capabilities->add) {
    if (capability != "CAP_SYS_ADMIN") continue;
    errors.push_back(field::invalid(
        path, go_json(context),
        "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"));
  }
}

}  // namespace

bool is_sysctl_segment(std::string_view part) { return sysctl_part(part); }

void check_container_security(Errors& errors, const Path& path, const corev1::SecurityContext& context,
                              bool host_users) {
  if (context.runAsUser) check_id(errors, path.child("runAsUser"), *context.runAsUser);
  if (context.runAsGroup) check_id(errors, path.child("runAsGroup"), *context.runAsGroup);
  check_enum(errors, path.child("procMount"), context.procMount, {"Default", "Unmasked"});
  if (host_users && context.procMount == "Unmasked") {
    errors.push_back(field::invalid_string(path.child("procMount"), *context.procMount,
                                           "`hostUsers` must be false to use `Unmasked`"));
  }
  if (context.seccompProfile) check_seccomp(errors, path.child("seccompProfile"), *context.seccompProfile);
  check_escalation(errors, path, context);
  if (context.windowsOptions)
    check_windows_options(errors, path.child("windowsOptions"), *context.windowsOptions);
  if (context.appArmorProfile)
    check_app_armor(errors, path.child("appArmorProfile"), *context.appArmorProfile);
}

void check_pod_security(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  if (!spec.securityContext) return;
  const corev1::PodSecurityContext& context = *spec.securityContext;
  if (context.fsGroup) check_id(errors, path.child("fsGroup"), *context.fsGroup);
  if (context.runAsUser) check_id(errors, path.child("runAsUser"), *context.runAsUser);
  if (context.runAsGroup) check_id(errors, path.child("runAsGroup"), *context.runAsGroup);
  for (size_t i = 0; i < context.supplementalGroups.size(); ++i)
    check_id(errors, path.child("supplementalGroups").index(i), context.supplementalGroups[i]);
  if (spec.shareProcessNamespace.value_or(false) && spec.hostPID) {
    errors.push_back(field::invalid(path.child("shareProcessNamespace"), "true",
                                    "ShareProcessNamespace and HostPID cannot both be enabled"));
  }
  check_sysctls(errors, path.child("sysctls"), spec);
  check_enum(errors, path.child("fsGroupChangePolicy"), context.fsGroupChangePolicy,
             {"Always", "OnRootMismatch"});
  if (context.seccompProfile) check_seccomp(errors, path.child("seccompProfile"), *context.seccompProfile);
  if (context.windowsOptions)
    check_windows_options(errors, path.child("windowsOptions"), *context.windowsOptions);
  if (context.appArmorProfile)
    check_app_armor(errors, path.child("appArmorProfile"), *context.appArmorProfile);
  check_enum(errors, path.child("supplementalGroupsPolicy"), context.supplementalGroupsPolicy,
             {"Merge", "Strict"});
  check_enum(errors, path.child("seLinuxChangePolicy"), context.seLinuxChangePolicy,
             {"MountOption", "Recursive"});
}

}  // namespace xebec::apiserver::validation
