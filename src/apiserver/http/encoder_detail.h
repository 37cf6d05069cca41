// What the files of the encoder share.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/conversion.h"
#include "apiserver/cache/entry.h"
#include "apiserver/http/encoder.h"
#include "codec/protobuf.h"

namespace xebec::apiserver {

struct Encoder::Item {
  explicit Item(const Entry& e) : entry(&e) {}
  explicit Item(const std::shared_ptr<const Entry>& e) : entry(e.get()) {}
  explicit Item(const api::Object& o) : object(&o) {}
  const Entry* entry = nullptr;
  const api::Object* object = nullptr;

  // The hub object; `keep` holds what was decoded for it.
  Result<const api::Object*> hub(std::shared_ptr<const api::Object>& keep) const {
    if (object) return object;
    TRY(keep, entry->object());
    return keep.get();
  }
  // The object as `type`; `keep` and `converted` hold it.
  Result<const void*> as(const api::Message& type, std::shared_ptr<const api::Object>& keep,
                         api::Object& converted) const {
    TRY(const api::Object* from, hub(keep));
    if (&from->type() == &type) return from->data();
    TRY(converted, api::convert(*from, type));
    return converted.data();
  }
};

// A field of protobuf whose content is bytes.
inline void append_field(uint32_t tag, std::string_view bytes, std::string& out) {
  codec::append_varint(out, tag);
  codec::append_varint(out, bytes.size());
  out += bytes;
}

}  // namespace xebec::apiserver
