// Ranges of Services' addresses, and the addresses taken from them (KEP-1880).
#include "apiserver/validation/networking.h"

namespace xebec::apiserver::validation {
namespace {

void check_cidrs(Errors& errors, const Path& path, const networkingv1::ServiceCIDRSpec& spec) {
  if (spec.cidrs.empty()) return void(errors.push_back(field::required(path, "at least one CIDR required")));
  if (spec.cidrs.size() > 2)
    return void(errors.push_back(field::invalid(path, go_json(spec), "may only hold up to 2 values")));
  if (spec.cidrs.size() == 2 &&
      !(is_cidr(spec.cidrs[0]) && is_cidr(spec.cidrs[1]) && is_dual_stack(spec.cidrs))) {
    errors.push_back(field::invalid(path, go_json(spec),
                                    "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 "
                                    "and 2001:db8::/64"));
    return;
  }
  for (size_t i = 0; i < spec.cidrs.size(); ++i) check_canonical_cidr(errors, path.index(i), spec.cidrs[i]);
}

}  // namespace

Errors validate_ip_address(const networkingv1::IPAddress& address) {
  Errors errors;
  const Path path = Path("spec").child("parentRef");
  if (!address.spec.parentRef) return {field::required(path)};
  const networkingv1::ParentReference& parent = *address.spec.parentRef;
  if (!parent.group.empty()) check_dns_subdomain(errors, path.child("group"), parent.group);
  check_path_segment(errors, path.child("resource"), parent.resource);
  check_path_segment(errors, path.child("name"), parent.name);
  if (!parent.namespace_.empty()) check_path_segment(errors, path.child("namespace"), parent.namespace_);
  return errors;
}

Errors validate_ip_address_update(const networkingv1::IPAddress& address,
                                  const networkingv1::IPAddress& old) {
  Errors errors;
  check_immutable(errors, Path("spec").child("parentRef"), address.spec.parentRef == old.spec.parentRef,
                  go_json(address.spec.parentRef));
  return errors;
}

Errors validate_service_cidr(const networkingv1::ServiceCIDR& range) {
  Errors errors;
  check_cidrs(errors, Path("spec").child("cidrs"), range.spec);
  return errors;
}

Errors validate_service_cidr_update(const networkingv1::ServiceCIDR& range,
                                    const networkingv1::ServiceCIDR& old) {
  Errors errors;
  const Path path = Path("spec").child("cidrs");
  const std::vector<std::string>&now = range.spec.cidrs, &before = old.spec.cidrs;
  // A range of the other family may come.
  const bool grows = before.size() == 1 && now.size() == 2;
  if (now.size() != before.size() && !grows) {
    errors.push_back(field::invalid(path, go_json(now), kImmutable));
    return errors;
  }
  for (size_t i = 0; i < before.size(); ++i)
    check_immutable(errors, path.index(i), now[i] == before[i], field::quote(now[i]));
  if (grows) check_cidrs(errors, path, range.spec);
  return errors;
}

}  // namespace xebec::apiserver::validation
