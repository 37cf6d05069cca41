// What stands behind the API server in the walk: kubelets, Pods and Services that answer everything.
#pragma once

#include "http/message.h"

namespace xebec::apiserver::testing {

class SilentStream final : public http::ByteStream {
 public:
  Task<Result<size_t>> read(std::span<char>) override { co_return size_t{0}; }
  Task<Result<void>> write(std::string_view) override { co_return Result<void>(); }
  Task<Result<void>> shutdown_write() override { co_return Result<void>(); }
  void close() override {}
};

class Backend final : public http::Client {
 public:
  Task<Result<http::Response>> send(Context, http::Request request) override {
    http::Response response;
    response.headers.add("Content-Type", "text/plain");
    response.set_body(request.method + " " + request.path);
    co_return response;
  }
  Task<Result<std::unique_ptr<http::ByteStream>>> upgrade(Context, http::Request request,
                                                          http::Headers& answered) override {
    answered.add("Upgrade", request.headers.get("Upgrade"));
    std::unique_ptr<http::ByteStream> stream = std::make_unique<SilentStream>();
    co_return stream;
  }
};

}  // namespace xebec::apiserver::testing
