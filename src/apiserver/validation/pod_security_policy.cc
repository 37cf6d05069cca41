// Validation of policy/v1beta1 PodSecurityPolicies (k8s.io/kubernetes/pkg/apis/policy/validation of their
// time).
#include "apiserver/validation/pod_security_policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "apiserver/validation/pod.h"
#include "apiserver/validation/volume_plugins.h"

namespace xebec::apiserver::validation {
namespace {

namespace v1beta1 = policyv1beta1;
using Names = std::vector<std::string>;

constexpr std::string_view kAll = "*";
constexpr size_t kLongestSysctl = 253;
constexpr std::string_view kSysctlPattern =
    "([a-z0-9]([-_a-z0-9]*[a-z0-9])?\\.)*([a-z0-9][-_a-z0-9]*)?[a-z0-9*]";

bool has(const Names& names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

void check_ranges(Errors& errors, const Path& path, const std::vector<v1beta1::IDRange>& ranges) {
  for (size_t i = 0; i < ranges.size(); ++i) {
    const auto& [min, max] = std::pair(ranges[i].min, ranges[i].max);
    const Path at = path.index(i);
    if (min < 0) errors.push_back(field::invalid_int(at.child("min"), min, "min cannot be negative"));
    if (max < 0) errors.push_back(field::invalid_int(at.child("max"), max, "max cannot be negative"));
    if (min > max)
      errors.push_back(field::invalid_int(at.child("min"), min, "min cannot be greater than max"));
  }
}

template <class Options>
void check_strategy(Errors& errors, const Path& path, const Options& options,
                    std::initializer_list<std::string_view> rules) {
  check_enum(errors, path.child("rule"), std::string_view(options.rule), rules);
  check_ranges(errors, path.child("ranges"), options.ranges);
}

void check_group(Errors& errors, const Path& path, const v1beta1::RunAsGroupStrategyOptions& group) {
  const Path ranges = path.child("ranges");
  if (group.rule == "RunAsAny") {
    if (!group.ranges.empty())
      errors.push_back(field::invalid(ranges, go_json(group.ranges), "Ranges must be empty"));
  } else if (group.rule == "MustRunAs" || group.rule == "MayRunAs") {
    if (group.ranges.empty())
      errors.push_back(field::invalid(ranges, "null", "must provide at least one range"));
    check_ranges(errors, ranges, group.ranges);
  } else {
    check_enum(errors, path.child("rule"), std::string_view(group.rule),
               {"MustRunAs", "RunAsAny", "MayRunAs"});
  }
}

void check_volumes(Errors& errors, const Path& path, const Names& volumes) {
  for (const std::string& volume : volumes) {
    check_enum(errors, path, std::string_view(volume),
               {"*",
                "awsElasticBlockStore",
                "azureDisk",
                "azureFile",
                "cephFS",
                "cinder",
                "configMap",
                "csi",
                "downwardAPI",
                "emptyDir",
                "ephemeral",
                "fc",
                "flexVolume",
                "flocker",
                "gcePersistentDisk",
                "gitRepo",
                "glusterfs",
                "hostPath",
                "iscsi",
                "nfs",
                "persistentVolumeClaim",
                "photonPersistentDisk",
                "portworxVolume",
                "projected",
                "quobyte",
                "rbd",
                "scaleIO",
                "secret",
                "storageos",
                "vsphereVolume"});
  }
}

// Upstream leaves `spec` out of these paths.
void check_capabilities(Errors& errors, const v1beta1::PodSecurityPolicySpec& spec) {
  const Names& drops = spec.requiredDropCapabilities;
  if (!drops.empty() && has(spec.allowedCapabilities, kAll))
    errors.push_back(field::invalid(Path("requiredDropCapabilities"), go_json(drops),
                                    "must be empty when all capabilities are allowed by a wildcard"));
  const auto against = [&](std::string_view name, const Names& capabilities) {
    for (const std::string& capability : capabilities)
      if (has(drops, capability))
        errors.push_back(field::invalid_string(
            Path(name), capability,
            fmt::format("capability is listed in {} and requiredDropCapabilities", name)));
  };
  against("defaultAddCapabilities", spec.defaultAddCapabilities);
  against("allowedCapabilities", spec.allowedCapabilities);
}

void check_host_paths(Errors& errors, const Path& path, const std::vector<v1beta1::AllowedHostPath>& paths) {
  for (size_t i = 0; i < paths.size(); ++i) {
    const std::string& prefix = paths[i].pathPrefix;
    if (prefix.empty()) return void(errors.push_back(field::required(path.index(i), "is required")));
    if (fmt::format("/{}/", prefix).find("/../") != std::string::npos)
      errors.push_back(field::invalid_string(path.index(i), prefix, "must not contain '..'"));
  }
}

// What kSysctlPattern says: segments, the last of which may end in an asterisk.
bool is_sysctl_pattern(std::string_view name) {
  if (name.size() > kLongestSysctl) return false;
  for (size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
    if (!is_sysctl_segment(name.substr(0, dot))) return false;
    name.remove_prefix(dot + 1);
  }
  if (!name.ends_with('*')) return is_sysctl_segment(name);
  name.remove_suffix(1);
  while (name.size() > 1 && (name.ends_with('-') || name.ends_with('_'))) name.remove_suffix(1);
  return name.empty() || is_sysctl_segment(name);
}

void check_sysctls(Errors& errors, const Path& path, const Names& sysctls) {
  bool all = false;
  for (size_t i = 0; i < sysctls.size(); ++i) {
    const std::string& name = sysctls[i];
    if (name.empty()) {
      errors.push_back(field::invalid_string(path.index(i), name, "empty sysctl not allowed"));
    } else if (!is_sysctl_pattern(name)) {
      errors.push_back(field::invalid_string(
          path.index(i), name,
          fmt::format("must have at most {} characters and match regex {}", kLongestSysctl, kSysctlPattern)));
    } else if (name[0] == '*') {
      all = true;
    }
  }
  if (all && sysctls.size() > 1)
    errors.push_back(
        field::forbidden(path.child("items"), "if '*' is present, must not specify other sysctls"));
}

// A name, or what begins with a prefix.
struct Sysctl {
  explicit Sysctl(std::string_view text)
      : name(text), pattern(text.ends_with('*')), prefix(text.substr(0, text.size() - (pattern ? 1 : 0))) {}
  bool covers(const Sysctl& other) const { return pattern ? other.prefix.starts_with(prefix) : false; }
  std::string_view name;
  bool pattern;
  std::string_view prefix;
};

void check_overlap(Errors& errors, const Path& spec, const Names& allowed, const Names& forbidden) {
  for (size_t i = 0; i < allowed.size(); ++i) {
    for (size_t j = 0; j < forbidden.size(); ++j) {
      const Sysctl a(allowed[i]), f(forbidden[j]);
      const bool same = !a.pattern && !f.pattern && a.name == f.name;
      if (same || f.covers(a)) {
        errors.push_back(field::invalid_string(spec.child("allowedUnsafeSysctls").index(i), a.name,
                                               fmt::format("sysctl overlaps with {}", f.name)));
      } else if (a.covers(f)) {
        errors.push_back(field::invalid_string(spec.child("forbiddenSysctls").index(j), f.name,
                                               fmt::format("sysctl overlaps with {}", a.name)));
      }
    }
  }
}

void check_runtime_classes(Errors& errors, const Path& path,
                           const v1beta1::RuntimeClassStrategyOptions& options) {
  const Path allowed = path.child("allowedRuntimeClassNames");
  const Names& names = options.allowedRuntimeClassNames;
  std::set<std::string_view> seen;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] != kAll) check_dns_subdomain(errors, allowed.index(i), names[i]);
    if (!seen.insert(names[i]).second) errors.push_back(field::duplicate(allowed.index(i), names[i]));
  }
  if (options.defaultRuntimeClassName) {
    const std::string& name = *options.defaultRuntimeClassName;
    check_dns_subdomain(errors, path.child("defaultRuntimeClassName"), name);
    if (!seen.contains(name) && !seen.contains(kAll))
      errors.push_back(
          field::required(allowed, fmt::format("default {} must be allowed", field::quote(name))));
  }
  if (seen.contains(kAll) && names.size() > 1)
    errors.push_back(field::invalid(allowed, go_json(names),
                                    "if '*' is present, must not specify other RuntimeClass names"));
}

// The parts of a list apart by commas, empty ones too.
std::vector<std::string_view> parts_of(std::string_view list) {
  std::vector<std::string_view> out;
  for (size_t comma = 0; comma != std::string_view::npos;) {
    comma = list.find(',');
    out.push_back(list.substr(0, comma));
    if (comma != std::string_view::npos) list.remove_prefix(comma + 1);
  }
  return out;
}

// Profiles that Pods get, and those they may have.
void check_annotations(Errors& errors, const api::FlatMap<std::string>& annotations) {
  const Path path = Path("metadata").child("annotations");
  const std::string app_armor = "apparmor.security.beta.kubernetes.io/";
  const std::string seccomp = "seccomp.security.alpha.kubernetes.io/";
  const auto value = [&](const std::string& key) {
    const std::string* found = annotations.get(key);
    return found == nullptr ? std::string_view() : std::string_view(*found);
  };
  const auto check_app_armor = [&](const std::string& key, std::string_view profile) {
    if (const std::string error = app_armor_error(profile); !error.empty())
      errors.push_back(field::invalid_string(path.key(key), value(key), error));
  };
  const std::string standard = "defaultProfileName", allowed = "allowedProfileNames";
  if (!value(app_armor + standard).empty())
    check_app_armor(app_armor + standard, value(app_armor + standard));
  if (!value(app_armor + allowed).empty())
    for (std::string_view profile : parts_of(value(app_armor + allowed)))
      check_app_armor(app_armor + allowed, profile);
  if (!value(seccomp + standard).empty())
    check_seccomp_text(errors, path.key(seccomp + standard), value(seccomp + standard));
  if (value(seccomp + allowed).empty()) return;
  for (std::string_view profile : parts_of(value(seccomp + allowed)))
    if (profile != kAll) check_seccomp_text(errors, path.key(seccomp + allowed), profile);
}

}  // namespace

Errors validate_pod_security_policy(const v1beta1::PodSecurityPolicy& policy) {
  Errors errors;
  const auto& s = policy.spec;
  const Path spec("spec");
  check_annotations(errors, policy.metadata.annotations);
  check_strategy(errors, spec.child("runAsUser"), s.runAsUser, {"MustRunAs", "MustRunAsNonRoot", "RunAsAny"});
  if (s.runAsGroup) check_group(errors, spec.child("runAsGroup"), *s.runAsGroup);
  check_enum(errors, spec.child("seLinux").child("rule"), std::string_view(s.seLinux.rule),
             {"MustRunAs", "RunAsAny"});
  check_strategy(errors, spec.child("supplementalGroups"), s.supplementalGroups,
                 {"MayRunAs", "MustRunAs", "RunAsAny"});
  check_strategy(errors, spec.child("fsGroup"), s.fsGroup, {"MayRunAs", "MustRunAs", "RunAsAny"});
  check_volumes(errors, spec.child("volumes"), s.volumes);
  check_capabilities(errors, s);
  if (s.defaultAllowPrivilegeEscalation.value_or(false) && !s.allowPrivilegeEscalation.value_or(true))
    errors.push_back(field::invalid(spec.child("defaultAllowPrivilegeEscalation"), "true",
                                    "Cannot set DefaultAllowPrivilegeEscalation to true without also setting "
                                    "AllowPrivilegeEscalation to true"));
  for (size_t i = 0; i < s.allowedProcMountTypes.size(); ++i)
    check_enum(errors, spec.child("allowedProcMountTypes").index(i),
               std::string_view(s.allowedProcMountTypes[i]), {"Default", "Unmasked"});
  check_host_paths(errors, spec.child("allowedHostPaths"), s.allowedHostPaths);
  for (size_t i = 0; i < s.allowedFlexVolumes.size(); ++i)
    check_required(errors,
                   spec.child("allowedFlexVolumes").child("allowedFlexVolumes").index(i).child("driver"),
                   s.allowedFlexVolumes[i].driver, "must specify a driver");
  for (size_t i = 0; i < s.allowedCSIDrivers.size(); ++i)
    check_csi_driver_name(errors,
                          spec.child("allowedCSIDrivers").child("allowedCSIDriver").index(i).child("name"),
                          s.allowedCSIDrivers[i].name);
  check_sysctls(errors, spec.child("allowedUnsafeSysctls"), s.allowedUnsafeSysctls);
  check_sysctls(errors, spec.child("forbiddenSysctls"), s.forbiddenSysctls);
  check_overlap(errors, spec, s.allowedUnsafeSysctls, s.forbiddenSysctls);
  if (s.runtimeClass) check_runtime_classes(errors, spec.child("runtimeClass"), *s.runtimeClass);
  return errors;
}

Errors validate_pod_security_policy_update(const v1beta1::PodSecurityPolicy& policy,
                                           const v1beta1::PodSecurityPolicy&) {
  return validate_pod_security_policy(policy);
}

}  // namespace xebec::apiserver::validation
