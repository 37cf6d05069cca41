#include "apiserver/cache/entry.h"

#include <charconv>

#include "api/gen/metav1.h"
#include "apiserver/cache/wire.h"

namespace xebec::apiserver {
namespace {

constexpr uint32_t kResourceVersionTag = 6 << 3 | 2;

class SpinGuard {
 public:
  explicit SpinGuard(std::atomic_flag& flag) : flag_(flag) {
    while (flag_.test_and_set(std::memory_order_acquire)) flag_.wait(true, std::memory_order_relaxed);
  }
  ~SpinGuard() {
    flag_.clear(std::memory_order_release);
    flag_.notify_one();
  }
  SpinGuard(const SpinGuard&) = delete;

 private:
  std::atomic_flag& flag_;
};

struct Digits {
  char text[20];
  size_t size;
  explicit Digits(int64_t value) {
    size = static_cast<size_t>(std::to_chars(text, text + sizeof text, value).ptr - text);
  }
  std::string_view view() const { return {text, size}; }
};

}  // namespace

const LabelView* EntryMeta::label(std::string_view key) const {
  for (const LabelView& label : labels)
    if (label.key == key) return &label;
  return nullptr;
}

Result<std::shared_ptr<const Entry>> Entry::make(std::shared_ptr<const EntryFormat> format, std::string key,
                                                 int64_t revision, Bytes bytes) {
  struct Owned : Entry {};
  std::shared_ptr<Entry> entry = std::make_shared<Owned>();
  entry->key_ = std::move(key);
  entry->revision_ = revision;
  entry->bytes_ = std::move(bytes);
  TRY_VOID(format->scan(*entry));
  entry->format_ = std::move(format);
  return std::shared_ptr<const Entry>(std::move(entry));
}

std::shared_ptr<const Entry> Entry::at_revision(int64_t revision) const {
  // The bytes were read once, so they are well-formed.
  return *make(format_, key_, revision, bytes_);
}

const api::Message& Entry::stored_type() const { return format_->stored_type(); }

size_t Entry::message_size() const {
  const Digits version(revision_);
  const size_t body = metadata_size_ - version_size_ + 2 + version.size;
  return message_.size() - (metadata_body_ - metadata_offset_) - metadata_size_ + 1 +
         wire::varint_size(body) + body;
}

void Entry::append_message(std::string& out) const {
  const Digits version(revision_);
  const std::string_view body = message_.substr(metadata_body_, metadata_size_);
  out += message_.substr(0, metadata_offset_);
  wire::put_varint(out, 1 << 3 | 2);
  wire::put_varint(out, body.size() - version_size_ + 2 + version.size);
  out += body.substr(0, version_offset_);
  wire::put_varint(out, kResourceVersionTag);
  wire::put_varint(out, version.size);
  out += version.view();
  out += body.substr(version_offset_ + version_size_);
  out += message_.substr(metadata_body_ + metadata_size_);
}

Result<std::shared_ptr<const api::Object>> Entry::object() const {
  {
    SpinGuard guard(lock_);
    if (auto held = object_.lock()) return held;
  }
  TRY(api::Object decoded, format_->decode(*bytes_));
  if (metav1::ObjectMeta* meta = decoded.meta())
    meta->resourceVersion = std::string(Digits(revision_).view());
  auto made = std::make_shared<const api::Object>(std::move(decoded));
  SpinGuard guard(lock_);
  if (auto held = object_.lock()) return held;
  object_ = made;
  return made;
}

size_t Entry::memory() const {
  size_t total = sizeof(Entry) + 16 + key_.capacity() + bytes_->capacity() + sizeof(std::string) + 16;
  total += meta_.labels.capacity() * sizeof(LabelView) + meta_.owners.capacity() * sizeof(OwnerView) +
           meta_.finalizers.capacity() * sizeof(std::string_view) +
           fields_.capacity() * sizeof(std::string_view);
  if (rendered_) total += sizeof(std::string) + rendered_->capacity();
  return total;
}

}  // namespace xebec::apiserver
