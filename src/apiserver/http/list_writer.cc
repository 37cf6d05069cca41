#include "apiserver/http/list_writer.h"

#include <fmt/format.h>

#include "api/gen/metav1.h"
#include "apiserver/cache/entry.h"
#include "apiserver/http/encoder_detail.h"
#include "codec/cbor/cbor.h"
#include "codec/cbor/writer.h"
#include "codec/json.h"
#include "codec/protobuf.h"

namespace xebec::apiserver {
namespace {

constexpr size_t kPieceBytes = 256 << 10;
// Lists of more pieces are streamed: their length is not told beforehand.
constexpr size_t kWholePieces = 4;

metav1::ListMeta list_meta(const ListHead& head) {
  metav1::ListMeta meta;
  meta.resourceVersion = head.resource_version;
  meta.continue_ = head.continue_;
  if (head.remaining_item_count) meta.remainingItemCount = *head.remaining_item_count;
  return meta;
}

size_t field_size(size_t content) { return 1 + codec::varint_size(content) + content; }

class ListStream final : public http::BodyStream {
 public:
  ListStream(std::vector<http::Buffer> first, ListWriter rest)
      : first_(std::move(first)), rest_(std::move(rest)) {}

  Task<Result<http::Buffer>> next() override {
    if (at_ < first_.size()) co_return std::move(first_[at_++]);
    co_return rest_.next();
  }

 private:
  std::vector<http::Buffer> first_;
  size_t at_ = 0;
  ListWriter rest_;
};

}  // namespace

Result<ListWriter> ListWriter::begin(const Encoder& encoder, ListItems items, const ListHead& head) {
  ListWriter writer(encoder, std::move(items));
  const metav1::ListMeta meta = list_meta(head);
  const Accepted& accepted = encoder.target_.accepted;
  if (accepted.view == View::kTable) {
    encoder.append_table_head(meta, true, writer.text_);
  } else if (accepted.type == MediaType::kProtobuf) {
    TRY_VOID(writer.begin_protobuf(meta));
  } else if (accepted.type == MediaType::kCbor) {
    writer.begin_cbor(meta);
  } else {
    writer.begin_json(meta);
  }
  return writer;
}

Result<http::Buffer> ListWriter::next() {
  if (ended_) return http::Buffer();
  if (index_ > 0) text_.reserve(kPieceBytes + (kPieceBytes >> 3));
  while (index_ < size() && text_.size() < kPieceBytes) {
    TRY_VOID(append(index_++));
  }
  if (index_ == size()) {
    append_end();
    ended_ = true;
  }
  return http::make_buffer(std::exchange(text_, std::string()));
}

size_t ListWriter::size() const {
  return std::visit([](const auto& items) { return items.size(); }, items_);
}

Encoder::Item ListWriter::item(size_t index) const {
  return std::visit([index](const auto& items) { return Encoder::Item(items[index]); }, items_);
}

void ListWriter::begin_json(const metav1::ListMeta& meta) {
  const api::GroupVersionKind kind = encoder_.view_kind(true);
  text_ +=
      fmt::format("{{\"kind\":\"{}\",\"apiVersion\":\"{}\",\"metadata\":", kind.kind, kind.api_version());
  codec::append_json(api::type_of<metav1::ListMeta>(), &meta, "", "", text_);
  text_ += ",\"items\":[";
}

void ListWriter::begin_cbor(const metav1::ListMeta& meta) {
  const api::GroupVersionKind kind = encoder_.view_kind(true);
  text_ += codec::kCborMagic;
  codec::CborWriter writer(text_);
  writer.head(codec::CborMajor::kMap, 4);
  writer.string("kind");
  writer.string(kind.kind);
  writer.string("apiVersion");
  writer.string(kind.api_version());
  writer.string("metadata");
  codec::append_cbor(api::type_of<metav1::ListMeta>(), &meta, "", "", text_);
  writer.string("items");
  writer.head(codec::CborMajor::kArray, size());
}

// Lengths stand in front, so sizes are known before anything is copied: stored entries tell theirs, others
// are encoded first.
Result<void> ListWriter::begin_protobuf(const metav1::ListMeta& meta) {
  const std::string meta_bytes = codec::encode_protobuf(api::type_of<metav1::ListMeta>(), &meta);
  size_t total = field_size(meta_bytes.size());
  sizes_.reserve(size());
  for (size_t i = 0; i < size(); ++i) {
    const Encoder::Item one = item(i);
    if (encoder_.copies(one)) {
      sizes_.push_back(one.entry->message_size());
    } else {
      encoded_.resize(i);
      TRY(encoded_.emplace_back(), encoder_.protobuf_message(one));
      sizes_.push_back(encoded_.back().size());
    }
    total += field_size(sizes_.back());
  }
  const api::GroupVersionKind kind = encoder_.view_kind(true);
  std::string type_meta;
  append_field(0x0a, kind.api_version(), type_meta);
  append_field(0x12, kind.kind, type_meta);
  // An Unknown of four fields: type, the list's bytes, content encoding and content type.
  text_ += codec::kProtobufMagic;
  append_field(0x0a, type_meta, text_);
  codec::append_varint(text_, 0x12);
  codec::append_varint(text_, total);
  append_field(0x0a, meta_bytes, text_);
  return {};
}

void ListWriter::append_protobuf(size_t index) {
  codec::append_varint(text_, 0x12);
  codec::append_varint(text_, sizes_[index]);
  const Encoder::Item one = item(index);
  if (encoder_.copies(one)) {
    one.entry->append_message(text_);
  } else {
    text_ += std::exchange(encoded_[index], std::string());
  }
}

Result<void> ListWriter::append(size_t index) {
  const Accepted& accepted = target().accepted;
  const bool table = accepted.view == View::kTable;
  if (!table && accepted.type == MediaType::kProtobuf) {
    append_protobuf(index);
    return {};
  }
  if (!table && accepted.type == MediaType::kCbor) return encoder_.append_cbor(item(index), false, text_);
  if (index > 0) text_ += ",";
  return table ? encoder_.append_table_row(item(index), text_)
               : encoder_.append_json(item(index), false, text_);
}

void ListWriter::append_end() {
  const Accepted& accepted = target().accepted;
  const bool table = accepted.view == View::kTable;
  if (!table && accepted.type == MediaType::kProtobuf) {
    append_field(0x1a, "", text_);
    append_field(0x22, "", text_);
  } else if (table || accepted.type != MediaType::kCbor) {
    text_ += "]}";
    if (accepted.type == MediaType::kJson && !accepted.pretty) text_ += "\n";
  }
}

Result<http::Response> list_response(const Encoder& encoder, ListItems items, const ListHead& head) {
  http::Response response;
  response.headers.add("Content-Type", encoder.content_type());
  TRY(ListWriter writer, ListWriter::begin(encoder, std::move(items), head));
  std::vector<http::Buffer> pieces;
  const bool whole = encoder.made_from_json();
  std::string json;
  for (;;) {
    TRY(http::Buffer piece, writer.next());
    if (!piece) break;
    if (whole) {
      json += *piece;
      continue;
    }
    pieces.push_back(std::move(piece));
    if (pieces.size() < kWholePieces) continue;
    std::unique_ptr<http::BodyStream> stream =
        std::make_unique<ListStream>(std::move(pieces), std::move(writer));
    response.body = std::move(stream);
    return response;
  }
  if (whole) pieces.push_back(http::make_buffer(encoder.from_json(json)));
  response.body = std::move(pieces);
  return response;
}

}  // namespace xebec::apiserver
