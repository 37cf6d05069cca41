// Defaults of apiregistration (k8s.io/kube-aggregator/pkg/apis/apiregistration/*/defaults.go).
#include "api/defaults/groups.h"
#include "api/defaults/util.h"
#include "api/gen/apiregistrationv1.h"
#include "api/gen/apiregistrationv1beta1.h"

namespace xebec::api {

void add_apiregistration_defaults(DefaultsTable& table) {
  add_defaults<apiregistrationv1::APIService, apiregistrationv1beta1::APIService>(table, [](auto& service) {
    if (service.spec.service) default_to(service.spec.service->port, 443);
  });
}

}  // namespace xebec::api
