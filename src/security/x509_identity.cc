#include "security/x509_identity.h"

#include <mutex>
#include <unordered_map>

#include "security/pki/digest.h"

namespace xebec::pki {

class X509Identities::Known {
 public:
  std::shared_ptr<const UserInfo> find(const std::string& leaf, WallTime now) {
    std::lock_guard lock(mutex_);
    auto it = identities_.find(leaf);
    if (it == identities_.end()) return nullptr;
    if (it->second.not_after > now) return it->second.user;
    identities_.erase(it);
    return nullptr;
  }

  void keep(const std::string& leaf, std::shared_ptr<const UserInfo> user, WallTime not_after) {
    std::lock_guard lock(mutex_);
    if (identities_.size() >= kMost) identities_.clear();
    identities_.insert_or_assign(leaf, Identity{std::move(user), not_after});
  }

 private:
  struct Identity {
    std::shared_ptr<const UserInfo> user;
    WallTime not_after;
  };
  static constexpr size_t kMost = 4096;
  std::mutex mutex_;
  std::unordered_map<std::string, Identity> identities_;
};

X509Identities::X509Identities(CertPool roots, const Clock& clock)
    : roots_(std::move(roots)), clock_(clock), known_(std::make_unique<Known>()) {}
X509Identities::~X509Identities() = default;

Result<std::shared_ptr<const UserInfo>> X509Identities::identify(const std::vector<std::string>& chain) {
  if (chain.empty()) return nullptr;
  WallTime now = clock_.now();
  if (auto user = known_->find(chain[0], now)) return user;
  TRY(Certificate leaf, Certificate::parse_der(chain[0]));
  Result<void> verified = roots_.verify(chain, Usage::kClient, now);
  if (!verified) {
    return fail(errors::unauthorized("verifying certificate SN=" + leaf.serial() +
                                     " failed: " + verified.error().message));
  }
  Subject subject = leaf.subject();
  if (subject.common_name.empty()) return nullptr;
  auto user = std::make_shared<UserInfo>();
  user->name = subject.common_name;
  user->groups = subject.organizations;
  user->groups.emplace_back("system:authenticated");
  user->extra["authentication.kubernetes.io/credential-id"] = {"X509SHA256=" + hex(sha256(chain[0]))};
  known_->keep(chain[0], user, leaf.not_after());
  return user;
}

}  // namespace xebec::pki
