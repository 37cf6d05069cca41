// Where a kubelet keeps a certificate and its key: DIR/NAME-DATE.pem, and DIR/NAME-current.pem, a link to the
// newest (k8s.io/client-go/util/certificate, certificate_store.go).
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "security/pki/pki.h"

namespace xebec::cmd {

class CertificateStore {
 public:
  // `name`: "kubelet-client" or "kubelet-server".
  CertificateStore(std::string dir, std::string name) : dir_(std::move(dir)), name_(std::move(name)) {}

  std::string current_path() const { return dir_ + "/" + name_ + "-current.pem"; }
  // Nothing when there is none, or one that is not good any more.
  std::optional<pki::KeyPair> load(WallTime now) const;
  Result<void> save(const pki::KeyPair& keys, WallTime now) const;

 private:
  std::string dir_, name_;
};

// When a certificate is to be renewed: at 70 to 90 % of its time, at `part` of that stretch (0 to 1).
WallTime renewal_time(const pki::Certificate& certificate, double part);

}  // namespace xebec::cmd
