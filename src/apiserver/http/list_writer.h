// ListWriter: the document of a list, written as it is read: of a list of any length there is one piece at a
// time. It holds the entries, not what they look like, so that a slow reader costs no more than the cache has
// already.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "apiserver/http/encoder.h"

namespace xebec::apiserver {

class ListWriter {
 public:
  // Errors: an item has no form in the version or view that is asked for (in protobuf, where lengths stand in
  // front, all but stored items are encoded here).
  static Result<ListWriter> begin(const Encoder& encoder, ListItems items, const ListHead& head);

  // The next piece, of moderate size; nullptr at the end. Not called again after that or an error.
  Result<http::Buffer> next();

 private:
  ListWriter(const Encoder& encoder, ListItems items) : encoder_(encoder), items_(std::move(items)) {}
  const Encoder::Target& target() const { return encoder_.target_; }
  size_t size() const;
  Encoder::Item item(size_t index) const;

  void begin_json(const metav1::ListMeta& meta);
  void begin_cbor(const metav1::ListMeta& meta);
  Result<void> begin_protobuf(const metav1::ListMeta& meta);
  Result<void> append(size_t index);
  void append_protobuf(size_t index);
  void append_end();

  Encoder encoder_;
  ListItems items_;
  // Of protobuf: each item's size, and what it is for those that are not stored in the wanted form.
  std::vector<size_t> sizes_;
  std::vector<std::string> encoded_;
  std::string text_;  // what comes next
  size_t index_ = 0;
  bool ended_ = false;
};

// The whole of a short list, a stream of a long one.
Result<http::Response> list_response(const Encoder& encoder, ListItems items, const ListHead& head);

}  // namespace xebec::apiserver
