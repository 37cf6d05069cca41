// Validation of apiregistration.k8s.io (k8s.io/kube-aggregator/pkg/apis/apiregistration/validation).
#pragma once

#include "api/gen/apiregistrationv1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

using ApiService = apiregistrationv1::APIService;
Errors validate_api_service(const ApiService& service);
Errors validate_api_service_update(const ApiService& service, const ApiService& old);
Errors validate_api_service_status_update(const ApiService& service, const ApiService& old);

}  // namespace xebec::apiserver::validation
