#include "client/wire.h"

#include <fmt/format.h>

#include "api/gen/metav1.h"
#include "codec/json.h"
#include "codec/protobuf.h"

namespace xebec::client::wire {
namespace {

// Among the kinds of a type the one of the group version, else the first.
const api::TypeName& kind_in(const api::Message& type, const api::GroupVersion& group_version) {
  for (const api::TypeName& kind : type.kinds) {
    if (kind.group == group_version.group && kind.version == group_version.version) return kind;
  }
  return type.kinds[0];
}

Status to_status(const metav1::Status& from) {
  Status status(from.code, from.reason, from.message);
  if (!from.details) return status;
  const metav1::StatusDetails& details = *from.details;
  status.details.name = details.name;
  status.details.group = details.group;
  status.details.kind = details.kind;
  status.details.uid = details.uid;
  status.details.retry_after_seconds = details.retryAfterSeconds;
  for (const metav1::StatusCause& cause : details.causes) {
    status.details.causes.push_back({cause.reason, cause.message, cause.field});
  }
  return status;
}

// The object of an event: protobuf in its envelope, or JSON.
Result<api::Object> decode_embedded(const api::Message& type, std::string_view bytes) {
  return decode(type, codec::is_protobuf(bytes) ? kProtobuf : kJson, bytes);
}

// A length-delimited field of the message at the front of `bytes`; the reader of an event needs no other
// kind.
bool take_field(std::string_view& bytes, uint64_t& number, std::string_view& value) {
  auto varint = [&](uint64_t& out) {
    out = 0;
    for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
      auto byte = static_cast<uint8_t>(bytes.front());
      bytes.remove_prefix(1);
      out |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  };
  uint64_t tag = 0, size = 0;
  if (!varint(tag) || (tag & 7) != 2 || !varint(size) || size > bytes.size()) return false;
  number = tag >> 3;
  value = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

struct RawEvent {
  std::string type;
  std::string_view object;  // in the frame
  std::string kept;         // or here: what JSON decoding made
};

// metav1.WatchEvent {type = 1, object = 2: RawExtension {raw = 1}}, read in place: the object is most of the
// bytes.
bool read_event(std::string_view bytes, RawEvent& event) {
  uint64_t number = 0;
  std::string_view value;
  while (!bytes.empty()) {
    if (!take_field(bytes, number, value)) return false;
    if (number == 1) event.type = value;
    if (number != 2) continue;
    std::string_view extension = value;
    while (!extension.empty()) {
      if (!take_field(extension, number, value)) return false;
      if (number == 1) event.object = value;
    }
  }
  return true;
}

Status broken_event(std::string_view why) {
  return errors::internal(fmt::format("unable to decode an event from the watch stream: {}", why));
}

Result<RawEvent> split_event(std::string_view frame, bool protobuf) {
  RawEvent event;
  if (protobuf) {
    if (codec::is_protobuf(frame)) {
      TRY(codec::ProtobufEnvelope envelope, codec::unwrap_protobuf(frame));
      frame = envelope.raw;
    }
    if (!read_event(frame, event)) return fail(broken_event("unexpected EOF"));
    return event;
  }
  metav1::WatchEvent parsed;
  Result<codec::DecodeResult> decoded =
      codec::decode_json(api::type_of<metav1::WatchEvent>(), frame, &parsed);
  if (!decoded.has_value()) return fail(broken_event(decoded.error().message));
  event.type = std::move(parsed.type);
  event.kept = std::move(parsed.object.raw);
  return event;
}

}  // namespace

bool is_protobuf(std::string_view content_type) { return content_type.starts_with(kProtobuf); }

std::string encode(const api::Message& type, const void* object, const api::GroupVersion& group_version,
                   bool json) {
  const api::TypeName& kind = kind_in(type, group_version);
  if (!json && !type.json_only) return codec::encode_protobuf_envelope(kind.gvk(), type, object);
  return codec::encode_json(type, object, kind.gvk().api_version(), kind.kind);
}

Result<api::Object> decode(const api::Message& type, std::string_view content_type, std::string_view body) {
  Result<api::Object> object = is_protobuf(content_type) ? codec::decode_protobuf_envelope(type, body)
                                                         : codec::decode_json(type, body);
  if (object.has_value()) return object;
  return fail(errors::internal(fmt::format("the answer is no {}: {}", type.name, object.error().message)));
}

std::optional<Status> decode_status(std::string_view content_type, std::string_view body) {
  const api::Message& type = api::type_of<metav1::Status>();
  metav1::Status status;
  if (is_protobuf(content_type)) {
    Result<codec::ProtobufEnvelope> envelope = codec::unwrap_protobuf(body);
    if (!envelope.has_value() || envelope->kind != "Status") return std::nullopt;
    if (!codec::decode_protobuf(type, envelope->raw, &status).has_value()) return std::nullopt;
  } else {
    if (!content_type.starts_with(kJson)) return std::nullopt;
    Result<codec::DecodeResult> decoded = codec::decode_json(type, body, &status);
    if (!decoded.has_value() || decoded->kind != "Status") return std::nullopt;
  }
  return to_status(status);
}

std::optional<std::string_view> next_frame(std::string_view& bytes, bool protobuf) {
  size_t begin = 0, size = 0, end = 0;
  if (protobuf) {
    // Four bytes of length, big-endian.
    if (bytes.size() < 4) return std::nullopt;
    for (begin = 0; begin < 4; ++begin) size = size << 8 | static_cast<uint8_t>(bytes[begin]);
    end = begin + size;
  } else {
    size = bytes.find('\n');
    if (size == std::string_view::npos) return std::nullopt;
    end = size + 1;
  }
  if (bytes.size() < end) return std::nullopt;
  std::string_view frame = bytes.substr(begin, size);
  bytes.remove_prefix(end);
  return frame;
}

Result<WatchEvent> decode_event(const api::Message& type, std::string_view frame, bool protobuf) {
  TRY(RawEvent event, split_event(frame, protobuf));
  std::string_view object = event.kept.empty() ? event.object : std::string_view(event.kept);
  if (event.type == "ERROR") {
    TRY(api::Object status, decode_embedded(api::type_of<metav1::Status>(), object));
    return fail(to_status(status.get<metav1::Status>()));
  }
  WatchEvent decoded;
  if (event.type == "ADDED") {
    decoded.type = WatchType::kAdded;
  } else if (event.type == "MODIFIED") {
    decoded.type = WatchType::kModified;
  } else if (event.type == "DELETED") {
    decoded.type = WatchType::kDeleted;
  } else if (event.type == "BOOKMARK") {
    decoded.type = WatchType::kBookmark;
  } else {
    return fail(broken_event(fmt::format("got invalid watch event type: {}", event.type)));
  }
  TRY(decoded.object, decode_embedded(type, object));
  return decoded;
}

}  // namespace xebec::client::wire
