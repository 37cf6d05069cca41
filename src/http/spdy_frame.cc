#include "http/spdy_frame.h"

#include <fmt/format.h>
#include <zlib.h>

namespace xebec::http::spdy {
namespace {

constexpr uint16_t kVersion = 3;
constexpr size_t kMaxControl = 256 << 10;
constexpr size_t kMaxHeaders = 256 << 10;  // a block when inflated

void put32(std::string& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

uint32_t get32(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

uint32_t stream_id(std::string_view bytes, size_t at) { return get32(bytes, at) & 0x7fffffff; }

Bytef* bytes_of(std::string_view text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text.data())); }

std::string lower(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

Status protocol_error(std::string_view why) { return errors::bad_request(fmt::format("spdy: {}", why)); }

// A name/value block: the values of one name are joined by NUL.
std::string name_value_block(const Headers& headers) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& [name, value] : headers) {
    std::string small = lower(name);
    auto same =
        std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == small; });
    if (same == fields.end()) {
      fields.emplace_back(std::move(small), value);
    } else {
      same->second += '\0';
      same->second += value;
    }
  }
  std::string block;
  put32(block, static_cast<uint32_t>(fields.size()));
  for (const auto& [name, value] : fields) {
    put32(block, static_cast<uint32_t>(name.size()));
    block += name;
    put32(block, static_cast<uint32_t>(value.size()));
    block += value;
  }
  return block;
}

Result<Headers> parse_block(std::string_view block) {
  Headers headers;
  auto take = [&](std::string_view& out) {
    if (block.size() < 4) return false;
    size_t size = get32(block, 0);
    if (block.size() - 4 < size) return false;
    out = block.substr(4, size);
    block.remove_prefix(4 + size);
    return true;
  };
  if (block.size() < 4) return fail(protocol_error("header block too short"));
  uint32_t count = get32(block, 0);
  block.remove_prefix(4);
  for (uint32_t i = 0; i < count; ++i) {
    std::string_view name;
    std::string_view values;
    if (!take(name) || !take(values) || name.empty()) return fail(protocol_error("malformed header block"));
    for (;;) {
      size_t end = values.find('\0');
      headers.add(lower(name), values.substr(0, end));
      if (end == std::string_view::npos) break;
      values.remove_prefix(end + 1);
    }
  }
  return headers;
}

}  // namespace

struct Deflater::Impl {
  z_stream z{};
};

Deflater::Deflater() : impl_(std::make_unique<Impl>()) {
  deflateInit(&impl_->z, Z_BEST_COMPRESSION);
  deflateSetDictionary(&impl_->z, bytes_of(dictionary()), static_cast<uInt>(dictionary().size()));
}
Deflater::~Deflater() { deflateEnd(&impl_->z); }

std::string Deflater::compress(const Headers& headers) {
  std::string block = name_value_block(headers);
  std::string out;
  z_stream& z = impl_->z;
  z.next_in = bytes_of(block);
  z.avail_in = static_cast<uInt>(block.size());
  char part[4096];
  do {
    z.next_out = bytes_of(part);
    z.avail_out = sizeof part;
    deflate(&z, Z_SYNC_FLUSH);
    out.append(part, sizeof part - z.avail_out);
  } while (z.avail_out == 0);
  return out;
}

struct Inflater::Impl {
  z_stream z{};
};

Inflater::Inflater() : impl_(std::make_unique<Impl>()) { inflateInit(&impl_->z); }
Inflater::~Inflater() { inflateEnd(&impl_->z); }

Result<Headers> Inflater::decompress(std::string_view block) {
  std::string out;
  z_stream& z = impl_->z;
  z.next_in = bytes_of(block);
  z.avail_in = static_cast<uInt>(block.size());
  char part[4096];
  for (;;) {
    z.next_out = bytes_of(part);
    z.avail_out = sizeof part;
    int result = inflate(&z, Z_SYNC_FLUSH);
    if (result == Z_NEED_DICT) {
      if (inflateSetDictionary(&z, bytes_of(dictionary()), static_cast<uInt>(dictionary().size())) != Z_OK) {
        return fail(protocol_error("unknown compression dictionary"));
      }
      continue;
    }
    out.append(part, sizeof part - z.avail_out);
    if (out.size() > kMaxHeaders) return fail(protocol_error("header block too large"));
    if (result != Z_OK && result != Z_BUF_ERROR)
      return fail(protocol_error("header block cannot be decompressed"));
    if (z.avail_in == 0 && z.avail_out != 0) break;
    if (result == Z_BUF_ERROR) return fail(protocol_error("header block cannot be decompressed"));
  }
  return parse_block(out);
}

std::string data_frame(uint32_t stream, uint8_t flags, std::string_view bytes) {
  std::string out;
  out.reserve(8 + bytes.size());
  put32(out, stream);
  put32(out, static_cast<uint32_t>(flags) << 24 | static_cast<uint32_t>(bytes.size()));
  out += bytes;
  return out;
}

std::string control_frame(Type type, uint8_t flags, std::string_view payload) {
  std::string out;
  out.reserve(8 + payload.size());
  put32(out, 0x80000000U | static_cast<uint32_t>(kVersion) << 16 | static_cast<uint32_t>(type));
  put32(out, static_cast<uint32_t>(flags) << 24 | static_cast<uint32_t>(payload.size()));
  out += payload;
  return out;
}

std::string syn_stream(uint32_t stream, uint8_t flags, std::string_view block) {
  std::string payload;
  put32(payload, stream);
  put32(payload, 0);        // no associated stream
  payload.append(2, '\0');  // priority, slot
  payload += block;
  return control_frame(Type::kSynStream, flags, payload);
}

std::string syn_reply(uint32_t stream, std::string_view block) {
  std::string payload;
  put32(payload, stream);
  payload += block;
  return control_frame(Type::kSynReply, 0, payload);
}

std::string two_words(Type type, uint32_t first, uint32_t second) {
  std::string payload;
  put32(payload, first);
  put32(payload, second);
  return control_frame(type, 0, payload);
}

std::string ping_frame(uint32_t id) {
  std::string payload;
  put32(payload, id);
  return control_frame(Type::kPing, 0, payload);
}

Result<std::optional<Frame>> Decoder::next_data() {
  size_t available = bytes_.size() - offset_;
  size_t count = std::min(available, data_left_);
  if (count == 0 && data_left_ > 0) return std::optional<Frame>();
  Frame frame;
  frame.stream = data_stream_;
  frame.data = bytes_.substr(offset_, count);
  offset_ += count;
  data_left_ -= count;
  if (data_left_ == 0) {
    frame.flags = data_flags_;
    in_data_ = false;
  }
  return std::optional<Frame>(std::move(frame));
}

Result<std::optional<Frame>> Decoder::next() {
  if (in_data_) return next_data();
  if (bytes_.size() - offset_ < 8) {
    bytes_.erase(0, std::exchange(offset_, 0));
    return std::optional<Frame>();
  }
  uint32_t first = get32(bytes_, offset_);
  uint32_t second = get32(bytes_, offset_ + 4);
  uint8_t flags = static_cast<uint8_t>(second >> 24);
  size_t length = second & 0xffffff;
  if ((first & 0x80000000U) == 0) {
    offset_ += 8;
    in_data_ = true;
    data_stream_ = first;
    data_flags_ = flags;
    data_left_ = length;
    return next_data();
  }
  if ((first >> 16 & 0x7fff) != kVersion) return fail(protocol_error("unsupported version"));
  if (length > kMaxControl) return fail(protocol_error("control frame too large"));
  if (bytes_.size() - offset_ < 8 + length) {
    bytes_.erase(0, std::exchange(offset_, 0));
    return std::optional<Frame>();
  }
  std::string_view payload = std::string_view(bytes_).substr(offset_ + 8, length);
  TRY(Frame frame, control(static_cast<uint16_t>(first & 0xffff), flags, payload));
  offset_ += 8 + length;
  return std::optional<Frame>(std::move(frame));
}

Result<Frame> Decoder::control(uint16_t type, uint8_t flags, std::string_view payload) {
  Frame frame;
  frame.type = static_cast<Type>(type);
  frame.flags = flags;
  auto need = [&](size_t size) { return payload.size() >= size; };
  Status short_frame = protocol_error("control frame too short");
  switch (frame.type) {
    case Type::kSynStream: {
      if (!need(10)) return fail(short_frame);
      frame.stream = stream_id(payload, 0);
      TRY(frame.headers, inflater_.decompress(payload.substr(10)));
      return frame;
    }
    case Type::kSynReply:
    case Type::kHeaders: {
      if (!need(4)) return fail(short_frame);
      frame.stream = stream_id(payload, 0);
      TRY(frame.headers, inflater_.decompress(payload.substr(4)));
      return frame;
    }
    case Type::kRstStream:
    case Type::kGoAway:
    case Type::kWindowUpdate:
      if (!need(8)) return fail(short_frame);
      frame.stream = stream_id(payload, 0);
      frame.value = get32(payload, 4);
      return frame;
    case Type::kPing:
      if (!need(4)) return fail(short_frame);
      frame.stream = get32(payload, 0);
      return frame;
    case Type::kSettings: {
      if (!need(4)) return fail(short_frame);
      uint32_t count = get32(payload, 0);
      if ((payload.size() - 4) / 8 < count) return fail(short_frame);
      for (uint32_t i = 0; i < count; ++i) {
        if ((get32(payload, 4 + 8 * i) & 0xffffff) == kSettingInitialWindow)
          frame.value = get32(payload, 8 + 8 * i);
      }
      return frame;
    }
    default:
      return frame;  // unknown control frames are ignored
  }
}

}  // namespace xebec::http::spdy
