// A serving certificate that nobody else vouches for, as upstream's components make one when none is given.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "security/pki/pki.h"

namespace xebec::cmd {

// Signed by a CA of its own, NAME-ca, whose certificate follows; good for a year.
Result<pki::KeyPair> self_signed(const std::string& name, std::vector<std::string> dns_names,
                                 std::vector<std::string> ip_addresses, WallTime now);
// The same, kept as DIR/NAME.crt and .key until it has a tenth of its time left.
Result<pki::KeyPair> kept_self_signed(const std::string& dir, const std::string& file,
                                      const std::string& name, std::vector<std::string> dns_names,
                                      std::vector<std::string> ip_addresses, WallTime now);

}  // namespace xebec::cmd
