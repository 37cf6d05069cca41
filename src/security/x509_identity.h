// Who a client certificate speaks for: CN is the user, O are the groups, and system:authenticated
// (k8s.io/apiserver/pkg/authentication/request/x509).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"
#include "security/pki/pki.h"

namespace xebec::pki {

// Thread-safe. A chain is verified once and then known by its leaf until it expires: verification costs more
// than a small request.
class X509Identities {
 public:
  // Certificates must chain to `roots` and allow client authentication. `clock` outlives this.
  X509Identities(CertPool roots, const Clock& clock);
  ~X509Identities();

  // Null for no certificate, or one without a name. Unauthorized for one that does not verify. DER, leaf
  // first.
  Result<std::shared_ptr<const UserInfo>> identify(const std::vector<std::string>& chain);

 private:
  class Known;
  CertPool roots_;
  const Clock& clock_;
  std::unique_ptr<Known> known_;
};

}  // namespace xebec::pki
