// A cluster of processes: every component is a `xebec SUBCOMMAND` of its own, over real sockets.
#pragma once

#include <gtest/gtest.h>

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/gen/corev1.h"
#include "api/scheme.h"
#include "base/scope.h"
#include "cmd/cluster_pki.h"
#include "cmd/remote/remote_api.h"

namespace xebec::integration {

// A running `xebec`; ended by the destructor.
class Child {
 public:
  // Its output goes to the end of the file.
  Child(std::vector<std::string> arguments, std::string log);
  ~Child() { stop(); }
  Child(const Child&) = delete;
  // SIGTERM, and waits for the end; the exit status.
  int stop();
  // Sends the signal, and does not wait.
  void signal(int number) const;
  // SIGKILL.
  void kill();
  // Waits for it to end by itself; the exit status.
  int wait();

 private:
  pid_t pid_ = 0;
  std::string log_;
};

class Processes {
 public:
  Processes();
  ~Processes();

  std::unique_ptr<Child> start(std::vector<std::string> arguments);
  // Starts the API server, with more flags, and waits until it is ready.
  void start_apiserver(const std::vector<std::string>& flags = {});
  Child& apiserver() { return *apiserver_; }
  // Who the administrator is.
  client::ClientConfig admin_config() const { return admin_->config(); }
  // They serve on `port`; a free one without it.
  std::unique_ptr<Child> start_controller_manager(uint16_t port = 0);
  std::unique_ptr<Child> start_scheduler(uint16_t port = 0);

  // As the administrator.
  const client::Rest& rest() const { return *rest_; }
  template <class T>
  std::optional<T> get(const std::string& ns, const std::string& name) const {
    Result<T> found = block_on(rest_->get<T>(Context(), ns, name));
    return found ? std::optional<T>(std::move(*found)) : std::nullopt;
  }
  template <class T>
  void create(const T& object) const {
    Result<T> made = block_on(rest_->create(Context(), object));
    ASSERT_TRUE(made) << made.error().message;
  }
  // The answer's body; the error's text when there is none.
  std::string read(const std::string& path, const std::string& query = {}) const;
  // Pods with the label app=NAME.
  std::vector<corev1::Pod> pods(const std::string& app) const;

  // Fails the test, with what the processes said last, when it does not become true.
  void until(const std::string& what, const std::function<bool()>& done, int seconds = 20) const;

  // What a component serves: "STATUS BODY". As the user with a certificate of the cluster's CA, or as nobody.
  std::string read_component(uint16_t port, const std::string& path, const std::string& user = "",
                             std::vector<std::string> groups = {});

  // Credentials of a node, and a certificate for its server, by the cluster's CA: NAME.conf, NAME.crt,
  // NAME.key.
  void issue_node(const std::string& name) const;

  const std::string& dir() const { return dir_; }
  std::string log() const { return dir_ + "/log"; }
  uint16_t port() const { return port_; }
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }

 private:
  std::string dir_;
  uint16_t port_;
  const api::Scheme scheme_ = api::Scheme::builtin();
  SystemClock clock_;
  http::IoPool pool_{1};
  std::unique_ptr<cmd::RemoteApi> admin_;
  std::unique_ptr<client::Rest> rest_;
  std::unique_ptr<Child> apiserver_;
};

// A TCP port that is free now.
uint16_t free_port();

}  // namespace xebec::integration
