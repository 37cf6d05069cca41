// What belongs to one operating system only: options of Windows containers, spec.os.
#include <fmt/format.h>

#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

bool any_of(std::string_view text, std::string_view characters) {
  return text.find_first_of(characters) != std::string_view::npos;
}

bool net_bios_name(std::string_view name) {
  return !name.empty() && name.size() <= 15 && name[0] != '.' && !any_of(name, "\\/:*?\"<>|");
}

bool dns_name(std::string_view name) {
  auto alnum = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('.', begin), name.size());
    const std::string_view label = name.substr(begin, end - begin);
    if (label.empty() || label.size() > 63 || !alnum(label.front()) || !alnum(label.back())) return false;
    if (!std::all_of(label.begin(), label.end(), [&](char c) { return alnum(c) || c == '-'; })) return false;
    begin = end + 1;
  }
  return true;
}

// DOMAIN\user, where the domain may be left out.
void check_run_as(Errors& errors, const Path& path, const std::string& name) {
  auto refuse = [&](bool bad, std::string_view why) {
    if (bad) errors.push_back(field::invalid_string(path, name, why));
    return bad;
  };
  auto control = [](char c) { return std::iscntrl(static_cast<unsigned char>(c)) != 0; };
  if (refuse(name.empty(), "runAsUserName cannot be an empty string")) return;
  if (refuse(std::any_of(name.begin(), name.end(), control),
             "runAsUserName cannot contain control characters"))
    return;
  if (refuse(std::count(name.begin(), name.end(), '\\') > 1,
             "runAsUserName cannot contain more than one backslash"))
    return;
  const size_t slash = name.find('\\');
  const bool has_domain = slash != std::string::npos;
  const std::string_view domain = has_domain ? std::string_view(name).substr(0, slash) : std::string_view();
  const std::string_view user =
      has_domain ? std::string_view(name).substr(slash + 1) : std::string_view(name);
  refuse(domain.size() >= 256, "runAsUserName's Domain length must be under 256 characters");
  refuse(has_domain && !net_bios_name(domain) && !dns_name(domain),
         "runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  refuse(user.empty(), "runAsUserName's User cannot be empty");
  refuse(user.size() > 104, "runAsUserName's User length must not be longer than 104 characters");
  refuse(!user.empty() && user.find_first_not_of(". ") == std::string_view::npos,
         "runAsUserName's User cannot contain only periods or spaces");
  refuse(any_of(user, "\"/\\:;|=,+*?<>@[]"),
         "runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]");
}

void check_linux(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  auto refuse = [&](const Path& at) {
    errors.push_back(
        field::forbidden(at.child("windowsOptions"), "windows options cannot be set for a linux pod"));
  };
  if (spec.securityContext && spec.securityContext->windowsOptions) refuse(path.child("securityContext"));
  visit_containers(spec, path, [&](const corev1::Container& container, const Path& at) {
    if (container.securityContext && container.securityContext->windowsOptions)
      refuse(at.child("securityContext"));
  });
}

class Refusals {
 public:
  explicit Refusals(Errors& errors) : errors_(errors) {}
  void operator()(const Path& path, std::string_view name, bool set) const {
    if (set) errors_.push_back(field::forbidden(path.child(name), "cannot be set for a windows pod"));
  }

 private:
  Errors& errors_;
};

void check_windows_pod(const Refusals& refuse, const Path& path, const corev1::PodSpec& spec) {
  if (!spec.securityContext) return;
  const corev1::PodSecurityContext& context = *spec.securityContext;
  const Path at = path.child("securityContext");
  refuse(at, "appArmorProfile", bool(context.appArmorProfile));
  refuse(at, "seLinuxOptions", bool(context.seLinuxOptions));
  refuse(path, "hostUsers", spec.hostUsers.has_value());
  refuse(path, "hostPID", spec.hostPID);
  refuse(path, "hostIPC", spec.hostIPC);
  refuse(at, "seccompProfile", bool(context.seccompProfile));
  refuse(at, "fsGroup", context.fsGroup.has_value());
  refuse(at, "fsGroupChangePolicy", context.fsGroupChangePolicy.has_value());
  refuse(at, "sysctls", !context.sysctls.empty());
  refuse(path, "shareProcessNamespace", spec.shareProcessNamespace.has_value());
  refuse(at, "runAsUser", context.runAsUser.has_value());
  refuse(at, "runAsGroup", context.runAsGroup.has_value());
  refuse(at, "supplementalGroups", !context.supplementalGroups.empty());
  refuse(at, "supplementalGroupsPolicy", context.supplementalGroupsPolicy.has_value());
  refuse(at, "seLinuxChangePolicy", context.seLinuxChangePolicy.has_value());
}

void check_windows_container(const Refusals& refuse, const Path& at, const corev1::SecurityContext& context) {
  refuse(at, "appArmorProfile", bool(context.appArmorProfile));
  refuse(at, "seLinuxOptions", bool(context.seLinuxOptions));
  refuse(at, "seccompProfile", bool(context.seccompProfile));
  refuse(at, "capabilities", bool(context.capabilities));
  refuse(at, "readOnlyRootFilesystem", context.readOnlyRootFilesystem.has_value());
  refuse(at, "privileged", context.privileged.has_value());
  refuse(at, "allowPrivilegeEscalation", context.allowPrivilegeEscalation.has_value());
  refuse(at, "procMount", context.procMount.has_value());
  refuse(at, "runAsUser", context.runAsUser.has_value());
  refuse(at, "runAsGroup", context.runAsGroup.has_value());
}

std::optional<bool> host_process(const api::Box<corev1::WindowsSecurityContextOptions>& options) {
  return options ? options->hostProcess : std::nullopt;
}

}  // namespace

void check_windows_options(Errors& errors, const Path& path,
                           const corev1::WindowsSecurityContextOptions& options) {
  if (options.gmsaCredentialSpecName)
    check_dns_subdomain(errors, path.child("gmsaCredentialSpecName"), *options.gmsaCredentialSpecName);
  if (options.gmsaCredentialSpec) {
    const std::string& spec = *options.gmsaCredentialSpec;
    if (spec.empty()) {
      errors.push_back(field::invalid_string(path.child("gmsaCredentialSpec"), spec,
                                             "gmsaCredentialSpec cannot be an empty string"));
    } else if (spec.size() > 64 * 1024) {
      errors.push_back(field::invalid_string(path.child("gmsaCredentialSpec"), spec,
                                             "gmsaCredentialSpec size must be under 64 KiB"));
    }
  }
  if (options.runAsUserName) check_run_as(errors, path.child("runAsUserName"), *options.runAsUserName);
}

void check_host_process(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  const std::optional<bool> pod =
      spec.securityContext ? host_process(spec.securityContext->windowsOptions) : std::nullopt;
  int containers = 0, on_host = 0;
  visit_containers(spec, path, [&](const corev1::Container& container, const Path& at) {
    ++containers;
    const std::optional<bool> own =
        container.securityContext ? host_process(container.securityContext->windowsOptions) : std::nullopt;
    if (pod && own && *pod != *own) {
      errors.push_back(field::invalid(
          at.child("securityContext").child("windowsOptions").child("hostProcess"), *own ? "true" : "false",
          fmt::format("pod hostProcess value must be identical if both are specified, was {}", *pod)));
    }
    if (own.value_or(pod.value_or(false))) ++on_host;
  });
  if (on_host == 0) return;
  if (on_host != containers) {
    errors.push_back(
        field::invalid_string(path, "",
                              "If pod contains any hostProcess containers then all containers must be "
                              "HostProcess containers"));
  }
  if (!spec.hostNetwork) {
    errors.push_back(field::invalid(path.child("hostNetwork"), "false",
                                    "hostNetwork must be true if pod contains any hostProcess containers"));
  }
}

void check_os(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  if (!spec.os) return;
  const std::string& name = spec.os->name;
  if (name.empty()) {
    errors.push_back(field::required(path.child("os").child("name")));
  } else if (name == "linux") {
    check_linux(errors, path, spec);
  } else if (name == "windows") {
    const Refusals refuse(errors);
    check_windows_pod(refuse, path, spec);
    visit_containers(spec, path, [&](const corev1::Container& container, const Path& at) {
      if (container.securityContext)
        check_windows_container(refuse, at.child("securityContext"), *container.securityContext);
    });
  } else {
    check_enum(errors, path.child("os"), std::string_view(name), {"linux", "windows"});
  }
}

}  // namespace xebec::apiserver::validation
