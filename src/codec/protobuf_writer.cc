#include "codec/protobuf_writer.h"

#include <algorithm>

#include "api/scalars.h"

namespace xebec::codec {
namespace {

using api::Kind;
using api::Rep;

template <class T>
const T& as(const void* p) {
  return *static_cast<const T*>(p);
}

uint64_t sign_extended(int64_t v) { return static_cast<uint64_t>(v); }

}  // namespace

void ProtobufWriter::grow(std::size_t n) {
  const std::size_t used = written();
  const std::size_t capacity = std::max(capacity_ * 2, used + n + capacity_);
  auto bigger = std::make_unique_for_overwrite<char[]>(capacity);
  std::memcpy(bigger.get() + capacity - used, begin_ + at_, used);
  large_ = std::move(bigger);
  begin_ = large_.get();
  capacity_ = capacity;
  at_ = capacity - used;
}

void ProtobufWriter::message(const api::Message& type, const void* object) {
  for (std::size_t i = type.wire.size(); i-- > 0;) {
    const api::WireField& f = type.wire[i];
    field(f, static_cast<const char*>(object) + f.offset);
  }
}

void ProtobufWriter::field(const api::WireField& f, const void* at) {
  switch (f.rep) {
    case Rep::List:
      return list(f, at);
    case Rep::Map:
      return map(f, at);
    case Rep::Optional: {
      const void* content = f.kind == Kind::Message ? static_cast<const api::BoxBase*>(at)->raw()
                                                    : f.optional->get(const_cast<void*>(at));
      if (content) value(f, content, f.tag);
      return;
    }
    case Rep::Value:
      break;
  }
  if (f.kind == Kind::Bytes && as<api::Bytes>(at).empty()) return;
  if (f.omit_empty && api::is_zero_value(f.kind, f.message, at)) return;
  value(f, at, f.tag);
}

void ProtobufWriter::list(const api::WireField& f, const void* at) {
  const std::size_t n = f.list->size(at);
  if (n == 0) return;
  const char* first = static_cast<const char*>(f.list->at(at, 0));
  for (std::size_t i = n; i-- > 0;) value(f, first + i * f.list->stride, f.tag);
}

void ProtobufWriter::map(const api::WireField& f, const void* at) {
  constexpr uint32_t kKeyTag = 1 << 3 | 2;
  const uint32_t value_tag = 2 << 3 | 2;  // every map value type of the API is length-delimited
  for (std::size_t i = f.map->size(at); i-- > 0;) {
    const std::size_t mark = written();
    value(f, f.map->value(const_cast<void*>(at), i), value_tag);
    string_field(f.map->key(at, i), kKeyTag);
    close(mark, f.tag);
  }
}

void ProtobufWriter::value(const api::WireField& f, const void* at, uint32_t tag) {
  const std::size_t mark = written();
  switch (f.kind) {
    case Kind::Bool:
      byte(as<bool>(at) ? 1 : 0);
      return varint(tag);
    case Kind::Int32:
      return varint_field(sign_extended(as<int32_t>(at)), tag);
    case Kind::Int64:
      return varint_field(sign_extended(as<int64_t>(at)), tag);
    case Kind::Double:
      bytes({static_cast<const char*>(at), sizeof(double)});
      return varint(tag);
    case Kind::String:
      return string_field(as<std::string>(at), tag);
    case Kind::Bytes:
      return string_field(as<api::Bytes>(at).data, tag);
    case Kind::Message:
      message(*f.message, at);
      break;
    case Kind::Quantity:
      string_field(as<api::Quantity>(at).str(), 0x0a);
      break;
    case Kind::Time:
      if (as<api::Time>(at).is_zero()) break;
      varint_field(0, 0x10);
      varint_field(sign_extended(as<api::Time>(at).seconds), 0x08);
      break;
    case Kind::MicroTime: {
      const auto& t = as<api::MicroTime>(at);
      if (t.is_zero()) break;
      varint_field(sign_extended(t.nanos / 1000 * 1000), 0x10);
      varint_field(sign_extended(t.seconds), 0x08);
      break;
    }
    case Kind::Duration:
      varint_field(sign_extended(as<api::Duration>(at).nanos), 0x08);
      break;
    case Kind::IntOrString: {
      const auto& v = as<api::IntOrString>(at);
      string_field(v.str_val, 0x1a);
      varint_field(sign_extended(v.int_val), 0x10);
      varint_field(static_cast<uint64_t>(v.type), 0x08);
      break;
    }
    case Kind::RawExtension:
    case Kind::FieldsV1:
    case Kind::Json:
      if (!as<api::RawJson>(at).empty()) string_field(as<api::RawJson>(at).raw, 0x0a);
      break;
  }
  close(mark, tag);
}

}  // namespace xebec::codec
