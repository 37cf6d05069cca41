// JSON into typed objects, over the field tables.
#include "api/scalars.h"
#include "codec/go_types.h"
#include "codec/json.h"
#include "codec/json_scalar_decode.h"
#include "codec/json_text.h"
#include "codec/seen_fields.h"
#include "codec/strict_errors.h"

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
    if (good && scalars_.error().empty()) return {};
    // A malformed text is the first thing Go reports, wherever it is.
    std::string syntax;
    if (lexer_.failed()) {
      syntax = lexer_.error();
    } else if (scalars_.refused()) {
      syntax = check_json(text_);
    }
    return fail(errors::bad_request(syntax.empty() ? scalars_.error() : syntax));
  }

 private:
  // false: stop (malformed text, or a type that reads its own JSON refused it).
  bool value(Kind kind, const Message* message, void* slot, const DecodeFrame* frame) {
    if (kind != Kind::Message) return scalars_.decode(kind, slot, frame);
    char c = lexer_.peek();
    return c == '{' && message->form == Form::Object ? object(*message, slot, frame)
                                                     : other_form(*message, c, slot, frame);
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
        return value(field.kind, field.message, field.ensure(object), frame);
      case Rep::List:
        return c == '[' ? list(field, slot, frame) : mismatch_container(frame);
      case Rep::Map:
        return c == '{' ? map(field, slot, frame) : mismatch_container(frame);
    }
    return false;
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
        if (expected) return scalars_.refuse(expected);
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

  bool mismatch(Kind kind, const Message* message, const DecodeFrame* frame) {
    return scalars_.mismatch(kind, message, frame);
  }
  bool mismatch_container(const DecodeFrame* frame) {
    return scalars_.mismatch(go_container_type(*frame->message, *frame->field), frame);
  }

  std::string_view text_;
  JsonLexer lexer_;
  JsonScalarDecoder scalars_{lexer_};
  StrictErrors strict_;
  DecodeResult* result_ = nullptr;
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
