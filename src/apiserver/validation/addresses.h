// IP addresses and CIDRs in specs (k8s.io/apimachinery/pkg/util/validation/ip.go). What is new must be
// written plainly (gate StrictIPCIDRValidation): no leading zeros, no IPv4-mapped IPv6, no bits beyond a
// prefix.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/field_error.h"

namespace xebec::apiserver::validation {

bool is_ip(std::string_view text);
bool is_ipv6(std::string_view text);
bool is_cidr(std::string_view text);
// At least one of each family (netutils.IsDualStack...).
bool is_dual_stack(const std::vector<std::string>& ips_or_cidrs);

void check_ip(field::Errors& errors, const field::Path& path, std::string_view ip);
void check_cidr(field::Errors& errors, const field::Path& path, std::string_view cidr);
// Also as Go writes it: names of IPAddresses, ServiceCIDRs.
void check_canonical_cidr(field::Errors& errors, const field::Path& path, std::string_view cidr);
std::vector<std::string> name_is_ip_address(std::string_view name, bool prefix);
// Whether every address of `inner` is one of `outer` and not the other way; false when one is no CIDR.
bool is_strict_subset(std::string_view inner, std::string_view outer);
// Neither unspecified, loopback nor link-local.
void check_non_special_ip(field::Errors& errors, const field::Path& path, std::string_view ip);

}  // namespace xebec::apiserver::validation
