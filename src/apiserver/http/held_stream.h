// A streamed answer goes on after its handler has returned; what the request holds until its end goes with
// it.
#pragma once

#include <memory>
#include <utility>

#include "http/message.h"

namespace xebec::apiserver {

template <class Held>
class HeldStream final : public http::BodyStream {
 public:
  HeldStream(Held held, std::unique_ptr<http::BodyStream> inner)
      : held_(std::move(held)), inner_(std::move(inner)) {}
  Task<Result<http::Buffer>> next() override { return inner_->next(); }

 private:
  const Held held_;
  const std::unique_ptr<http::BodyStream> inner_;
};

// Where the answer is a stream, it holds `held` from now on.
template <class Held>
void hold_while_streamed(http::Response& response, Held held) {
  auto* stream = std::get_if<std::unique_ptr<http::BodyStream>>(&response.body);
  if (!stream) return;
  std::unique_ptr<http::BodyStream> holding =
      std::make_unique<HeldStream<Held>>(std::move(held), std::move(*stream));
  *stream = std::move(holding);
}

}  // namespace xebec::apiserver
