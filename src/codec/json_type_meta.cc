// kind and apiVersion of a JSON text, read before anybody knows its type.
#include "codec/json.h"
#include "codec/json_text.h"
#include "codec/unmarshal_error.h"

namespace xebec::codec {

Result<TypeMeta> interpret_json(std::string_view text) {
  auto wrong = [](std::string_view why) {
    return fail(errors::bad_request("couldn't get version/kind; json parse error: " + std::string(why)));
  };
  JsonLexer lexer(text);
  TypeMeta meta;
  std::string type_error;
  std::string_view raw;
  char start = lexer.peek();
  if (start != '{') {
    if (!lexer.skip_value(raw) || !lexer.finish()) return wrong(lexer.error());
    if (start == 'n') return meta;
    return wrong("json: cannot unmarshal " + std::string(json_type_name(start)) +
                 " into Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; "
                 "Kind string "
                 "\"json:\\\"kind,omitempty\\\"\" }");
  }
  std::string_view key;
  lexer.begin_object();
  for (bool first = true; lexer.next_key(first, key); first = false) {
    std::string* out = key == "kind" ? &meta.kind : key == "apiVersion" ? &meta.api_version : nullptr;
    std::string name(out ? key : std::string_view());
    char c = lexer.peek();
    std::string_view text_value;
    if (out && c == '"') {
      if (!lexer.string(text_value)) break;
      out->assign(text_value);
      continue;
    }
    if (!lexer.skip_value(raw)) break;
    if (out && c != 'n' && type_error.empty()) {
      type_error = "json: cannot unmarshal " + std::string(json_type_name(c)) + " into Go struct field ." +
                   name + " of type string";
    }
  }
  if (!lexer.finish()) return wrong(lexer.error());
  if (!type_error.empty()) return wrong(type_error);
  return meta;
}

}  // namespace xebec::codec
