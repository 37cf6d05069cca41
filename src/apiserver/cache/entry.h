// Entry: one stored object as the watch cache keeps it: the stored bytes, its revision, and the few fields
// that selection, garbage collection and admission look at all the time. Typed objects are made on demand: a
// Pod as a struct is ten times its bytes.
//
// Immutable and thread-safe; always held by shared_ptr<const Entry>. All string_views point into the entry's
// bytes.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/object.h"
#include "base/result.h"

namespace xebec::apiserver {

class EntryFormat;

struct LabelView {
  std::string_view key, value;
};

struct OwnerView {
  std::string_view api_version, kind, name, uid;
  bool controller = false;
  bool block_owner_deletion = false;
};

// What is read from the bytes when the entry is made, without decoding the object.
struct EntryMeta {
  std::string_view name, namespace_, uid;
  int64_t generation = 0;
  int64_t creation_seconds = 0;   // Unix time; 0 when unset
  int64_t deletion_seconds = 0;   // Unix time of deletionTimestamp; 0 when unset
  std::vector<LabelView> labels;  // in stored order (sorted by key when we wrote them)
  std::vector<OwnerView> owners;
  std::vector<std::string_view> finalizers;

  bool deleting() const { return deletion_seconds != 0; }
  // nullptr data when the label is absent.
  const LabelView* label(std::string_view key) const;
};

class Entry {
 public:
  using Bytes = std::shared_ptr<const std::string>;

  // Fails when the bytes are no object of the format.
  static Result<std::shared_ptr<const Entry>> make(std::shared_ptr<const EntryFormat> format, std::string key,
                                                   int64_t revision, Bytes bytes);
  // The same object as of another revision: the last state of a deleted object carries the deletion's
  // revision.
  std::shared_ptr<const Entry> at_revision(int64_t revision) const;

  const std::string& key() const { return key_; }
  int64_t revision() const { return revision_; }
  const EntryMeta& meta() const { return meta_; }

  // The stored form: `k8s\0` + runtime.Unknown (protobuf), or JSON for custom resources. No resourceVersion
  // in it.
  const Bytes& bytes() const { return bytes_; }
  // The type whose protobuf form `message_bytes` is (the storage version).
  const api::Message& stored_type() const;
  // The object's protobuf message inside the stored form, without resourceVersion.
  std::string_view message_bytes() const { return message_; }
  // Appends that message with metadata.resourceVersion in its place: what a protobuf answer in the storage
  // version holds, byte for byte.
  void append_message(std::string& out) const;
  size_t message_size() const;  // of what append_message appends

  // The value of a selectable field by its position in EntryFormat::selectable().
  std::string_view selectable(size_t i) const { return fields_[i]; }
  const EntryFormat& format() const { return *format_; }

  // The object as the hub type, with resourceVersion. Decoded on first use and kept while somebody holds it.
  Result<std::shared_ptr<const api::Object>> object() const;

  // Memory it keeps alive, bytes included.
  size_t memory() const;

 private:
  Entry() = default;
  friend class EntryScanner;

  std::shared_ptr<const EntryFormat> format_;
  std::string key_;
  int64_t revision_ = 0;
  Bytes bytes_;
  std::string_view message_;      // into bytes_
  uint32_t metadata_offset_ = 0;  // of metadata's tag in message_
  uint32_t metadata_body_ = 0;    // of metadata's content in message_
  uint32_t metadata_size_ = 0;    // of metadata's content
  uint32_t version_offset_ = 0;   // in metadata's content: where resourceVersion goes
  uint32_t version_size_ = 0;     // length of an empty resourceVersion field there, 0 or 2
  EntryMeta meta_;
  std::vector<std::string_view> fields_;
  std::unique_ptr<std::string> rendered_;  // texts of numeric selectable fields

  mutable std::atomic_flag lock_;
  mutable std::weak_ptr<const api::Object> object_;
};

// How the objects of one resource are stored and read. Shared by all entries of the resource; immutable.
// The one for built-in kinds is in cache/format.h.
class EntryFormat {
 public:
  virtual ~EntryFormat() = default;
  virtual const api::Message& stored_type() const = 0;
  // Names of the selectable fields, in the order of Entry::selectable. metadata.name (and metadata.namespace
  // for namespaced resources) come first.
  virtual std::span<const std::string_view> selectable() const = 0;
  // Bytes to hub object, without resourceVersion.
  virtual Result<api::Object> decode(std::string_view bytes) const = 0;
  // Hub object to bytes; resourceVersion is left out.
  virtual Result<Entry::Bytes> encode(const api::Object& object) const = 0;

 private:
  friend class Entry;
  // Fills the entry's views from its bytes.
  virtual Result<void> scan(Entry& entry) const = 0;
};

}  // namespace xebec::apiserver
