// The generated table behind api/descriptions.h. Internal to src/api.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace xebec::api::tables {

struct Described {
  std::string_view full_name;
  uint32_t text;    // where its text starts in `texts`
  uint32_t fields;  // the first of its fields in `fields`, which are in the order of Message::fields
  uint32_t count;   // of its fields
};

// Constants: no start-up cost, and no resident memory before the first look.
struct Descriptions {
  std::span<const Described> messages;  // ascending full_name
  const uint32_t* fields;               // where each field's text starts in `texts`
  const char* texts;                    // each ended by NUL; the first is the empty one
};

Descriptions descriptions();

}  // namespace xebec::api::tables
