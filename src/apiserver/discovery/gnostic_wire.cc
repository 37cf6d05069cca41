#include "apiserver/discovery/gnostic_wire.h"

#include "codec/json.h"

namespace xebec::apiserver::gnostic {

using codec::Value;
using codec::ValueMap;

void put_varint(uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

void put_bytes(int number, std::string_view bytes, std::string& out) {
  put_varint(static_cast<uint64_t>(number) << 3 | 2, out);
  put_varint(bytes.size(), out);
  out += bytes;
}

void put_string(int number, std::string_view text, std::string& out) {
  if (!text.empty()) put_bytes(number, text, out);
}

void put_bool(int number, bool value, std::string& out) {
  if (!value) return;
  put_varint(static_cast<uint64_t>(number) << 3, out);
  out += '\1';
}

std::string_view text_of(const Value& value, std::string_view key) {
  const Value* member = value.find(key);
  return member ? member->string_or() : std::string_view();
}

bool bool_of(const Value& value, std::string_view key) {
  const Value* member = value.find(key);
  return member && member->bool_or(false);
}

void put_strings(int number, const Value* list, std::string& out) {
  if (!list || !list->as_list()) return;
  for (const Value& item : *list->as_list()) put_bytes(number, item.string_or(), out);
}

std::string wrap(int number, std::string_view inner) {
  std::string out;
  put_bytes(number, inner, out);
  return out;
}

std::string any(const Value& value) {
  std::string out;
  put_string(2, codec::to_json(value) + "\n", out);
  return out;
}

std::string named(std::string_view name, std::string_view value) {
  std::string out;
  put_string(1, name, out);
  put_bytes(2, value, out);
  return out;
}

void put_extensions(int number, const Value& value, std::string& out) {
  const ValueMap* map = value.as_map();
  if (!map) return;
  for (const auto& member : *map) {
    if (member.key.starts_with("x-")) put_bytes(number, named(member.key, any(member.value)), out);
  }
}

void put_info(int version_number, const Value& document, std::string& out) {
  const Value* info = document.find("info");
  if (info == nullptr) return;
  std::string item;
  put_string(1, text_of(*info, "title"), item);
  put_string(version_number, text_of(*info, "version"), item);
  put_bytes(2, item, out);
}

void put_security(int number, const Value& document, std::string& out) {
  const Value* list = document.find("security");
  if (list == nullptr || !list->as_list()) return;
  for (const Value& item : *list->as_list()) {
    std::string requirement;
    put_named(1, &item, requirement, [](const Value& scopes) {
      std::string names;
      put_strings(1, &scopes, names);
      return names;
    });
    put_bytes(number, requirement, out);
  }
}

}  // namespace xebec::apiserver::gnostic
