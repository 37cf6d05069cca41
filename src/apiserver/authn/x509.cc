#include "apiserver/authn/x509.h"

#include "security/x509_identity.h"

namespace xebec::apiserver {
namespace {

class X509Authenticator final : public Authenticator {
 public:
  X509Authenticator(pki::CertPool roots, const Clock& clock) : identities_(std::move(roots), clock) {}

  Task<Result<std::shared_ptr<const UserInfo>>> authenticate(const Context&,
                                                             const http::Request& request) override {
    if (!request.connection) co_return std::shared_ptr<const UserInfo>();
    co_return identities_.identify(request.connection->peer_chain);
  }

 private:
  pki::X509Identities identities_;
};

}  // namespace

std::unique_ptr<Authenticator> make_x509_authenticator(pki::CertPool roots, const Clock& clock) {
  return std::make_unique<X509Authenticator>(std::move(roots), clock);
}

}  // namespace xebec::apiserver
