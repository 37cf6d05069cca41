// What gnostic's messages for OpenAPI v2 and v3 have in common: protobuf fields, and extensions as named
// YAML. Internal to the two encoders.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "codec/value.h"

namespace xebec::apiserver::gnostic {

void put_varint(uint64_t value, std::string& out);
// Always written: for elements of repeated fields and messages, whose presence means something.
void put_bytes(int number, std::string_view bytes, std::string& out);
// proto3 scalars: zero values are not written.
void put_string(int number, std::string_view text, std::string& out);
void put_bool(int number, bool value, std::string& out);
// A repeated string from a list; nothing for another value or nullptr.
void put_strings(int number, const codec::Value* list, std::string& out);

// The member's text or truth; empty or false when there is none.
std::string_view text_of(const codec::Value& value, std::string_view key);
bool bool_of(const codec::Value& value, std::string_view key);

// The message of one field: `inner` under `number`.
std::string wrap(int number, std::string_view inner);
// Any {value = 1, yaml = 2}; JSON is YAML.
std::string any(const codec::Value& value);
// NamedXxx {name = 1, value = 2}.
std::string named(std::string_view name, std::string_view value);
// The members whose name starts with "x-", as NamedAny.
void put_extensions(int number, const codec::Value& value, std::string& out);
// The document's info, field 2 of both; its version has another number in each.
void put_info(int version_number, const codec::Value& document, std::string& out);
// The document's security, a SecurityRequirement each.
void put_security(int number, const codec::Value& document, std::string& out);

// NamedXxx of every member in order of name, as upstream's documents are; `write` gets the member's value.
template <class F>
void put_named(int number, const codec::Value* map_value, std::string& out, F&& write) {
  if (!map_value || !map_value->as_map()) return;
  const codec::ValueMap& map = *map_value->as_map();
  for (uint32_t i : map.sorted()) {
    const auto& member = map.member(i);
    put_bytes(number, named(member.key, write(member.value)), out);
  }
}

}  // namespace xebec::apiserver::gnostic
