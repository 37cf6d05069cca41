// The watch streams of FakeApi. Internal to it.
#pragma once

#include "api/selectors.h"
#include "client/testing/fake_api.h"

namespace xebec::client::testing {

// Which objects a list or watch is about.
struct Selection {
  std::string prefix;  // of keys
  api::LabelSelector labels;
  api::FieldSelector fields;
  bool matches(const api::Object& object) const;
};

// One event as bytes of the stream.
std::string encode_event(std::string_view type, const api::Object& object, const api::Resource* resource,
                         bool protobuf);
// What a metadata-only request is answered with.
api::Object only_metadata(const api::Object& object);

class FakeWatch final : public http::BodyStream {
 public:
  FakeWatch(FakeApi& api, const api::Resource& resource, Selection selection, int64_t from, bool protobuf,
            bool metadata_only, bool bookmarks, CancelToken token, std::optional<MonotonicTime> end);
  ~FakeWatch() override;

  Task<Result<http::Buffer>> next() override;

 private:
  std::optional<http::Buffer> event_of(const FakeApi::Change& change) const;
  http::Buffer bookmark() const;

  FakeApi& api_;
  const api::Resource& resource_;
  Selection selection_;
  int64_t seen_;  // revision
  bool protobuf_, metadata_only_, wants_bookmarks_;
  CancelToken token_;
  std::optional<MonotonicTime> end_;
  uint64_t ended_, broken_, bookmarks_;  // counters of api_ when it began
};

}  // namespace xebec::client::testing
