#include <algorithm>
#include <cstring>
#include <string>

#include "api/scalars.h"
#include "codec/protobuf.h"

namespace xebec::codec {
namespace {

using api::Kind;
using api::Rep;
using api::WireField;

constexpr int kVarint = 0, kFixed64 = 1, kDelimited = 2, kGroup = 3, kEndGroup = 4, kFixed32 = 5;

// A cursor over one message. Every call answers false on malformed input and leaves the reason in `error`.
class Reader {
 public:
  Reader(std::string_view bytes, const char*& error)
      : p_(bytes.data()), end_(p_ + bytes.size()), error_(error) {}

  bool done() const { return p_ == end_; }

  bool varint(uint64_t& out) {
    if (p_ != end_ && !(*p_ & 0x80)) {
      out = static_cast<uint8_t>(*p_++);
      return true;
    }
    out = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (p_ == end_) return fail("unexpected EOF");
      const auto b = static_cast<uint8_t>(*p_++);
      out |= static_cast<uint64_t>(b & 0x7f) << shift;
      if (!(b & 0x80)) return true;
    }
    return fail("proto: integer overflow");
  }
  bool fixed(char* out, std::size_t n) {
    if (static_cast<std::size_t>(end_ - p_) < n) return fail("unexpected EOF");
    std::memcpy(out, p_, n);
    p_ += n;
    return true;
  }
  bool delimited(std::string_view& out) {
    uint64_t n;
    if (!varint(n)) return false;
    if (n > static_cast<uint64_t>(end_ - p_)) return fail("unexpected EOF");
    out = {p_, static_cast<std::size_t>(n)};
    p_ += n;
    return true;
  }
  bool tag(uint32_t& number, int& type) {
    uint64_t v;
    if (!varint(v)) return false;
    number = static_cast<uint32_t>(v >> 3);
    type = static_cast<int>(v & 7);
    if ((v >> 3) == 0 || (v >> 3) > 0x1fffffff) return fail("proto: illegal tag");
    return true;
  }
  bool skip(int type, int depth = 0) {
    uint64_t ignored;
    std::string_view content;
    char fixed_bytes[8];
    switch (type) {
      case kVarint:
        return varint(ignored);
      case kFixed64:
        return fixed(fixed_bytes, 8);
      case kFixed32:
        return fixed(fixed_bytes, 4);
      case kDelimited:
        return delimited(content);
      case kGroup:
        return skip_group(depth);
      default:
        return fail("proto: illegal wireType");
    }
  }
  bool fail(const char* why) {
    error_ = why;
    return false;
  }

 private:
  bool skip_group(int depth) {
    if (depth > kMaxProtobufDepth) return fail("proto: message nested too deeply");
    for (;;) {
      uint32_t number;
      int type;
      if (!tag(number, type)) return false;
      if (type == kEndGroup) return true;
      if (!skip(type, depth + 1)) return false;
    }
  }

  const char* p_;
  const char* end_;
  const char*& error_;
};

class Decoder {
 public:
  explicit Decoder(const char*& error) : error_(error) {}

  bool message(const api::Message& type, std::string_view bytes, void* object, int depth) {
    Reader in(bytes, error_);
    if (depth > kMaxProtobufDepth) return in.fail("proto: message nested too deeply");
    std::size_t next = 0;  // fields come in order as a rule
    while (!in.done()) {
      uint32_t number;
      int wire_type;
      if (!in.tag(number, wire_type)) return false;
      const WireField* f = find(type, number, next);
      if (!f) {
        if (!in.skip(wire_type)) return false;
        continue;
      }
      if (!field(*f, wire_type, in, static_cast<char*>(object) + f->offset, depth)) return false;
    }
    return true;
  }

 private:
  static const WireField* find(const api::Message& type, uint32_t number, std::size_t& next) {
    const auto wire = type.wire;
    for (std::size_t i = next; i < std::min(next + 2, wire.size()); ++i)
      if (wire[i].tag >> 3 == number) {
        next = i;
        return &wire[i];
      }
    auto it = std::lower_bound(wire.begin(), wire.end(), number,
                               [](const WireField& f, uint32_t n) { return f.tag >> 3 < n; });
    if (it == wire.end() || it->tag >> 3 != number) return nullptr;
    next = static_cast<std::size_t>(it - wire.begin());
    return &*it;
  }

  bool field(const WireField& f, int wire_type, Reader& in, void* at, int depth) {
    switch (f.rep) {
      case Rep::Value:
        return value(f, wire_type, in, at, depth);
      case Rep::Optional:
        return value(f, wire_type, in, ensure(f, at), depth);
      case Rep::List:
        return list(f, wire_type, in, at, depth);
      case Rep::Map:
        break;
    }
    return map_entry(f, wire_type, in, at, depth);
  }

  static void* ensure(const WireField& f, void* at) {
    if (f.kind != Kind::Message) return f.optional->emplace(at);
    auto* box = static_cast<api::BoxBase*>(at);
    if (!box->raw()) box->set_raw(f.message->create());
    return box->raw();
  }

  bool list(const WireField& f, int wire_type, Reader& in, void* at, int depth) {
    if (wire_type == kDelimited && static_cast<int>(f.tag & 7) != kDelimited) return packed(f, in, at, depth);
    return value(f, wire_type, in, f.list->append(at), depth);
  }

  bool packed(const WireField& f, Reader& in, void* at, int depth) {
    std::string_view content;
    if (!in.delimited(content)) return false;
    Reader elements(content, error_);
    while (!elements.done())
      if (!value(f, static_cast<int>(f.tag & 7), elements, f.list->append(at), depth)) return false;
    return true;
  }

  bool map_entry(const WireField& f, int wire_type, Reader& in, void* at, int depth) {
    std::string_view content;
    if (wire_type != kDelimited) return in.fail("proto: wrong wireType");
    if (!in.delimited(content)) return false;
    std::string_view key;
    if (!map_key(content, key)) return false;
    void* slot = f.map->emplace(at, key);
    api::clear_value(f.kind, f.message, slot);  // a later entry replaces an earlier one
    Reader entry(content, error_);
    while (!entry.done()) {
      uint32_t number;
      int type;
      if (!entry.tag(number, type)) return false;
      if (number == 2 ? !value(f, type, entry, slot, depth) : !entry.skip(type)) return false;
    }
    return true;
  }

  bool map_key(std::string_view content, std::string_view& key) {
    Reader entry(content, error_);
    while (!entry.done()) {
      uint32_t number;
      int type;
      if (!entry.tag(number, type)) return false;
      if (number != 1) {
        if (!entry.skip(type)) return false;
        continue;
      }
      if (type != kDelimited) return entry.fail("proto: wrong wireType");
      if (!entry.delimited(key)) return false;
    }
    return true;
  }

  bool value(const WireField& f, int wire_type, Reader& in, void* at, int depth) {
    if (static_cast<int>(f.rep == Rep::Map ? kDelimited : f.tag & 7) != wire_type)
      return in.fail("proto: wrong wireType");
    uint64_t v = 0;
    std::string_view content;
    switch (f.kind) {
      case Kind::Bool:
        if (!in.varint(v)) return false;
        *static_cast<bool*>(at) = v != 0;
        return true;
      case Kind::Int32:
        if (!in.varint(v)) return false;
        *static_cast<int32_t*>(at) = static_cast<int32_t>(v);
        return true;
      case Kind::Int64:
        if (!in.varint(v)) return false;
        *static_cast<int64_t*>(at) = static_cast<int64_t>(v);
        return true;
      case Kind::Double:
        return in.fixed(static_cast<char*>(at), sizeof(double));
      default:
        break;
    }
    if (!in.delimited(content)) return false;
    switch (f.kind) {
      case Kind::String:
        static_cast<std::string*>(at)->assign(content);
        return true;
      case Kind::Bytes:
        static_cast<api::Bytes*>(at)->data.assign(content);
        return true;
      case Kind::Message:
        return message(*f.message, content, at, depth + 1);
      default:
        return scalar(f.kind, content, at);
    }
  }

  // The fields of the small messages behind our scalars: numbers[i] and text hold what field i+1 said.
  struct Fields {
    int64_t numbers[2] = {0, 0};
    std::string_view text;
  };
  bool fields(std::string_view content, uint32_t text_number, Fields& out) {
    Reader in(content, error_);
    while (!in.done()) {
      uint32_t number;
      int type;
      uint64_t v;
      if (!in.tag(number, type)) return false;
      if (number == text_number && type == kDelimited) {
        if (!in.delimited(out.text)) return false;
      } else if (number <= 2 && number != text_number && type == kVarint) {
        if (!in.varint(v)) return false;
        out.numbers[number - 1] = static_cast<int64_t>(v);
      } else if (!in.skip(type)) {
        return false;
      }
    }
    return true;
  }

  bool scalar(Kind kind, std::string_view content, void* at) {
    Fields f;
    const bool raw = kind == Kind::RawExtension || kind == Kind::FieldsV1 || kind == Kind::Json;
    const uint32_t text_number = raw || kind == Kind::Quantity ? 1 : 3;
    if (!fields(content, text_number, f)) return false;
    switch (kind) {
      case Kind::Quantity:
        return quantity(content, f.text, *static_cast<api::Quantity*>(at));
      case Kind::Time:
        *static_cast<api::Time*>(at) = content.empty() ? api::Time{} : api::Time{f.numbers[0]};
        return true;
      case Kind::MicroTime:
        *static_cast<api::MicroTime*>(at) =
            content.empty() ? api::MicroTime{} : micro_time(f.numbers[0], f.numbers[1]);
        return true;
      case Kind::Duration:
        static_cast<api::Duration*>(at)->nanos = f.numbers[0];
        return true;
      case Kind::IntOrString: {
        auto& v = *static_cast<api::IntOrString*>(at);
        v.type = f.numbers[0] == 1 ? api::IntOrString::Type::String : api::IntOrString::Type::Int;
        v.int_val = static_cast<int32_t>(f.numbers[1]);
        v.str_val.assign(f.text);
        return true;
      }
      default:
        static_cast<api::RawJson*>(at)->raw.assign(f.text);
        return true;
    }
  }

  static api::MicroTime micro_time(int64_t seconds, int64_t nanos) {
    const auto n = static_cast<int32_t>(nanos);
    return {seconds, n >= 0 && n < 1000000000 ? n / 1000 * 1000 : 0};
  }

  bool quantity(std::string_view content, std::string_view text, api::Quantity& out) {
    if (content.empty()) {
      out = {};
      return true;
    }
    auto parsed = api::Quantity::parse(text);
    if (!parsed) {
      error_ = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
      return false;
    }
    out = *std::move(parsed);
    return true;
  }

  const char*& error_;
};

Status malformed(const char* why) { return errors::bad_request(why); }

bool read_type_meta(std::string_view bytes, ProtobufEnvelope& out, const char*& error) {
  Reader in(bytes, error);
  while (!in.done()) {
    uint32_t number;
    int type;
    if (!in.tag(number, type)) return false;
    if (type == kDelimited && (number == 1 || number == 2)) {
      if (!in.delimited(number == 1 ? out.api_version : out.kind)) return false;
    } else if (!in.skip(type)) {
      return false;
    }
  }
  return true;
}

bool read_envelope(std::string_view bytes, ProtobufEnvelope& out, const char*& error) {
  Reader in(bytes, error);
  while (!in.done()) {
    uint32_t number;
    int type;
    if (!in.tag(number, type)) return false;
    if (type != kDelimited || number > 4) {
      if (!in.skip(type)) return false;
      continue;
    }
    std::string_view content;
    if (!in.delimited(content)) return false;
    switch (number) {
      case 1:
        if (!read_type_meta(content, out, error)) return false;
        break;
      case 2:
        out.raw = content;
        break;
      case 3:
        out.content_encoding = content;
        break;
      default:
        out.content_type = content;
        break;
    }
  }
  return true;
}

}  // namespace

Result<void> decode_protobuf(const api::Message& type, std::string_view bytes, void* object) {
  const char* error = nullptr;
  if (!Decoder(error).message(type, bytes, object, 0)) return fail(malformed(error));
  return {};
}

Result<ProtobufEnvelope> unwrap_protobuf(std::string_view bytes) {
  if (!is_protobuf(bytes))
    return fail(
        malformed("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"));
  ProtobufEnvelope out;
  const char* error = nullptr;
  if (!read_envelope(bytes.substr(kProtobufMagic.size()), out, error)) return fail(malformed(error));
  return out;
}

}  // namespace xebec::codec
