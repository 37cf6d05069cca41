// EndpointSlice of v1beta1: node and zone are in a map of topology labels (k8s.io/kubernetes
// pkg/apis/discovery/v1beta1/conversion.go).
#include "api/conversion/kinds.h"
#include "api/gen/discoveryv1.h"
#include "api/gen/discoveryv1beta1.h"

namespace xebec::api::conversion {
namespace {

using New = discoveryv1::EndpointSlice;
using Old = discoveryv1beta1::EndpointSlice;

constexpr std::string_view kZone = "topology.kubernetes.io/zone", kHostname = "kubernetes.io/hostname";

void to_new(const discoveryv1beta1::Endpoint& from, discoveryv1::Endpoint& to) {
  auto& rest = to.deprecatedTopology;
  rest = from.topology;
  if (const std::string* zone = from.topology.get(kZone)) {
    to.zone = *zone;
    rest.erase(kZone);
  }
  // A host name that is not the node's stays in the map.
  const std::string* host = from.topology.get(kHostname);
  if (host == nullptr || (to.nodeName && *to.nodeName != *host)) return;
  to.nodeName = *host;
  rest.erase(kHostname);
}

void to_old(const discoveryv1::Endpoint& from, discoveryv1beta1::Endpoint& to) {
  to.topology = from.deprecatedTopology;
  if (from.zone) to.topology[std::string(kZone)] = *from.zone;
  if (from.nodeName && to.topology.value_or(kHostname, "").empty())
    to.topology[std::string(kHostname)] = *from.nodeName;
}

template <class From, class To>
void slice(const From& from, To& to, auto&& endpoint) {
  convert_fields(from, to);
  for (size_t i = 0; i < from.endpoints.size(); ++i) endpoint(from.endpoints[i], to.endpoints[i]);
}

void slice_to_new(const Old& from, New& to) {
  slice(from, to, [](const auto& a, auto& b) { to_new(a, b); });
}
void slice_to_old(const New& from, Old& to) {
  slice(from, to, [](const auto& a, auto& b) { to_old(a, b); });
}

}  // namespace

void append_slices(std::vector<ConversionEntry>& table) {
  table.push_back(entry<Old, New, slice_to_new>());
  table.push_back(entry<New, Old, slice_to_old>());
}

}  // namespace xebec::api::conversion
