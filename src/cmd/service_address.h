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
  // Port 443 of `service`, an IPv4 address, leads to address:port. Replaces an older rule of the same data
  // directory: several clusters on a machine do not know of each other.
  static Result<std::unique_ptr<ServiceAddress>> install(const std::string& data_dir,
                                                         const std::string& service,
                                                         const std::string& address, uint16_t port,
                                                         Logger logger);
  static Result<void> remove(const std::string& data_dir);
  ~ServiceAddress();

 private:
  ServiceAddress(std::string data_dir, Logger logger)
      : data_dir_(std::move(data_dir)), logger_(std::move(logger)) {}
  const std::string data_dir_;
  Logger logger_;
};

}  // namespace xebec::cmd
