// Client certificates: CN is the user, O are the groups (k8s.io/apiserver/pkg/authentication/request/x509).
#pragma once

#include "apiserver/authn/authenticator.h"
#include "base/clock.h"
#include "security/pki/pki.h"

namespace xebec::apiserver {

// Certificates must chain to `roots` and allow client authentication. `clock` outlives the authenticator.
std::unique_ptr<Authenticator> make_x509_authenticator(pki::CertPool roots, const Clock& clock);

}  // namespace xebec::apiserver
