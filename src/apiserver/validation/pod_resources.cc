// Requests, limits and resource claims of containers and of whole Pods.
#include <fmt/format.h>

#include "apiserver/validation/pod.h"
#include "apiserver/validation/resources.h"

namespace xebec::apiserver::validation {
namespace {

using Resources = api::FlatMap<api::Quantity>;
using Claims = std::set<std::string, std::less<>>;
using NameCheck = void (*)(Errors&, const Path&, std::string_view);

bool pod_level(std::string_view name) { return name == "cpu" || name == "memory" || is_huge_page(name); }

void check_pod_resource_name(Errors& errors, const Path& path, std::string_view name) {
  const size_t before = errors.size();
  check_resource_name(errors, path, name);
  if (errors.size() != before || pod_level(name)) return;
  check_enum(errors, path, name, {"cpu", "hugepages-", "memory"});
}

void check_amount(Errors& errors, const Path& path, std::string_view name, const api::Quantity& quantity,
                  NameCheck check_name) {
  check_name(errors, path, name);
  check_resource_quantity(errors, path, name, quantity);
}

void check_huge_page(Errors& errors, const Path& path, std::string_view name, const api::Quantity& quantity) {
  if (!is_huge_page(name) || is_whole_huge_pages(name, quantity)) return;
  errors.push_back(field::invalid_string(
      path, quantity.str(), fmt::format("{} is not positive integer multiple of {}", quantity.str(), name)));
}

void check_request_within_limit(Errors& errors, const Path& path, std::string_view name,
                                const api::Quantity& request, const Resources& limits) {
  const bool overcommit = is_overcommit_allowed(name);
  const api::Quantity* limit = limits.get(name);
  if (limit == nullptr) {
    if (!overcommit)
      errors.push_back(
          field::required(path.child("limits"), "Limit must be set for non overcommitable resources"));
  } else if (!overcommit && request.cmp(*limit) != 0) {
    errors.push_back(
        field::invalid_string(path.child("requests"), request.str(),
                              fmt::format("must be equal to {} limit of {}", name, limit->str())));
  } else if (request.cmp(*limit) > 0) {
    errors.push_back(field::invalid_string(
        path.child("requests"), request.str(),
        fmt::format("must be less than or equal to {} limit of {}", name, limit->str())));
  }
}

void check_claim_names(Errors& errors, const Path& path, const std::vector<corev1::ResourceClaim>& claims,
                       const Claims& known) {
  std::set<std::string> seen;
  for (size_t i = 0; i < claims.size(); ++i) {
    const std::string& name = claims[i].name;
    const Path at = path.index(i);
    if (name.empty()) {
      errors.push_back(field::required(at));
      continue;
    }
    if (seen.contains(name)) {
      errors.push_back(field::duplicate(at, name));
    } else {
      std::string key = name;
      if (!claims[i].request.empty()) {
        check_dns_label(errors, at.child("request"), claims[i].request);
        key += "/" + claims[i].request;
      }
      if (seen.contains(key)) {
        errors.push_back(field::duplicate(at, key));
      } else if (claims[i].request.empty()) {
        for (const std::string& other : seen)
          if (other.starts_with(name + "/")) errors.push_back(field::duplicate(at, name));
      }
      seen.insert(key);
    }
    if (known.contains(name)) continue;
    field::Error error = field::not_found(at, name);
    error.body += ": must be one of the names in pod.spec.resourceClaims";
    error.body += known.empty() ? " which is empty" : fmt::format(": {}", fmt::join(known, ", "));
    errors.push_back(std::move(error));
  }
}

void check_requirements(Errors& errors, const Path& path, const corev1::ResourceRequirements& resources,
                        NameCheck check_name, const Claims& claims) {
  bool huge = false, company = false;
  auto note = [&](std::string_view name) {
    huge = huge || is_huge_page(name);
    company = company || name == "cpu" || name == "memory";
  };
  for (const auto& [name, limit] : resources.limits) {
    const Path at = path.child("limits").key(name);
    check_amount(errors, at, name, limit, check_name);
    check_huge_page(errors, at, name, limit);
    note(name);
  }
  for (const auto& [name, request] : resources.requests) {
    const Path at = path.child("requests").key(name);
    check_amount(errors, at, name, request, check_name);
    check_request_within_limit(errors, path, name, request, resources.limits);
    check_huge_page(errors, at, name, request);
    note(name);
  }
  if (huge && !company) errors.push_back(field::forbidden(path, "HugePages require cpu or memory"));
  check_claim_names(errors, path.child("claims"), resources.claims, claims);
}

void add(Resources& total, const Resources& more) {
  for (const auto& [name, quantity] : more) total[name].add(quantity);
}

void raise(Resources& most, const Resources& other) {
  for (const auto& [name, quantity] : other)
    if (quantity.cmp(most[name]) > 0) most[name] = quantity;
}

// What the containers request together: main ones and sidecars at a time, or the greediest init container.
Resources together(const corev1::PodSpec& spec, Resources corev1::ResourceRequirements::*list) {
  Resources running, sidecars, starting;
  for (const corev1::Container& container : spec.containers) add(running, container.resources.*list);
  for (const corev1::Container& container : spec.initContainers) {
    Resources now = sidecars;
    add(now, container.resources.*list);
    if (is_sidecar(container)) {
      add(running, container.resources.*list);
      sidecars = now;
    }
    raise(starting, now);
  }
  raise(running, starting);
  return running;
}

void check_consistency(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  for (const auto& [name, requested] : together(spec, &corev1::ResourceRequirements::requests)) {
    const api::Quantity* pod = spec.resources->requests.get(name);
    if (pod == nullptr || requested.cmp(*pod) <= 0) continue;
    errors.push_back(field::invalid_string(
        path.child("requests").key(name), pod->str(),
        fmt::format("must be greater than or equal to aggregate container requests of {}", requested.str())));
  }
  for (const auto& [name, limit] : together(spec, &corev1::ResourceRequirements::limits)) {
    const api::Quantity* pod = spec.resources->limits.get(name);
    if (!is_huge_page(name) || pod == nullptr || limit.cmp(*pod) <= 0) continue;
    errors.push_back(field::invalid_string(
        path.child("limits").key(name), pod->str(),
        fmt::format("must be greater than or equal to aggregate container limits of {}", limit.str())));
  }
  for (size_t i = 0; i < spec.containers.size(); ++i) {
    for (const auto& [name, limit] : spec.containers[i].resources.limits) {
      const api::Quantity* pod = spec.resources->limits.get(name);
      if (pod == nullptr || limit.cmp(*pod) <= 0) continue;
      errors.push_back(
          field::invalid_string(path.child("containers").index(i).key(name).child("limits"), limit.str(),
                                fmt::format("must be less than or equal to pod limits of {}", pod->str())));
    }
  }
}

}  // namespace

void check_resource_quantity(Errors& errors, const Path& path, std::string_view name,
                             const api::Quantity& quantity) {
  if (quantity.sign() < 0) errors.push_back(field::invalid_string(path, quantity.str(), kNonNegative));
  if (is_integer_resource(name) && quantity.milli_value() % 1000 != 0)
    errors.push_back(field::invalid_string(path, quantity.str(), "must be an integer"));
}

void check_container_resources(Errors& errors, const Path& path,
                               const corev1::ResourceRequirements& resources, const Claims& claims) {
  check_requirements(errors, path, resources, check_container_resource_name, claims);
}

void check_pod_resources(Errors& errors, const Path& path, const PodContext& context) {
  if (!context.spec.resources) return;
  if (context.spec.os && context.spec.os->name == "windows")
    return void(errors.push_back(field::forbidden(path, "may not be set for a windows pod")));
  if (!context.spec.resources->claims.empty()) {
    errors.push_back(
        field::forbidden(path.child("claims"), "claims may not be set for Resources at pod-level"));
  }
  check_requirements(errors, path, *context.spec.resources, check_pod_resource_name, context.claims);
  check_consistency(errors, path, context.spec);
}

void check_resource_claims(Errors& errors, const Path& path, const PodContext& context) {
  const corev1::PodSpec& spec = context.spec;
  if (!spec.resourceClaims.empty() && context.pod != nullptr &&
      context.pod->annotations.contains("kubernetes.io/config.mirror"))
    return void(errors.push_back(field::forbidden(Path("[]"), "static pods do not support resource claims")));
  std::set<std::string> names;
  for (size_t i = 0; i < spec.resourceClaims.size(); ++i) {
    const corev1::PodResourceClaim& claim = spec.resourceClaims[i];
    const Path at = path.index(i);
    if (claim.name.empty()) {
      errors.push_back(field::required(at.child("name")));
    } else if (!names.insert(claim.name).second) {
      errors.push_back(field::duplicate(at.child("name"), claim.name));
    } else {
      check_dns_label(errors, at.child("name"), claim.name);
    }
    if (claim.resourceClaimName && claim.resourceClaimTemplateName) {
      errors.push_back(
          field::invalid(at, go_json(claim),
                         "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be "
                         "specified"));
    }
    if (!claim.resourceClaimName && !claim.resourceClaimTemplateName) {
      errors.push_back(field::invalid(
          at, go_json(claim), "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"));
    }
    if (claim.resourceClaimName)
      check_dns_subdomain(errors, at.child("resourceClaimName"), *claim.resourceClaimName);
    if (claim.resourceClaimTemplateName)
      check_dns_subdomain(errors, at.child("resourceClaimTemplateName"), *claim.resourceClaimTemplateName);
  }
}

}  // namespace xebec::apiserver::validation
