// Where a decoder is in the document, for the paths in its complaints.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/descriptor.h"

namespace xebec::codec {

// One step down from the root; frames live on the stack of the decoder's recursion.
struct DecodeFrame {
  const DecodeFrame* parent = nullptr;
  const api::Message* message = nullptr;  // with field: the struct it is of
  const api::Field* field = nullptr;
  std::string_view key = {};  // of a map, or "kind"/"apiVersion" of a message
  std::size_t index = 0;
  enum class At : uint8_t { Field, Key, Index } at = At::Field;
};

}  // namespace xebec::codec
