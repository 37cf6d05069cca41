// An API server as users meet it: over TLS on a real socket, over a store in a temporary directory; and
// kubectl.
#pragma once

#include <gtest/gtest.h>

#include <sys/types.h>

#include <memory>
#include <string>

#include "apiserver/instance.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/scope.h"
#include "http/client.h"
#include "http/server.h"
#include "security/pki/pki.h"

namespace xebec::integration {

struct Output {
  int status = 0;
  std::string text;  // standard output and standard error
};

// What Pods and nodes say their address is; proxied requests to it go to this machine.
inline constexpr const char* kPodAddress = "10.77.0.1";

class Cluster {
 public:
  explicit Cluster(http::ServerLimits limits = {});
  ~Cluster();

  // The same store and keys, a new server on the same port or another.
  void restart();

  // Runs kubectl as the administrator; `input` is its standard input.
  Output kubectl(const std::string& arguments, const std::string& input = {});
  // Without the version warning that kubectl gives; fails the test when kubectl fails.
  std::string ok(const std::string& arguments, const std::string& input = {});
  // A command line for a kubectl that runs in the background.
  std::string kubectl_command(const std::string& arguments) const;

  // A client with the administrator's certificate, HTTP/1.1 only when asked (for upgrades).
  std::unique_ptr<http::Client> client(bool http1_only = false);
  uint16_t port() const { return server_->port(); }
  size_t connections() const { return server_->connections(); }
  storage::Store& store() { return *store_; }
  const pki::CertificateAuthority& ca() const { return *ca_; }
  http::IoPool& pool() { return pool_; }
  const std::string& dir() const { return dir_; }
  // For a server on 127.0.0.1 that the cluster's CA knows by that name.
  http::ServerOptions server_options(const std::string& common_name) const;
  // Creates the service account every Pod needs, as its controller would.
  void make_default_service_account();

 private:
  void start();
  void stop();

  const http::ServerLimits limits_;
  std::string dir_;
  std::shared_ptr<const SystemClock> clock_ = std::make_shared<const SystemClock>();
  std::unique_ptr<Rng> rng_ = make_system_rng();
  std::unique_ptr<pki::CertificateAuthority> ca_;
  std::string service_account_key_;
  pki::KeyPair admin_;
  http::IoPool pool_{2};
  ThreadExecutor background_{"apiserver"};
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<apiserver::Instance> instance_;
  std::unique_ptr<http::Server> server_;
};

// A command that runs beside the test, read line by line, and ended by the destructor.
class Background {
 public:
  explicit Background(const std::string& command);
  ~Background();
  Background(const Background&) = delete;
  // Reads until the text holds `wanted`, or the end; all that was read so far.
  const std::string& read_until(std::string_view wanted);

 private:
  pid_t pid_ = 0;
  int fd_ = -1;
  std::string text_;
};

// Whether there is a kubectl on this machine.
bool have_kubectl();

}  // namespace xebec::integration
