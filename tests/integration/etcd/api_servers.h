// API servers of one cluster, processes that share an etcd and the cluster's keys.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../components/processes.h"
#include "storage/etcd/testing/etcd_cluster.h"

namespace xebec::integration {

class ApiServer {
 public:
  // `flags`: beside those that every one of these tests needs.
  ApiServer(std::string dir, std::vector<std::string> flags)
      : dir_(std::move(dir)), flags_(std::move(flags)) {
    std::filesystem::create_directories(dir_);
  }
  void start() {
    std::vector<std::string> arguments = {"apiserver",
                                          "--data-dir=" + dir_,
                                          "--secure-port=" + std::to_string(port_),
                                          "--bind-address=127.0.0.1",
                                          "--advertise-address=192.0.2.1",
                                          "--service-cluster-ip-range=10.97.0.0/16"};
    arguments.insert(arguments.end(), flags_.begin(), flags_.end());
    process_ = std::make_unique<Child>(std::move(arguments), log());
  }
  void await_ready() {
    until("admin.conf", [&] { return std::filesystem::exists(dir_ + "/admin.conf"); });
    auto config = cmd::load_client_config(dir_ + "/admin.conf", "");
    ASSERT_TRUE(config) << config.error().message;
    auto api = cmd::RemoteApi::make(std::move(*config), pool_, scheme_, clock_);
    ASSERT_TRUE(api) << api.error().message;
    admin_ = std::move(*api);
    rest_ = std::make_unique<client::Rest>(admin_->rest("test"));
    until("readiness", [&] { return read("/readyz") == "ok"; });
  }
  int stop() { return process_ ? std::exchange(process_, nullptr)->stop() : 0; }
  void kill() {
    if (process_) process_->kill();
    process_.reset();
  }
  int wait() { return process_->wait(); }

  const client::Rest& rest() const { return *rest_; }
  const std::string& dir() const { return dir_; }
  std::string log() const { return dir_ + "/log"; }
  std::string said() const {
    std::ifstream in(log());
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string read(const std::string& path) const {
    http::Request request;
    request.method = "GET";
    request.path = path;
    Result<http::Response> response = block_on(rest_->raw(Context(), std::move(request)));
    if (!response) return response.error().message;
    Result<std::string> body = block_on(response->read_body());
    return body ? *body : body.error().message;
  }
  // Fails the test, with what the server said, when it does not become true.
  void until(const std::string& what, const std::function<bool()>& done) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << what << ": not within 30 s\n" << said();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

 private:
  const std::string dir_;
  const std::vector<std::string> flags_;
  const uint16_t port_ = free_port();
  const api::Scheme scheme_ = api::Scheme::builtin();
  SystemClock clock_;
  http::IoPool pool_{1};
  std::unique_ptr<cmd::RemoteApi> admin_;
  std::unique_ptr<client::Rest> rest_;
  std::unique_ptr<Child> process_;
};

}  // namespace xebec::integration
