// serviceaccounts/token: a token for a service account, bound to an audience, a time, and perhaps a Pod,
// Secret or Node (KEP-1205; k8s.io/kubernetes/pkg/registry/core/serviceaccount/storage/token.go).
#pragma once

#include "apiserver/authn/service_account/issuer.h"
#include "apiserver/registry/virtual_resource.h"
#include "base/clock.h"

namespace xebec::apiserver {

class RegistryMap;

struct TokenRequestOptions {
  int64_t max_expiration_seconds = 0;  // 0: no limit
  // A token asked for with 3607 s lives a year, and is warned about after an hour: clients that never read it
  // again go on working.
  bool extend_expiration = true;
};

// All references outlive the resource.
std::unique_ptr<VirtualResource> make_token_request(const service_account::Issuer& issuer,
                                                    const RegistryMap& registries, Rng& rng,
                                                    TokenRequestOptions options);

}  // namespace xebec::apiserver
