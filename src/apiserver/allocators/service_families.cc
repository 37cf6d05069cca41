#include "apiserver/allocators/service_families.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/gen/corev1.h"
#include "apiserver/validation/addresses.h"
#include "apiserver/validation/core.h"

namespace xebec::apiserver {
namespace {

using corev1::Service;
using corev1::ServiceSpec;

const field::Path kSpec("spec");
const field::Path kPolicy = kSpec.child("ipFamilyPolicy");

bool is_single(const ServiceSpec& spec) { return spec.ipFamilyPolicy == "SingleStack"; }

bool is_selectorless(const Service& service) { return is_headless(service) && service.spec.selector.empty(); }

std::string other_family(const std::string& family) { return family == "IPv4" ? "IPv6" : "IPv4"; }

bool has(const std::vector<std::string>& cluster, const std::string& family) {
  return std::find(cluster.begin(), cluster.end(), family) != cluster.end();
}

Result<void> refused(const Service& service, const field::Errors& errors) {
  if (errors.empty()) return {};
  return fail(errors::invalid(KindName{"", "Service"}, service.metadata.name, field::causes(errors)));
}

// No fixed default: a Service changes between one and two families only when it is told to.
void default_policy(Service& service, const Service* old) {
  if (service.spec.ipFamilyPolicy) return;
  if (old != nullptr && old->spec.ipFamilyPolicy) {
    service.spec.ipFamilyPolicy = old->spec.ipFamilyPolicy;
  } else {
    service.spec.ipFamilyPolicy = is_selectorless(service) ? "RequireDualStack" : "SingleStack";
  }
}

bool is_reduced(const std::vector<std::string>& now, const std::vector<std::string>& before) {
  return !now.empty() && now.size() < before.size();
}

void settle_change(ServiceSpec& spec, const ServiceSpec& old, field::Errors& errors) {
  if (is_single(spec)) {
    // With nothing else changed it is clear what is meant. The first address cannot change.
    if (spec.clusterIPs == old.clusterIPs && spec.clusterIPs.size() > 1) spec.clusterIPs.resize(1);
    if (spec.ipFamilies == old.ipFamilies && spec.ipFamilies.size() > 1) spec.ipFamilies.resize(1);
    return;
  }
  if (is_reduced(spec.clusterIPs, old.clusterIPs))
    errors.push_back(field::invalid_string(kPolicy, *spec.ipFamilyPolicy,
                                           "must be 'SingleStack' to release the secondary cluster IP"));
  if (is_reduced(spec.ipFamilies, old.ipFamilies))
    errors.push_back(field::invalid_string(kPolicy, *spec.ipFamilyPolicy,
                                           "must be 'SingleStack' to release the secondary IP family"));
}

void check_policy(const ServiceSpec& spec, field::Errors& errors) {
  constexpr std::string_view kText =
      "must be 'RequireDualStack' or 'PreferDualStack' when multiple {} are specified";
  if (!is_single(spec)) return;
  if (spec.clusterIPs.size() == 2)
    errors.push_back(field::invalid_string(kPolicy, *spec.ipFamilyPolicy, fmt::format(kText, "cluster IPs")));
  if (spec.ipFamilies.size() == 2)
    errors.push_back(field::invalid_string(kPolicy, *spec.ipFamilyPolicy, fmt::format(kText, "IP families")));
}

void infer_from_addresses(ServiceSpec& spec, const std::vector<std::string>& cluster, field::Errors& errors) {
  for (size_t i = 0; i < spec.clusterIPs.size(); ++i) {
    if (spec.clusterIPs[i] == "None") return;
    if (i < spec.ipFamilies.size()) continue;
    std::string family = validation::is_ipv6(spec.clusterIPs[i]) ? "IPv6" : "IPv4";
    if (has(cluster, family)) {
      spec.ipFamilies.push_back(std::move(family));
    } else {
      errors.push_back(field::invalid(kSpec.child("clusterIPs").index(i),
                                      validation::go_json(spec.clusterIPs),
                                      fmt::format("{} is not configured on this cluster", family)));
    }
  }
}

void check_cluster(const ServiceSpec& spec, const std::vector<std::string>& cluster, field::Errors& errors) {
  if (spec.ipFamilyPolicy == "RequireDualStack" && cluster.size() < 2)
    errors.push_back(field::invalid_string(kPolicy, *spec.ipFamilyPolicy,
                                           "this cluster is not configured for dual-stack services"));
  for (size_t i = 0; i < spec.ipFamilies.size(); ++i)
    if (!has(cluster, spec.ipFamilies[i]))
      errors.push_back(field::invalid_string(kSpec.child("ipFamilies").index(i), spec.ipFamilies[i],
                                             "not configured on this cluster"));
}

}  // namespace

bool is_headless(const Service& service) {
  return service.spec.clusterIP == "None" ||
         (service.spec.clusterIPs.size() == 1 && service.spec.clusterIPs[0] == "None");
}

bool keeps_families(const Service& service, const Service* old) {
  constexpr std::string_view kPrefer = "PreferDualStack";
  return old != nullptr && old->spec.type != "ExternalName" && service.spec.ipFamilyPolicy == kPrefer &&
         old->spec.ipFamilyPolicy == kPrefer && service.spec.clusterIPs == old->spec.clusterIPs &&
         service.spec.ipFamilies == old->spec.ipFamilies;
}

Result<void> settle_families(Service& service, const Service* old, const std::vector<std::string>& cluster) {
  ServiceSpec& spec = service.spec;
  if (spec.type == "ExternalName" || keeps_families(service, old)) return {};
  default_policy(service, old);
  // What comes below need not think of malformed addresses and families.
  field::Errors errors;
  validation::check_service_ips(errors, spec);
  TRY_VOID(refused(service, errors));
  if (old != nullptr) settle_change(spec, old->spec, errors);
  check_policy(spec, errors);
  infer_from_addresses(spec, cluster, errors);
  TRY_VOID(refused(service, errors));
  if (is_selectorless(service)) {
    // Whoever writes its endpoints decides; any family will do.
    if (spec.ipFamilies.empty()) spec.ipFamilies.push_back(cluster[0]);
    if (!is_single(spec) && spec.ipFamilies.size() == 1)
      spec.ipFamilies.push_back(other_family(spec.ipFamilies[0]));
    return {};
  }
  check_cluster(spec, cluster, errors);
  TRY_VOID(refused(service, errors));
  if (spec.ipFamilies.empty()) spec.ipFamilies.push_back(cluster[0]);
  if (!is_single(spec) && spec.ipFamilies.size() == 1 && cluster.size() == 2)
    spec.ipFamilies.push_back(other_family(spec.ipFamilies[0]));
  return {};
}

}  // namespace xebec::apiserver
