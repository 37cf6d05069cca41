// The address of the Service `kubernetes` on this machine: one nft rule carries it to the API server, for
// Pods and for the machine itself, as long as no service proxy does.
#pragma once

#include <memory>
#include <string>

#include "base/logger.h"
#include "base/result.h"

namespace xebec::cmd {

class ServiceAddress {
 public:
  // The first address of `service_cidr`, port 443, to address:port. Replaces an older rule.
  static Result<std::unique_ptr<ServiceAddress>> install(const std::string& service_cidr,
                                                         const std::string& address, uint16_t port,
                                                         Logger logger);
  static Result<void> remove(Logger logger);
  ~ServiceAddress();

 private:
  explicit ServiceAddress(Logger logger) : logger_(std::move(logger)) {}
  Logger logger_;
};

}  // namespace xebec::cmd
