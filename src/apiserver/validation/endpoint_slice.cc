#include <set>

#include "apiserver/validation/networking.h"
#include "apiserver/validation/object_meta.h"

namespace xebec::apiserver::validation {
namespace {

using discoveryv1::EndpointSlice;
using Texts = std::set<std::string, std::less<>>;

constexpr size_t kMostEndpoints = 1000, kMostAddresses = 100, kMostPorts = 20000, kMostTopology = 16,
                 kMostHints = 8;

void check_address(Errors& errors, const Path& path, std::string_view type, const std::string& address,
                   const Texts& known) {
  if (type == "FQDN") return check_full_domain(errors, path, address);
  if (type != "IPv4" && type != "IPv6") return;
  const size_t before = errors.size();
  if (!known.contains(address)) check_ip(errors, path, address);
  if (errors.size() > before) return;
  if (is_ipv6(address) != (type == "IPv6")) {
    errors.push_back(field::invalid_string(
        path, address, type == "IPv6" ? "must be an IPv6 address" : "must be an IPv4 address"));
  }
  check_non_special_ip(errors, path, address);
}

template <class Hint>
void check_hints(Errors& errors, const Path& path, const std::vector<Hint>& hints,
                 api::Messages (*rule)(std::string_view)) {
  if (hints.size() > kMostHints)
    return void(errors.push_back(field::too_many(path, static_cast<int64_t>(hints.size()), kMostHints)));
  std::set<std::string_view> names;
  for (size_t i = 0; i < hints.size(); ++i) {
    const Path at = path.index(i).child("name");
    if (!names.insert(hints[i].name).second) errors.push_back(field::duplicate(at, hints[i].name));
    check_messages(errors, at, hints[i].name, rule(hints[i].name));
  }
}

void check_endpoint(Errors& errors, const Path& path, std::string_view type,
                    const discoveryv1::Endpoint& endpoint, const Texts& known) {
  const Path addresses = path.child("addresses");
  const int64_t count = static_cast<int64_t>(endpoint.addresses.size());
  if (count == 0) {
    errors.push_back(field::required(addresses, "must contain at least 1 address"));
  } else if (endpoint.addresses.size() > kMostAddresses) {
    errors.push_back(field::too_many(addresses, count, kMostAddresses));
  }
  for (size_t i = 0; i < endpoint.addresses.size(); ++i)
    check_address(errors, addresses.index(i), type, endpoint.addresses[i], known);
  if (endpoint.nodeName) check_dns_subdomain(errors, path.child("nodeName"), *endpoint.nodeName);
  const Path topology = path.child("deprecatedTopology");
  const int64_t labels = static_cast<int64_t>(endpoint.deprecatedTopology.size());
  if (endpoint.deprecatedTopology.size() > kMostTopology)
    errors.push_back(field::too_many(topology, labels, kMostTopology));
  field::append(errors, validate_labels(endpoint.deprecatedTopology, topology));
  if (endpoint.hostname) check_dns_label(errors, path.child("hostname"), *endpoint.hostname);
  if (!endpoint.hints) return;
  const Path hints = path.child("hints");
  check_hints(errors, hints.child("forZones"), endpoint.hints->forZones, api::is_valid_label_value);
  check_hints(errors, hints.child("forNodes"), endpoint.hints->forNodes, api::is_dns1123_subdomain);
}

void check_ports(Errors& errors, const Path& path, const std::vector<discoveryv1::EndpointPort>& ports) {
  if (ports.size() > kMostPorts)
    return void(errors.push_back(field::too_many(path, static_cast<int64_t>(ports.size()), kMostPorts)));
  std::set<std::string> names;
  for (size_t i = 0; i < ports.size(); ++i) {
    const std::string name = ports[i].name.value_or("");
    if (!name.empty()) check_dns_label(errors, path.index(i).child("name"), name);
    if (!names.insert(name).second) errors.push_back(field::duplicate(path.index(i).child("name"), name));
    if (!ports[i].protocol) errors.push_back(field::required(path.index(i).child("protocol")));
    check_enum(errors, path.index(i).child("protocol"), ports[i].protocol, {"SCTP", "TCP", "UDP"});
    if (ports[i].appProtocol)
      check_qualified_name(errors, path.index(i).child("appProtocol"), *ports[i].appProtocol);
  }
}

Errors validate(const EndpointSlice& slice, const Texts& known) {
  Errors errors;
  check_required_enum(errors, Path("addressType"), slice.addressType, {"FQDN", "IPv4", "IPv6"});
  const Path endpoints("endpoints");
  if (slice.endpoints.size() > kMostEndpoints) {
    errors.push_back(
        field::too_many(endpoints, static_cast<int64_t>(slice.endpoints.size()), kMostEndpoints));
  } else {
    for (size_t i = 0; i < slice.endpoints.size(); ++i)
      check_endpoint(errors, endpoints.index(i), slice.addressType, slice.endpoints[i], known);
  }
  check_ports(errors, Path("ports"), slice.ports);
  return errors;
}

}  // namespace

Errors validate_endpoint_slice(const EndpointSlice& slice) { return validate(slice, {}); }

Errors validate_endpoint_slice_update(const EndpointSlice& slice, const EndpointSlice& old) {
  Texts known;
  for (const discoveryv1::Endpoint& endpoint : old.endpoints)
    known.insert(endpoint.addresses.begin(), endpoint.addresses.end());
  Errors errors = validate(slice, known);
  check_immutable(errors, Path("addressType"), slice.addressType == old.addressType,
                  field::quote(slice.addressType));
  return errors;
}

}  // namespace xebec::apiserver::validation
