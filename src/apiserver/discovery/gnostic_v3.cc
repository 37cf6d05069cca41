#include <bit>
#include <cstdint>
#include <utility>

#include "apiserver/discovery/gnostic.h"
#include "apiserver/discovery/gnostic_wire.h"

namespace xebec::apiserver {
namespace {

using namespace gnostic;
using codec::Value;

// XxxOrReference {xxx = 1, reference = 2}.
template <class F>
std::string or_reference(const Value& value, F&& write) {
  if (std::string_view ref = text_of(value, "$ref"); !ref.empty()) return wrap(2, wrap(1, ref));
  return wrap(1, write(value));
}

void put_double(int number, double value, std::string& out) {
  put_varint(static_cast<uint64_t>(number) << 3 | 1, out);
  const auto bits = std::bit_cast<uint64_t>(value);
  for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(bits >> shift);
}

// DefaultType {number, boolean, string}: an object or a list has no place in it and leaves it empty, as
// upstream's does.
std::string default_value(const Value& value) {
  std::string out;
  if (value.is_string()) return wrap(3, value.string_or());
  if (value.is_bool()) {
    put_varint(2 << 3, out);
    out += value.bool_or(false) ? '\1' : '\0';
  } else if (value.is_number()) {
    put_double(1, value.number_or(0), out);
  }
  return out;
}

std::string schema(const Value& value);
std::string schema_or_reference(const Value& value) { return or_reference(value, schema); }

void put_schemas(int number, const Value* list, std::string& out) {
  if (!list || !list->as_list()) return;
  for (const Value& item : *list->as_list()) put_bytes(number, schema_or_reference(item), out);
}

std::string schema(const Value& value) {
  std::string out;
  put_bool(20, bool_of(value, "uniqueItems"), out);
  put_strings(23, value.find("required"), out);
  if (const Value* list = value.find("enum"); list && list->as_list()) {
    for (const Value& item : *list->as_list()) put_bytes(24, any(item), out);
  }
  put_string(25, text_of(value, "type"), out);
  put_schemas(26, value.find("allOf"), out);
  put_schemas(27, value.find("oneOf"), out);
  put_schemas(28, value.find("anyOf"), out);
  if (const Value* items = value.find("items")) put_bytes(30, wrap(1, schema_or_reference(*items)), out);
  if (const Value* properties = value.find("properties")) {
    std::string all;
    put_named(1, properties, all, schema_or_reference);
    put_bytes(31, all, out);
  }
  if (const Value* additional = value.find("additionalProperties"))
    put_bytes(32, wrap(1, schema_or_reference(*additional)), out);
  if (const Value* fallback = value.find("default")) put_bytes(33, default_value(*fallback), out);
  put_string(34, text_of(value, "description"), out);
  put_string(35, text_of(value, "format"), out);
  put_extensions(36, value, out);
  return out;
}

void put_content(int number, const Value& value, std::string& out) {
  const Value* content = value.find("content");
  if (!content) return;
  std::string media_types;
  put_named(1, content, media_types, [](const Value& media) {
    const Value* of = media.find("schema");
    return of ? wrap(1, schema_or_reference(*of)) : std::string();
  });
  put_bytes(number, media_types, out);
}

std::string parameter(const Value& value) {
  std::string out;
  put_string(1, text_of(value, "name"), out);
  put_string(2, text_of(value, "in"), out);
  put_string(3, text_of(value, "description"), out);
  put_bool(4, bool_of(value, "required"), out);
  if (const Value* of = value.find("schema")) put_bytes(10, schema_or_reference(*of), out);
  put_extensions(14, value, out);
  return out;
}

void put_parameters(int number, const Value* list, std::string& out) {
  if (!list || !list->as_list()) return;
  for (const Value& item : *list->as_list()) put_bytes(number, or_reference(item, parameter), out);
}

std::string request_body(const Value& value) {
  std::string out;
  put_string(1, text_of(value, "description"), out);
  put_content(2, value, out);
  put_bool(3, bool_of(value, "required"), out);
  return out;
}

std::string response(const Value& value) {
  std::string out;
  put_string(1, text_of(value, "description"), out);
  put_content(3, value, out);
  return out;
}

std::string operation(const Value& value) {
  std::string out;
  put_strings(1, value.find("tags"), out);
  put_string(3, text_of(value, "description"), out);
  put_string(5, text_of(value, "operationId"), out);
  put_parameters(6, value.find("parameters"), out);
  if (const Value* body = value.find("requestBody")) put_bytes(7, or_reference(*body, request_body), out);
  std::string responses;
  put_named(2, value.find("responses"), responses, [](const Value& r) { return or_reference(r, response); });
  put_bytes(8, responses, out);
  put_bool(10, bool_of(value, "deprecated"), out);
  put_extensions(13, value, out);
  return out;
}

std::string path_item(const Value& value) {
  constexpr std::pair<const char*, int> kMethods[] = {
      {"get", 4}, {"put", 5}, {"post", 6}, {"delete", 7}, {"options", 8}, {"head", 9}, {"patch", 10}};
  std::string out;
  for (const auto& [method, number] : kMethods) {
    if (const Value* op = value.find(method)) put_bytes(number, operation(*op), out);
  }
  put_parameters(13, value.find("parameters"), out);
  put_extensions(14, value, out);
  return out;
}

std::string security_scheme(const Value& value) {
  std::string out;
  put_string(1, text_of(value, "type"), out);
  put_string(2, text_of(value, "description"), out);
  put_string(3, text_of(value, "name"), out);
  put_string(4, text_of(value, "in"), out);
  return out;
}

std::string components(const Value& value) {
  std::string schemas, security_schemes, out;
  put_named(1, value.find("schemas"), schemas, schema_or_reference);
  put_bytes(1, schemas, out);
  put_named(1, value.find("securitySchemes"), security_schemes,
            [](const Value& scheme) { return or_reference(scheme, security_scheme); });
  put_bytes(7, security_schemes, out);
  return out;
}

}  // namespace

std::string encode_gnostic_v3(const Value& document) {
  std::string out;
  put_string(1, text_of(document, "openapi"), out);
  put_info(6, document, out);
  std::string paths;
  put_named(1, document.find("paths"), paths, path_item);
  put_bytes(4, paths, out);
  if (const Value* of = document.find("components")) put_bytes(5, components(*of), out);
  put_security(6, document, out);
  return out;
}

}  // namespace xebec::apiserver
