#include "apiserver/authn/x509.h"

#include <fmt/format.h>

#include <mutex>
#include <unordered_map>

#include "apiserver/authn/anonymous.h"
#include "security/pki/digest.h"

namespace xebec::apiserver {
namespace {

struct Identity {
  std::shared_ptr<const UserInfo> user;
  WallTime not_after;
};

// A chain is verified once and then known by its leaf until it expires: verification costs more than a small
// request.
class Known {
 public:
  std::shared_ptr<const UserInfo> find(const std::string& leaf, WallTime now) {
    std::lock_guard lock(mutex_);
    auto it = identities_.find(leaf);
    if (it == identities_.end()) return nullptr;
    if (it->second.not_after <= now) {
      identities_.erase(it);
      return nullptr;
    }
    return it->second.user;
  }

  void keep(const std::string& leaf, Identity identity) {
    std::lock_guard lock(mutex_);
    if (identities_.size() >= kMost) identities_.clear();
    identities_.emplace(leaf, std::move(identity));
  }

 private:
  static constexpr size_t kMost = 4096;
  std::mutex mutex_;
  std::unordered_map<std::string, Identity> identities_;
};

class X509Authenticator final : public Authenticator {
 public:
  X509Authenticator(pki::CertPool roots, const Clock& clock) : roots_(std::move(roots)), clock_(clock) {}

  Task<Result<std::shared_ptr<const UserInfo>>> authenticate(const Context&,
                                                             const http::Request& request) override {
    if (!request.connection || request.connection->peer_chain.empty())
      co_return std::shared_ptr<const UserInfo>();
    co_return identify(request.connection->peer_chain);
  }

 private:
  Result<std::shared_ptr<const UserInfo>> identify(const std::vector<std::string>& chain) {
    WallTime now = clock_.now();
    if (auto user = known_.find(chain[0], now)) return user;
    TRY(pki::Certificate leaf, pki::Certificate::parse_der(chain[0]));
    Result<void> verified = roots_.verify(chain, pki::Usage::kClient, now);
    if (!verified) {
      return fail(errors::unauthorized(fmt::format("verifying certificate SN={}, SKID=, AKID= failed: {}",
                                                   leaf.serial(), verified.error().message)));
    }
    pki::Subject subject = leaf.subject();
    if (subject.common_name.empty()) return std::shared_ptr<const UserInfo>();
    UserInfo info;
    info.name = subject.common_name;
    info.groups = subject.organizations;
    info.extra["authentication.kubernetes.io/credential-id"] = {"X509SHA256=" +
                                                                pki::hex(pki::sha256(chain[0]))};
    auto user = with_authenticated_group(std::move(info));
    Identity identity{user, leaf.not_after()};
    known_.keep(chain[0], std::move(identity));
    return user;
  }

  pki::CertPool roots_;
  const Clock& clock_;
  Known known_;
};

}  // namespace

std::unique_ptr<Authenticator> make_x509_authenticator(pki::CertPool roots, const Clock& clock) {
  return std::make_unique<X509Authenticator>(std::move(roots), clock);
}

}  // namespace xebec::apiserver
