#include <utility>

#include "api/scalars.h"
#include "codec/json.h"
#include "codec/json_text.h"
#include "codec/object_encode.h"

namespace xebec::codec {
namespace {

using api::Field;
using api::Form;
using api::Kind;
using api::Message;
using api::Rep;

class JsonSink : public TextOut {
 public:
  using TextOut::TextOut;

  void null() { put("null"); }
  void boolean(bool value) { put(value ? "true" : "false"); }
  void integer(int64_t value) { write_json_int(value, *this); }
  void real(double value) { write_json_double(value, *this); }
  void string(std::string_view text) { write_json_string(text, *this); }
  void ascii(std::string_view text) {
    put('"');
    put(text);
    put('"');
  }
  void bytes(std::string_view bytes) { write_json_base64(bytes, *this); }
  void time(const api::Time& time) { write_json_time(time.seconds, *this); }
  void raw(std::string_view json) { write_json_compact(json, *this); }

  void begin_list(std::size_t) { put('['); }
  void item(std::size_t i) {
    if (i) put(',');
  }
  void end_list() { put(']'); }

  void begin_map(std::size_t) { put('{'); }
  void key(std::size_t i, std::string_view name) {
    if (i) put(',');
    string(name);
    put(':');
  }
  void end_map() { put('}'); }

  class Members {
   public:
    explicit Members(JsonSink& out) : out_(out) {}
    void name(std::string_view key) {
      char* p = out_.reserve(key.size() + 4);
      *p++ = std::exchange(before_, ',');
      *p++ = '"';
      p += key.copy(p, key.size());
      *p++ = '"';
      *p++ = ':';
      out_.advance(p);
    }
    void end() {
      if (before_ == '{') out_.put('{');
      out_.put('}');
    }

   private:
    JsonSink& out_;
    char before_ = '{';
  };

  void other_form(const Message& message, const void* object) {
    if (message.form != Form::RawJson) return choice(message, object);
    for (const Field& field : message.fields) {
      if (field.kind != Kind::Bytes) continue;
      const void* raw = field.get(object);
      return write_raw(raw ? stored<api::Bytes>(raw).view() : std::string_view(), *this);
    }
    null();
  }

  static std::vector<uint32_t> order(const ValueMap& map) { return map.sorted(); }

 private:
  // One of several things: the list if it has items, else the schema, else the flag or null.
  void choice(const Message& message, const void* object) {
    const Field* flag = nullptr;
    for (const Field& field : message.fields) {
      if (field.rep == Rep::List && field.size(object) > 0) return write_field(field, object, *this);
      if (field.kind == Kind::Bool) flag = &field;
    }
    for (const Field& field : message.fields) {
      if (field.kind == Kind::Message && field.rep == Rep::Optional && field.get(object))
        return write_field(field, object, *this);
    }
    if (!flag) return null();
    const void* value = flag->get(object);
    boolean(value && stored<bool>(value));
  }
};

std::string as_document(std::string text, bool pretty) {
  if (pretty) return indent_json(text);
  text += '\n';
  return text;
}

}  // namespace

void append_json(const Message& type, const void* object, std::string_view api_version, std::string_view kind,
                 std::string& text) {
  JsonSink out(text);
  write_document(type, object, api_version, kind, out);
}

void append_json(const Value& value, std::string& text) {
  JsonSink out(text);
  write_tree(value, out);
}

void append_json_scalar(Kind kind, const void* value, std::string& text) {
  JsonSink out(text);
  write_scalar(kind, value, out);
}

std::string encode_json(const Message& type, const void* object, std::string_view api_version,
                        std::string_view kind, bool pretty) {
  std::string text;
  append_json(type, object, api_version, kind, text);
  return as_document(std::move(text), pretty);
}

std::string encode_json(const api::Object& object, bool pretty) {
  api::GroupVersionKind gvk = object.gvk();
  return encode_json(object.type(), object.data(), gvk.kind.empty() ? "" : gvk.api_version(), gvk.kind,
                     pretty);
}

std::string encode_json(const Value& value, bool pretty) { return as_document(to_json(value), pretty); }

std::string to_json(const Value& value) {
  std::string text;
  append_json(value, text);
  return text;
}

}  // namespace xebec::codec
