// LaggingClient: events of watches arrive late, now and then, in order. For tests of components whose
// informers must not be trusted to be current. Other requests are passed on at once.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/executor.h"
#include "http/message.h"

namespace xebec::client::testing {

class LaggingClient final : public http::Client {
 public:
  // One event in five waits up to `most`. `rng` outlives the client and its streams.
  LaggingClient(std::shared_ptr<http::Client> inner, Rng& rng, Duration most)
      : inner_(std::move(inner)), rng_(rng), most_(most) {}

  Task<Result<http::Response>> send(Context context, http::Request request) override;
  Task<Result<std::unique_ptr<http::ByteStream>>> upgrade(Context context, http::Request request,
                                                          http::Headers& answered) override;

 private:
  std::shared_ptr<http::Client> inner_;
  Rng& rng_;
  Duration most_;
};

}  // namespace xebec::client::testing
