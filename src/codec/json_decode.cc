// JSON into typed objects, over the field tables.
#include <charconv>
#include <cstring>

#include "api/scalars.h"
#include "codec/go_types.h"
#include "codec/json.h"
#include "codec/json_text.h"
#include "codec/seen_fields.h"
#include "codec/strict_errors.h"
#include "codec/unmarshal_error.h"

namespace xebec::codec {
namespace {

using api::Field;
using api::Form;
using api::Kind;
using api::Message;
using api::Rep;

// Finds fields by name; keys usually come in the order of the table.
class FieldFinder {
 public:
  explicit FieldFinder(const Message& message) : message_(message) {}
  const Field* find(std::string_view key) {
    std::size_t n = message_.fields.size();
    for (std::size_t i = next_; i < n && i < next_ + 4; ++i) {
      if (message_.fields[i].name == key) {
        next_ = i + 1;
        return &message_.fields[i];
      }
    }
    const Field* field = message_.find(key);
    if (field) next_ = static_cast<std::size_t>(field - message_.fields.data()) + 1;
    return field;
  }

 private:
  const Message& message_;
  std::size_t next_ = 0;
};

class TypedDecoder {
 public:
  TypedDecoder(std::string_view text, StrictErrors strict) : text_(text), lexer_(text), strict_(strict) {}

  Result<void> run(const Message& type, void* object, DecodeResult& result) {
    result_ = &result;
    bool good = value(Kind::Message, &type, object, nullptr) && lexer_.finish();
    if (good && error_.empty()) return {};
    // A malformed text is the first thing Go reports, wherever it is.
    if (std::string syntax = lexer_.failed() ? lexer_.error()
                             : fatal_        ? check_json(text_)
                                             : "";
        !syntax.empty()) {
      error_ = std::move(syntax);
    }
    return fail(errors::bad_request(error_));
  }

 private:
  // false: stop (malformed text, or a custom type refused its value).
  bool value(Kind kind, const Message* message, void* slot, const DecodeFrame* frame) {
    char c = lexer_.peek();
    switch (kind) {
      case Kind::Message:
        return c == '{' && message->form == Form::Object ? object(*message, slot, frame)
                                                         : other_form(*message, c, slot, frame);
      case Kind::String:
        if (c == '"') {
          std::string_view text;
          if (!lexer_.string(text)) return false;
          static_cast<std::string*>(slot)->assign(text);
          return true;
        }
        return mismatch(kind, message, frame);
      case Kind::Bool:
        if (c == 't') return *static_cast<bool*>(slot) = true, lexer_.literal("true");
        if (c == 'f') return *static_cast<bool*>(slot) = false, lexer_.literal("false");
        return mismatch(kind, message, frame);
      case Kind::Int32:
        return integer<int32_t>(kind, slot, frame);
      case Kind::Int64:
        return integer<int64_t>(kind, slot, frame);
      case Kind::Double:
        return real(slot, frame);
      case Kind::Bytes:
        return bytes(slot, frame);
      default:
        return custom(kind, slot, frame);
    }
  }

  bool object(const Message& message, void* slot, const DecodeFrame* frame) {
    FieldFinder finder(message);
    SeenFields seen;
    std::string_view key;
    if (!lexer_.begin_object()) return false;
    for (bool first = true; lexer_.next_key(first, key); first = false) {
      const Field* field = finder.find(key);
      if (!field) {
        if (!extra_key(message, key, seen, frame)) return false;
        continue;
      }
      if (seen.test_and_set(static_cast<std::size_t>(field - message.fields.data()))) {
        strict_.add("duplicate field", frame, key);
      }
      DecodeFrame here{.parent = frame, .message = &message, .field = field};
      if (!this->field(*field, slot, &here)) return false;
    }
    return !lexer_.failed();
  }

  // kind and apiVersion are no fields of the struct; anything else is unknown.
  bool extra_key(const Message& message, std::string_view key, SeenFields& seen, const DecodeFrame* frame) {
    bool is_kind = key == "kind";
    if (!message.type_meta || (!is_kind && key != "apiVersion")) {
      strict_.add("unknown field", frame, key);
      std::string_view raw;
      return lexer_.skip_value(raw);
    }
    std::string_view name = is_kind ? "kind" : "apiVersion";
    if (seen.test_and_set(message.fields.size() + is_kind)) strict_.add("duplicate field", frame, name);
    DecodeFrame here{.parent = frame, .message = &message, .key = name, .at = DecodeFrame::At::Key};
    std::string unused;
    std::string& out = frame ? unused : is_kind ? result_->kind : result_->api_version;
    return value(Kind::String, nullptr, &out, &here);
  }

  bool field(const Field& field, void* object, const DecodeFrame* frame) {
    char c = lexer_.peek();
    if (c == 'n' && field.rep != Rep::Value) {
      if (!lexer_.literal("null")) return false;
      field.clear(object);
      return true;
    }
    void* slot = field.ptr(object);
    switch (field.rep) {
      case Rep::Value:
        return value(field.kind, field.message, slot, frame);
      case Rep::Optional:
        return optional(field, object, c, frame);
      case Rep::List:
        return c == '[' ? list(field, slot, frame) : mismatch_container(frame);
      case Rep::Map:
        return c == '{' ? map(field, slot, frame) : mismatch_container(frame);
    }
    return false;
  }

  bool optional(const Field& field, void* object, char c, const DecodeFrame* frame) {
    void* slot = field.ensure(object);
    return value(field.kind, field.message, slot, frame);
  }

  bool list(const Field& field, void* slot, const DecodeFrame* frame) {
    field.list->resize(slot, 0);
    if (!lexer_.begin_array()) return false;
    DecodeFrame here{.parent = frame, .at = DecodeFrame::At::Index};
    for (bool first = true; lexer_.next_item(first); first = false) {
      if (!value(field.kind, field.message, field.list->append(slot), &here)) return false;
      ++here.index;
    }
    return !lexer_.failed();
  }

  bool map(const Field& field, void* slot, const DecodeFrame* frame) {
    if (!lexer_.begin_object()) return false;
    DecodeFrame here{.parent = frame, .at = DecodeFrame::At::Key};
    std::string name;
    std::string_view key;
    for (bool first = true; lexer_.next_key(first, key); first = false) {
      name.assign(key);
      here.key = name;
      std::size_t before = field.map->size(slot);
      void* item = field.map->emplace(slot, name);
      if (field.map->size(slot) == before) {
        strict_.add("duplicate field", frame, name);
        api::clear_value(field.kind, field.message, item);
      }
      if (!value(field.kind, field.message, item, &here)) return false;
    }
    return !lexer_.failed();
  }

  template <class T>
  bool integer(Kind kind, void* slot, const DecodeFrame* frame) {
    char c = lexer_.peek();
    if (c != '-' && (c < '0' || c > '9')) return mismatch(kind, nullptr, frame);
    std::string_view text;
    if (!lexer_.number(text)) return false;
    T parsed;
    auto [p, ec] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (ec != std::errc() || p != text.data() + text.size()) {
      return type_error("number " + std::string(text), go_type(kind), frame);
    }
    *static_cast<T*>(slot) = parsed;
    return true;
  }

  bool real(void* slot, const DecodeFrame* frame) {
    char c = lexer_.peek();
    if (c != '-' && (c < '0' || c > '9')) return mismatch(Kind::Double, nullptr, frame);
    std::string_view text;
    if (!lexer_.number(text)) return false;
    double parsed = std::strtod(std::string(text).c_str(), nullptr);
    if (parsed > 1.7976931348623157e308 || parsed < -1.7976931348623157e308) {
      return type_error("number " + std::string(text), go_type(Kind::Double), frame);
    }
    *static_cast<double*>(slot) = parsed;
    return true;
  }

  bool bytes(void* slot, const DecodeFrame* frame) {
    if (lexer_.peek() == 'n') {
      static_cast<api::Bytes*>(slot)->data.clear();
      return lexer_.literal("null");
    }
    if (lexer_.peek() != '"') return mismatch(Kind::Bytes, nullptr, frame);
    std::string_view text;
    std::string error;
    if (!lexer_.string(text)) return false;
    if (!decode_base64(text, static_cast<api::Bytes*>(slot)->data, error) && error_.empty()) error_ = error;
    return true;
  }

  // Types that read their own JSON: an error ends the decoding at once.
  bool custom(Kind kind, void* slot, const DecodeFrame* frame) {
    char c = lexer_.peek();
    std::string_view raw;
    switch (kind) {
      case Kind::RawExtension:
      case Kind::FieldsV1:
      case Kind::Json:
        if (!lexer_.skip_value(raw)) return false;
        if (raw != "null") static_cast<api::RawJson*>(slot)->raw.assign(raw);
        return true;
      case Kind::Quantity:
        return quantity(c, slot);
      case Kind::IntOrString:
        return int_or_string(c, slot, frame);
      default:
        break;
    }
    if (c == 'n') {
      api::clear_value(kind, nullptr, slot);
      return lexer_.literal("null");
    }
    if (c != '"') {
      error_.clear();
      return mismatch(Kind::String, nullptr, frame) && refuse(error_);
    }
    if (!lexer_.string(raw)) return false;
    switch (kind) {
      case Kind::Time:
        return store<api::Time>(raw, slot);
      case Kind::MicroTime:
        return store<api::MicroTime>(raw, slot);
      default:
        return store<api::Duration>(raw, slot);
    }
  }

  template <class T>
  bool store(std::string_view text, void* slot) {
    Result<T> parsed = T::parse(text);
    if (!parsed) return refuse(parsed.error().message);
    *static_cast<T*>(slot) = *std::move(parsed);
    return true;
  }

  bool quantity(char c, void* slot) {
    std::string_view raw;
    if (c == 'n') {
      api::clear_value(Kind::Quantity, nullptr, slot);
      return lexer_.literal("null");
    }
    if (!lexer_.skip_value(raw)) return false;
    if (raw.size() >= 2 && raw.front() == '"') raw = raw.substr(1, raw.size() - 2);
    while (!raw.empty() && std::strchr(" \t\n\v\f\r", raw.front())) raw.remove_prefix(1);
    while (!raw.empty() && std::strchr(" \t\n\v\f\r", raw.back())) raw.remove_suffix(1);
    return store<api::Quantity>(raw, slot);
  }

  bool int_or_string(char c, void* slot, const DecodeFrame* frame) {
    auto& out = *static_cast<api::IntOrString*>(slot);
    std::string_view text;
    if (c == '"') {
      if (!lexer_.string(text)) return false;
      out = api::IntOrString(text);
      return true;
    }
    out = api::IntOrString();
    if (c == 'n') return lexer_.literal("null");
    std::string before = std::exchange(error_, {});
    if (!integer<int32_t>(Kind::Int32, &out.int_val, frame)) return false;
    if (!error_.empty()) return refuse(error_);
    error_ = std::move(before);
    return true;
  }

  // Messages that are no JSON objects of their fields, and objects where something else came.
  bool other_form(const Message& message, char c, void* slot, const DecodeFrame* frame) {
    std::string_view raw;
    switch (message.form) {
      case Form::Object:
        break;
      case Form::List: {
        const Field& items = message.fields[0];
        if (c == 'n') {
          items.clear(slot);
          return lexer_.literal("null");
        }
        return c == '[' ? list(items, items.ptr(slot), frame) : mismatch(Kind::Message, &message, frame);
      }
      case Form::RawJson:
        if (!lexer_.skip_value(raw)) return false;
        return set_raw(message, raw, slot);
      default: {
        if (c == 'n') return lexer_.literal("null");
        const char* expected =
            message.form == Form::SchemaOrBool ? "boolean or JSON schema expected" : nullptr;
        for (const Field& field : message.fields) {
          bool takes = field.rep == Rep::List     ? c == '['
                       : field.kind == Kind::Bool ? c == 't' || c == 'f'
                                                  : c == '{';
          if (!takes) continue;
          if (c == '{' && message.form == Form::SchemaOrBool) set_bool(message, slot);
          DecodeFrame here{.parent = frame, .message = &message, .field = &field};
          return this->field(field, slot, c == '{' || c == '[' ? frame : &here);
        }
        if (expected) return refuse(expected);
      }
    }
    return mismatch(Kind::Message, &message, frame);
  }

  static void set_bool(const Message& message, void* slot) {
    for (const Field& field : message.fields) {
      if (field.kind == Kind::Bool) *static_cast<bool*>(field.ensure(slot)) = true;
    }
  }

  static bool set_raw(const Message& message, std::string_view raw, void* slot) {
    for (const Field& field : message.fields) {
      if (field.kind == Kind::Bytes) static_cast<api::Bytes*>(field.ensure(slot))->data.assign(raw);
    }
    return true;
  }

  bool mismatch_container(const DecodeFrame* frame) {
    return mismatch(frame, [&] { return go_container_type(*frame->message, *frame->field); });
  }
  bool mismatch(Kind kind, const Message* message, const DecodeFrame* frame) {
    return mismatch(frame, [&] { return go_type_at(frame, kind, message); });
  }
  // The next value is of the wrong type: null is ignored, anything else noted and skipped.
  template <class Wanted>
  bool mismatch(const DecodeFrame* frame, Wanted wanted) {
    char c = lexer_.peek();
    std::string_view raw;
    if (c == '\0' || !lexer_.skip_value(raw)) return lexer_.unexpected("looking for beginning of value");
    return c == 'n' || type_error(json_type_name(c), wanted(), frame);
  }

  bool type_error(std::string_view found, std::string_view type, const DecodeFrame* frame) {
    if (error_.empty()) error_ = unmarshal_type_error(found, type, frame);
    return true;
  }

  bool refuse(std::string_view message) {
    error_ = std::string(message);
    fatal_ = true;
    return false;
  }

  std::string_view text_;
  JsonLexer lexer_;
  StrictErrors strict_;
  DecodeResult* result_ = nullptr;
  std::string error_;  // the first, as Go keeps it
  bool fatal_ = false;
};

}  // namespace

Result<DecodeResult> decode_json(const Message& type, std::string_view text, void* object,
                                 Strictness strictness) {
  DecodeResult result;
  StrictErrors strict(strictness == Strictness::Ignore ? nullptr : &result.strict_errors);
  TRY_VOID(TypedDecoder(text, strict).run(type, object, result));
  if (strictness == Strictness::Strict && !result.strict_errors.empty()) {
    return fail(errors::bad_request(strict_message(result.strict_errors)));
  }
  return result;
}

Result<api::Object> decode_json(const Message& type, std::string_view text) {
  api::Object object(type);
  TRY_VOID(decode_json(type, text, object.data()));
  return object;
}

}  // namespace xebec::codec
