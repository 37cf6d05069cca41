#include "client/testing/fake_watch.h"

#include "api/gen/metav1.h"
#include "client/wire.h"
#include "codec/json.h"
#include "codec/view.h"

namespace xebec::client::testing {
namespace {

std::string_view field_text(const api::Object& object, std::string_view path, std::string& scratch) {
  codec::View view(object);
  while (!path.empty()) {
    size_t dot = path.find('.');
    view = view.member(path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return view.is_string() ? view.text(scratch) : std::string_view();
}

void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void put_field(std::string& out, int number, std::string_view bytes) {
  put_varint(out, static_cast<uint64_t>(number) << 3 | 2);
  put_varint(out, bytes.size());
  out += bytes;
}

}  // namespace

bool Selection::matches(const api::Object& object) const {
  if (!labels.matches(object.meta()->labels)) return false;
  for (const api::FieldSelector::Term& term : fields.terms()) {
    std::string scratch;
    if ((field_text(object, term.field, scratch) == term.value) != term.equal) return false;
  }
  return true;
}

api::Object only_metadata(const api::Object& object) {
  metav1::PartialObjectMetadata partial;
  partial.metadata = *object.meta();
  return api::Object::of(std::move(partial));
}

std::string encode_event(std::string_view type, const api::Object& object, const api::Resource* resource,
                         bool protobuf) {
  api::GroupVersion version;
  if (resource != nullptr) version = {std::string(resource->group), std::string(resource->version)};
  std::string bytes = wire::encode(object.type(), object.data(), version, !protobuf);
  if (!protobuf) {
    while (!bytes.empty() && bytes.back() == '\n') bytes.pop_back();
    return "{\"type\":\"" + std::string(type) + "\",\"object\":" + bytes + "}\n";
  }
  std::string extension, event, frame;
  put_field(extension, 1, bytes);
  put_field(event, 1, type);
  put_field(event, 2, extension);
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(event.size() >> shift);
  return frame + event;
}

FakeWatch::FakeWatch(FakeApi& api, const api::Resource& resource, Selection selection, int64_t from,
                     bool protobuf, bool metadata_only, bool bookmarks, CancelToken token,
                     std::optional<MonotonicTime> end)
    : api_(api),
      resource_(resource),
      selection_(std::move(selection)),
      seen_(from),
      protobuf_(protobuf),
      metadata_only_(metadata_only),
      wants_bookmarks_(bookmarks),
      token_(std::move(token)),
      end_(end),
      ended_(api.ended_),
      broken_(api.broken_),
      bookmarks_(api.bookmarks_) {
  ++api_.open_watches_;
}

FakeWatch::~FakeWatch() { --api_.open_watches_; }

std::optional<http::Buffer> FakeWatch::event_of(const FakeApi::Change& change) const {
  if (!change.key.starts_with(selection_.prefix)) return std::nullopt;
  bool before = change.before != nullptr && selection_.matches(*change.before);
  bool after = change.after != nullptr && selection_.matches(*change.after);
  if (!before && !after) return std::nullopt;
  std::string_view type = !after ? "DELETED" : before ? "MODIFIED" : "ADDED";
  api::Object object = change.after != nullptr ? change.after->clone() : change.before->clone();
  object.meta()->resourceVersion = std::to_string(change.revision);
  if (metadata_only_) object = only_metadata(object);
  return http::make_buffer(encode_event(type, object, metadata_only_ ? nullptr : &resource_, protobuf_));
}

http::Buffer FakeWatch::bookmark() const {
  api::Object object(metadata_only_ ? api::type_of<metav1::PartialObjectMetadata>() : *resource_.message);
  object.meta()->resourceVersion = std::to_string(api_.revision_);
  return http::make_buffer(
      encode_event("BOOKMARK", object, metadata_only_ ? nullptr : &resource_, protobuf_));
}

Task<Result<http::Buffer>> FakeWatch::next() {
  for (;;) {
    OneShot<bool> changed = api_.changed_.subscribe();
    if (token_.cancelled()) co_return fail(errors::cancelled());
    if (api_.broken_ != broken_) co_return fail(errors::service_unavailable("connection reset by peer"));
    if (api_.ended_ != ended_ || (end_ && Executor::current()->now() >= *end_)) co_return http::Buffer();
    for (const FakeApi::Change& change : api_.changes_) {
      if (change.revision <= seen_) continue;
      seen_ = change.revision;
      std::optional<http::Buffer> event = event_of(change);
      if (event) co_return std::move(*event);
    }
    if (api_.bookmarks_ != bookmarks_) {
      bookmarks_ = api_.bookmarks_;
      if (wants_bookmarks_) co_return bookmark();
    }
    CancelRegistration registration = token_.on_cancel([changed] { changed.set(false); });
    uint64_t timer = 0;
    if (end_) timer = Executor::current()->post_at(*end_, [changed] { changed.set(true); });
    co_await changed;
    if (end_) Executor::current()->cancel_timer(timer);
  }
}

}  // namespace xebec::client::testing
