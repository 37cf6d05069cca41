// A client whose credentials can change while requests go on: what a node's parts talk to the API server
// with, before and after its certificate is renewed.
#pragma once

#include <memory>
#include <mutex>

#include "http/message.h"

namespace xebec::cmd {

// Thread-safe. Until set() every request fails: there are no credentials yet.
class SwitchingClient final : public http::Client {
 public:
  // Requests in progress go on with the one before.
  void set(std::shared_ptr<http::Client> client) {
    std::lock_guard lock(mutex_);
    client_ = std::move(client);
  }

  Task<Result<http::Response>> send(Context context, http::Request request) override {
    std::shared_ptr<http::Client> client = current();
    if (!client) co_return fail(none());
    co_return co_await client->send(std::move(context), std::move(request));
  }
  Task<Result<std::unique_ptr<http::ByteStream>>> upgrade(Context context, http::Request request,
                                                          http::Headers& answered) override {
    std::shared_ptr<http::Client> client = current();
    if (!client) co_return fail(none());
    co_return co_await client->upgrade(std::move(context), std::move(request), answered);
  }

 private:
  std::shared_ptr<http::Client> current() const {
    std::lock_guard lock(mutex_);
    return client_;
  }
  static Status none() { return errors::service_unavailable("this node has no credentials yet"); }

  mutable std::mutex mutex_;
  std::shared_ptr<http::Client> client_;
};

}  // namespace xebec::cmd
