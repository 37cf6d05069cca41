// Defaults of discovery (k8s.io/kubernetes/pkg/apis/discovery/*/defaults.go).
#include "api/defaults/groups.h"
#include "api/defaults/util.h"
#include "api/gen/discoveryv1.h"
#include "api/gen/discoveryv1beta1.h"

namespace xebec::api {
namespace {

template <class Slice>
void set_slice_defaults(Slice& slice) {
  for (auto& port : slice.ports) {
    default_to(port.name, "");
    default_to(port.protocol, "TCP");
  }
}

}  // namespace

void add_discovery_defaults(DefaultsTable& table) {
  add_defaults<discoveryv1::EndpointSlice, discoveryv1beta1::EndpointSlice>(
      table, [](auto& slice) { set_slice_defaults(slice); });
}

}  // namespace xebec::api
