#include <algorithm>

#include "api/scalars.h"
#include "codec/cbor/cbor.h"
#include "codec/cbor/writer.h"
#include "codec/object_encode.h"

namespace xebec::codec {
namespace {

using api::Message;

class CborSink : public CborWriter {
 public:
  using CborWriter::CborWriter;

  void ascii(std::string_view text) { string(text); }
  void time(const api::Time& time) { string(time.str()); }
  void raw(std::string_view json) {
    Result<Value> value = parse_json(json);
    write_tree(value ? *value : Value(), *this);
  }

  void begin_list(std::size_t n) { head(CborMajor::kArray, n); }
  void item(std::size_t) {}
  void end_list() {}

  void begin_map(std::size_t n) { head(CborMajor::kMap, n); }
  void key(std::size_t, std::string_view name) { string(name); }
  void end_map() {}

  class Members {
   public:
    explicit Members(CborSink& out) : out_(out), at_(out.begin_counted_map()) {}
    void name(std::string_view key) {
      out_.string(key);
      ++count_;
    }
    void end() { out_.end_counted_map(at_, count_); }

   private:
    CborSink& out_;
    std::size_t at_, count_ = 0;
  };

  // Few and small: what their JSON is.
  void other_form(const Message& message, const void* object) {
    std::string json;
    append_json(message, object, "", "", json);
    write_raw(json, *this);
  }

  // Ascending by their encoded form (RFC 8949, 4.2.1): the length stands in front.
  static std::vector<uint32_t> order(const ValueMap& map) {
    std::vector<uint32_t> order = map.sorted();
    std::ranges::stable_sort(
        order, [&](uint32_t a, uint32_t b) { return map.member(a).key.size() < map.member(b).key.size(); });
    return order;
  }
};

}  // namespace

void append_cbor(const Message& type, const void* object, std::string_view api_version, std::string_view kind,
                 std::string& text) {
  CborSink out(text);
  write_document(type, object, api_version, kind, out);
}

void append_cbor(const Value& value, std::string& text) {
  CborSink out(text);
  write_tree(value, out);
}

std::string encode_cbor(const Message& type, const void* object, std::string_view api_version,
                        std::string_view kind) {
  std::string out(kCborMagic);
  append_cbor(type, object, api_version, kind, out);
  return out;
}

std::string encode_cbor(const Value& value) {
  std::string out(kCborMagic);
  append_cbor(value, out);
  return out;
}

}  // namespace xebec::codec
