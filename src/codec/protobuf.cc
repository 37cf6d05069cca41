#include "codec/protobuf.h"

#include "api/scheme.h"
#include "codec/protobuf_writer.h"

namespace xebec::codec {
namespace {

// Unknown around what the writer holds: contentType and contentEncoding are written empty, as upstream does.
std::string close_envelope(ProtobufWriter& out, std::size_t mark, std::string_view api_version,
                           std::string_view kind) {
  out.close(mark, 0x12);
  const std::size_t type_meta = out.written();
  out.string_field(kind, 0x12);
  out.string_field(api_version, 0x0a);
  out.close(type_meta, 0x0a);
  out.bytes(kProtobufMagic);
  return out.take();
}

void open_envelope(ProtobufWriter& out) { out.bytes({"\x1a\x00\x22\x00", 4}); }

std::string encode(std::string_view api_version, std::string_view kind, const api::Message& type,
                   const void* object) {
  ProtobufWriter out;
  open_envelope(out);
  const std::size_t mark = out.written();
  out.message(type, object);
  return close_envelope(out, mark, api_version, kind);
}

}  // namespace

std::string encode_protobuf(const api::Message& type, const void* object) {
  ProtobufWriter out;
  out.message(type, object);
  return out.take();
}

std::string wrap_protobuf(std::string_view api_version, std::string_view kind, std::string_view raw) {
  ProtobufWriter out;
  open_envelope(out);
  const std::size_t mark = out.written();
  out.bytes(raw);
  return close_envelope(out, mark, api_version, kind);
}

std::string encode_protobuf_envelope(const api::Object& object) {
  const api::GroupVersionKind gvk = object.gvk();
  return encode(gvk.api_version(), gvk.kind, object.type(), object.data());
}

std::string encode_protobuf_envelope(const api::GroupVersionKind& gvk, const api::Message& type,
                                     const void* object) {
  return encode(gvk.api_version(), gvk.kind, type, object);
}

Result<api::Object> decode_protobuf_envelope(const api::Message& type, std::string_view bytes) {
  TRY(ProtobufEnvelope envelope, unwrap_protobuf(bytes));
  api::Object object(type);
  TRY_VOID(decode_protobuf(type, envelope.raw, object.data()));
  return object;
}

Result<api::Object> decode_protobuf_envelope(const api::Scheme& scheme, std::string_view bytes) {
  TRY(ProtobufEnvelope envelope, unwrap_protobuf(bytes));
  const auto gvk = api::GroupVersionKind::from(envelope.api_version, envelope.kind);
  const api::Message* type = scheme.find(gvk);
  if (!type)
    return fail(errors::bad_request("no kind \"" + gvk.kind + "\" is registered for version \"" +
                                    gvk.api_version() + "\" in scheme"));
  api::Object object(*type);
  TRY_VOID(decode_protobuf(*type, envelope.raw, object.data()));
  return object;
}

std::size_t varint_size(uint64_t value) {
  std::size_t n = 1;
  for (; value >= 0x80; value >>= 7) ++n;
  return n;
}

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

}  // namespace xebec::codec
