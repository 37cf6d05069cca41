// The addresses of a Service and their families: what they may be, and how they may change.
#include <fmt/format.h>

#include "apiserver/validation/core.h"

namespace xebec::apiserver::validation {
namespace {

using corev1::ServiceSpec;
using Texts = std::vector<std::string>;

bool is_external_name(const ServiceSpec& spec) { return spec.type == "ExternalName"; }

void refuse(Errors& errors, const Path& path, const Texts& value, std::string_view why) {
  errors.push_back(field::invalid(path, go_json(value), why));
}

void check_first_ip(Errors& errors, const Path& path, const ServiceSpec& spec) {
  if (spec.clusterIP.empty()) {
    if (!spec.clusterIPs.empty())
      refuse(errors, path, spec.clusterIPs, "must be empty when `clusterIP` is not specified");
  } else if (spec.clusterIPs.empty()) {
    errors.push_back(field::required(path));
  } else if (spec.clusterIPs[0] != spec.clusterIP) {
    refuse(errors, path, spec.clusterIPs, "first value must match `clusterIP`");
  }
}

void check_families(Errors& errors, const Path& path, const ServiceSpec& spec) {
  std::set<std::string> seen;
  const Path families = path.child("ipFamilies");
  for (size_t i = 0; i < spec.ipFamilies.size(); ++i) {
    check_enum(errors, families.index(i), std::string_view(spec.ipFamilies[i]), {"IPv4", "IPv6"});
    if (!seen.insert(spec.ipFamilies[i]).second)
      errors.push_back(field::duplicate(families.index(i), spec.ipFamilies[i]));
  }
  check_enum(errors, path.child("ipFamilyPolicy"), spec.ipFamilyPolicy,
             {"PreferDualStack", "RequireDualStack", "SingleStack"});
}

// False: an address is none. Those that were there `before` are not looked at again.
bool check_addresses(Errors& errors, const Path& path, const Texts& ips, const Texts& before) {
  bool valid = true;
  for (size_t i = 0; i < ips.size(); ++i) {
    if (i == 0 && ips[i] == "None") {
      if (ips.size() > 1) refuse(errors, path, ips, "'None' must be the first and only value");
      valid = valid && ips.size() == 1;
      continue;
    }
    if (std::find(before.begin(), before.end(), ips[i]) != before.end()) continue;
    const size_t count = errors.size();
    check_ip(errors, path.index(i), ips[i]);
    valid = valid && errors.size() == count;
  }
  if (ips.size() > 2) refuse(errors, path, ips, "may only hold up to 2 values");
  return valid;
}

void check_ips_of_families(Errors& errors, const Path& path, const ServiceSpec& spec) {
  if (is_headless(spec)) return;
  for (size_t i = 0; i < std::min(spec.clusterIPs.size(), spec.ipFamilies.size()); ++i) {
    const bool v6 = is_ipv6(spec.clusterIPs[i]);
    const std::string& family = spec.ipFamilies[i];
    if ((family == "IPv4" && v6) || (family == "IPv6" && !v6)) {
      errors.push_back(field::invalid_string(
          path.index(i), spec.clusterIPs[i],
          fmt::format("expected an {} value as indicated by `ipFamilies[{}]`", family, i)));
    }
  }
}

void check_released(Errors& errors, const ServiceSpec& spec, std::string_view what) {
  if (spec.ipFamilyPolicy == "SingleStack") return;
  errors.push_back(field::invalid_string(
      Path("spec").child("ipFamilyPolicy"), spec.ipFamilyPolicy.value_or("null"),
      fmt::format("must be set to 'SingleStack' when releasing the secondary {}", what)));
}

// The first one stays as it is; a second one may come, and go if the policy says so.
void check_list_change(Errors& errors, const Path& path, const Texts& now, const Texts& before,
                       const ServiceSpec& spec, std::string_view what) {
  constexpr std::string_view kText = "may not change once set";
  const bool is_ips = what == "clusterIP";
  if (now.size() == before.size()) {
    for (size_t i = 0; i < now.size(); ++i)
      if (now[i] != before[i]) refuse(errors, path.index(is_ips ? i : 0), now, kText);
    return;
  }
  if (now.size() < before.size() && spec.clusterIPs.empty())
    refuse(errors, path.index(0), now, fmt::format("primary {} can not be unset", what));
  if (!now.empty() && !before.empty() && now[0] != before[0])
    refuse(errors, path.index(0), spec.clusterIPs, kText);
  if (now.size() < before.size() && now.size() == 1) check_released(errors, spec, what);
}

}  // namespace

bool is_headless(const ServiceSpec& spec) {
  return spec.clusterIPs.size() == 1 && spec.clusterIPs[0] == "None";
}

void check_service_ips(Errors& errors, const ServiceSpec& spec, const ServiceSpec* old) {
  if (is_external_name(spec)) return;
  const Path path("spec"), ips = path.child("clusterIPs");
  check_first_ip(errors, ips, spec);
  check_families(errors, path, spec);
  if (!check_addresses(errors, ips, spec.clusterIPs, old != nullptr ? old->clusterIPs : Texts())) return;
  if (spec.clusterIPs.size() > 1 && !is_dual_stack(spec.clusterIPs))
    refuse(errors, ips, spec.clusterIPs, "may specify no more than one IP for each IP family");
  check_ips_of_families(errors, ips, spec);
}

void check_service_ip_changes(Errors& errors, const ServiceSpec& spec, const ServiceSpec& old) {
  if (is_external_name(spec) || is_external_name(old)) return;
  const Path path("spec");
  const bool headless = is_headless(spec), was_headless = is_headless(old);
  if (headless && was_headless) return;
  check_list_change(errors, path.child("clusterIPs"), spec.clusterIPs, old.clusterIPs, spec, "clusterIP");
  if (headless != was_headless) return;
  check_list_change(errors, path.child("ipFamilies"), spec.ipFamilies, old.ipFamilies, spec, "ipFamily");
}

}  // namespace xebec::apiserver::validation
