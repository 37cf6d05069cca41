// Protobuf bytes -> JSON bytes without an object in between: what LIST, GET and WATCH as JSON do with stored
// bytes. The output is exactly append_json's of the decoded object. Parts that are not in upstream's
// canonical form (fields that come twice, map keys out of order) are decoded and encoded the long way, so any
// valid input is right. Immutable once built; safe from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/descriptor.h"
#include "base/result.h"

namespace xebec::api {
class Scheme;
}

namespace xebec::codec {

class TranscodePlans;

class Transcoder {
 public:
  // Prepares every message of the scheme, which must outlive this.
  explicit Transcoder(const api::Scheme& scheme);
  ~Transcoder();
  Transcoder(Transcoder&&) noexcept;

  struct Names {
    std::string_view api_version, kind;  // left out where empty: items of a list have none
    std::string_view
        resource_version;  // replaces metadata.resourceVersion, which stored bytes lack; empty: as it is
  };
  // Appends the message (without `k8s\0` envelope) to `out`. On an error `out` is as before.
  Result<void> append(const api::Message& type, std::string_view message, const Names& names,
                      std::string& out) const;

 private:
  class Run;
  std::unique_ptr<const TranscodePlans> plans_;
};

}  // namespace xebec::codec
