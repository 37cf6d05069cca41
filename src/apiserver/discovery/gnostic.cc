#include "apiserver/discovery/gnostic.h"

#include <utility>

#include "apiserver/discovery/gnostic_wire.h"

namespace xebec::apiserver {
namespace {

using namespace gnostic;
using codec::Value;

std::string schema(const Value& value) {
  std::string out;
  put_string(1, text_of(value, "$ref"), out);
  put_string(2, text_of(value, "format"), out);
  put_string(4, text_of(value, "description"), out);
  if (const Value* fallback = value.find("default")) put_bytes(5, any(*fallback), out);
  put_bool(16, bool_of(value, "uniqueItems"), out);
  put_strings(19, value.find("required"), out);
  if (const Value* list = value.find("enum"); list && list->as_list()) {
    for (const Value& item : *list->as_list()) put_bytes(20, any(item), out);
  }
  if (const Value* additional = value.find("additionalProperties")) {
    put_bytes(21, wrap(1, schema(*additional)), out);
  }
  if (std::string_view type = text_of(value, "type"); !type.empty()) {
    put_bytes(22, wrap(1, type), out);
  }
  if (const Value* items = value.find("items")) {
    put_bytes(23, wrap(1, schema(*items)), out);
  }
  if (const Value* all_of = value.find("allOf"); all_of && all_of->as_list()) {
    for (const Value& item : *all_of->as_list()) put_bytes(24, schema(item), out);
  }
  if (const Value* properties = value.find("properties")) {
    std::string item;
    put_named(1, properties, item, schema);
    put_bytes(25, item, out);
  }
  put_extensions(31, value, out);
  return out;
}

std::string parameter(const Value& value) {
  std::string out;
  std::string_view in = text_of(value, "in");
  if (in == "body") {
    std::string body;
    put_string(1, text_of(value, "description"), body);
    put_string(2, text_of(value, "name"), body);
    put_string(3, in, body);
    put_bool(4, bool_of(value, "required"), body);
    if (const Value* s = value.find("schema")) put_bytes(5, schema(*s), body);
    put_bytes(1, body, out);
    return out;
  }
  // The path's message lacks allow_empty_value, so that its later numbers are one less.
  const bool query = in == "query";
  const int shift = query ? 0 : -1;
  std::string sub;
  put_bool(1, bool_of(value, "required"), sub);
  put_string(2, in, sub);
  put_string(3, text_of(value, "description"), sub);
  put_string(4, text_of(value, "name"), sub);
  put_string(6 + shift, text_of(value, "type"), sub);
  put_bool(20 + shift, bool_of(value, "uniqueItems"), sub);
  std::string non_body;
  put_bytes(query ? 3 : 4, sub, non_body);
  put_bytes(2, non_body, out);
  return out;
}

// ParametersItem: a reference, a body parameter, or one of the path or query.
std::string parameter_item(const Value& value) {
  std::string out;
  if (std::string_view ref = text_of(value, "$ref"); !ref.empty()) {
    std::string reference;
    put_string(1, ref, reference);
    put_bytes(2, reference, out);
  } else {
    put_bytes(1, parameter(value), out);
  }
  return out;
}

std::string response_value(const Value& value) {
  std::string response;
  put_string(1, text_of(value, "description"), response);
  if (const Value* s = value.find("schema")) {
    std::string item;
    put_bytes(1, schema(*s), item);
    put_bytes(2, item, response);
  }
  std::string out;
  put_bytes(1, response, out);
  return out;
}

void put_parameters(int number, const Value* list, std::string& out) {
  if (!list || !list->as_list()) return;
  for (const Value& item : *list->as_list()) put_bytes(number, parameter_item(item), out);
}

std::string operation(const Value& value) {
  std::string out;
  put_strings(1, value.find("tags"), out);
  put_string(3, text_of(value, "description"), out);
  put_string(5, text_of(value, "operationId"), out);
  put_strings(6, value.find("produces"), out);
  put_strings(7, value.find("consumes"), out);
  put_parameters(8, value.find("parameters"), out);
  std::string responses;
  put_named(1, value.find("responses"), responses, response_value);
  put_bytes(9, responses, out);
  put_strings(10, value.find("schemes"), out);
  put_extensions(13, value, out);
  return out;
}

std::string path_item(const Value& value) {
  constexpr std::pair<const char*, int> kMethods[] = {{"get", 2},     {"put", 3},  {"post", 4}, {"delete", 5},
                                                      {"options", 6}, {"head", 7}, {"patch", 8}};
  std::string out;
  for (const auto& [method, number] : kMethods) {
    if (const Value* op = value.find(method)) put_bytes(number, operation(*op), out);
  }
  put_parameters(9, value.find("parameters"), out);
  return out;
}

std::string security_definition(const Value& value) {
  std::string key;
  put_string(1, text_of(value, "type"), key);
  put_string(2, text_of(value, "name"), key);
  put_string(3, text_of(value, "in"), key);
  put_string(4, text_of(value, "description"), key);
  std::string out;
  put_bytes(2, key, out);
  return out;
}

}  // namespace

std::string encode_gnostic_v2(const Value& document) {
  std::string out;
  put_string(1, text_of(document, "swagger"), out);
  put_info(2, document, out);
  std::string paths;
  put_named(2, document.find("paths"), paths, path_item);
  put_bytes(8, paths, out);
  std::string definitions;
  put_named(1, document.find("definitions"), definitions, schema);
  put_bytes(9, definitions, out);
  put_security(12, document, out);
  if (const Value* definitions_value = document.find("securityDefinitions")) {
    std::string item;
    put_named(1, definitions_value, item, security_definition);
    put_bytes(13, item, out);
  }
  return out;
}

}  // namespace xebec::apiserver
