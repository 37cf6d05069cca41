#include <limits>
#include <set>

#include "api/scalars.h"
#include "codec/cbor/cbor.h"
#include "codec/cbor/tree_decoder.h"
#include "codec/go_types.h"
#include "codec/json_text.h"
#include "codec/seen_fields.h"

namespace xebec::codec {
namespace {

using api::Field;
using api::Form;
using api::Kind;
using api::Message;
using api::Rep;

// Where a value belongs, for the names of types in error texts.
struct Place {
  const Message* owner = nullptr;
  const Field* field = nullptr;
};

class TypedDecoder {
 public:
  TypedDecoder(std::string_view bytes, DecodeResult& result)
      : reader_(bytes), tree_(reader_, error_), result_(result) {}

  Result<void> run(const Message& type, void* object) {
    if (value(Kind::Message, &type, object, {}, true)) return {};
    if (error_.empty()) error_ = cbor_type_error(wrong_.major, wrong_.go_type, wrong_.detail, struct_field_);
    return fail(errors::bad_request(error_));
  }

 private:
  using Coding = CborTreeDecoder::Coding;

  bool value(Kind kind, const Message* message, void* slot, Place place, bool root = false) {
    if (kind == Kind::RawExtension || kind == Kind::FieldsV1 || kind == Kind::Json) return raw(slot);
    if (kind == Kind::Message && message->form != Form::Object) return other_form(*message, slot);
    if (kind == Kind::String || kind == Kind::Quantity || kind == Kind::Time || kind == Kind::MicroTime ||
        kind == Kind::Duration) {
      return text(kind, slot, place);
    }
    if (kind == Kind::IntOrString) return int_or_string(slot);
    Coding coding(tree_);
    CborHead found;
    if (!tree_.open(found)) return false;
    if (is_null(found)) return true;
    switch (kind) {
      case Kind::Message:
        if (found.major == CborMajor::kMap) return object(*message, slot, found, root);
        return mismatch(found, go_type(*message),
                        found.major == CborMajor::kArray
                            ? "cannot decode CBOR array to struct without toarray option"
                            : "");
      case Kind::Bool:
        if (found.major != CborMajor::kSimple || (found.value != 20 && found.value != 21))
          return mismatch(found, "bool");
        *static_cast<bool*>(slot) = found.value == 21;
        return true;
      case Kind::Int32:
        return integer<int32_t>(found, "int32", slot);
      case Kind::Int64:
        return integer<int64_t>(found, "int64", slot);
      case Kind::Double:
        return real(found, slot);
      default:
        return bytes(found, slot);
    }
  }

  static bool is_null(const CborHead& found) { return found.major == CborMajor::kSimple && found.info == 22; }

  // A value that does not go where it belongs.
  bool mismatch(const CborHead& found, std::string go_type, std::string detail = {}) {
    if (found.major == CborMajor::kSimple && !is_cbor_float(found) &&
        (found.value < 20 || found.value > 22)) {
      return tree_.fail("cbor: data item of cbor type primitives is not accepted by protocol: simple value " +
                        std::to_string(found.value) + " is not recognized");
    }
    wrong_ = {found.major, std::move(go_type), std::move(detail)};
    return false;
  }

  bool object(const Message& message, void* slot, const CborHead& found, bool root) {
    SeenFields seen;
    std::set<std::string> strangers;
    std::size_t index = 0, next = 0;
    std::string key;
    for (CborElements pairs(reader_, found); pairs.next(); ++index) {
      CborHead other;
      if (!tree_.text(key, other)) {
        if (!error_.empty()) return false;
        if (!stranger(other, index, strangers)) return false;
        continue;
      }
      // Keys mostly come in the order of the table.
      while (next < message.fields.size() && message.fields[next].name.size() != key.size()) ++next;
      const bool guessed = next < message.fields.size() && message.fields[next].name == key;
      const Field* field = guessed ? &message.fields[next] : message.find(key);
      next = field ? static_cast<std::size_t>(field - message.fields.data()) + 1 : 0;
      const bool is_kind = key == "kind";
      const bool meta = !field && message.type_meta && (is_kind || key == "apiVersion");
      if (!field && !meta) {
        if (!strangers.insert(key).second) return tree_.duplicate(key, index);
        unknown(index);
        reader_.skip();
        continue;
      }
      const std::size_t bit = field ? static_cast<std::size_t>(field - message.fields.data())
                                    : message.fields.size() + static_cast<std::size_t>(is_kind);
      if (seen.test_and_set(bit)) return tree_.duplicate(key, index);
      if (field ? this->field(message, *field, slot) : type_meta(is_kind, root)) continue;
      struct_field_ = go_type(message) + "." + key;
      return false;
    }
    return true;
  }

  // A key that is no string: no field has it.
  bool stranger(const CborHead& found, std::size_t index, std::set<std::string>& strangers) {
    if (found.major != CborMajor::kUnsigned && found.major != CborMajor::kNegative) {
      const std::string name(cbor_type_name(found.major));
      return mismatch(found, "string",
                      "map key is of type " + name + " and cannot be used to match struct field name");
    }
    const bool negative = found.major == CborMajor::kNegative;
    const std::string number = negative ? cbor_negative(found.value) : std::to_string(found.value);
    if (found.value > INT64_MAX) {
      return mismatch(found, "int64",
                      negative ? "-1-" + std::to_string(found.value) + " overflows Go's int64"
                               : number + " overflows Go's int64");
    }
    // A number and the string of it are different keys.
    if (!strangers.insert('\0' + number).second) {
      return tree_.fail("cbor: found duplicate map key " + number + " at map element index " +
                        std::to_string(index));
    }
    unknown(index);
    reader_.skip();
    return true;
  }

  // Which map it was is not told; the first one is.
  void unknown(std::size_t index) {
    if (result_.strict_errors.empty()) {
      result_.strict_errors.push_back("cbor: found unknown field at map element index " +
                                      std::to_string(index));
    }
  }

  bool type_meta(bool is_kind, bool root) {
    std::string unused;
    std::string& out = !root ? unused : is_kind ? result_.kind : result_.api_version;
    return text(Kind::String, &out, {});
  }

  bool field(const Message& message, const Field& field, void* object) {
    const Place place{&message, &field};
    const CborHead next = reader_.peek();
    const bool undefined = next.major == CborMajor::kSimple && next.info == 23;
    if (field.rep != Rep::Value && (is_null(next) || (undefined && field.rep == Rep::Optional))) {
      reader_.head();
      field.clear(object);
      return true;
    }
    switch (field.rep) {
      case Rep::Value:
        return value(field.kind, field.message, field.ptr(object), place);
      case Rep::Optional:
        return value(field.kind, field.message, field.ensure(object), place);
      case Rep::List:
        return list(place, field.ptr(object));
      case Rep::Map:
        return map(place, field.ptr(object));
    }
    return false;
  }

  bool list(Place place, void* slot) {
    const Field& field = *place.field;
    field.list->resize(slot, 0);
    Coding coding(tree_);
    CborHead found;
    if (!tree_.open(found)) return false;
    if (is_null(found)) return true;
    if (found.major != CborMajor::kArray) return mismatch(found, go_container_type(*place.owner, field));
    for (CborElements elements(reader_, found); elements.next();) {
      if (!value(field.kind, field.message, field.list->append(slot), place)) return false;
    }
    return true;
  }

  bool map(Place place, void* slot) {
    const Field& field = *place.field;
    Coding coding(tree_);
    CborHead found;
    if (!tree_.open(found)) return false;
    if (is_null(found)) return true;
    if (found.major != CborMajor::kMap) return mismatch(found, go_container_type(*place.owner, field));
    field.map->clear(slot);
    std::string key;
    for (CborElements pairs(reader_, found); pairs.next();) {
      CborHead other;
      const std::size_t index = field.map->size(slot);
      if (!tree_.text(key, other)) return error_.empty() ? mismatch(other, "string") : false;
      void* item = field.map->emplace(slot, key);
      if (field.map->size(slot) == index) return tree_.duplicate(key, index);
      if (!value(field.kind, field.message, item, place)) return false;
    }
    return true;
  }

  template <class T>
  bool integer(const CborHead& found, const char* go_type, void* slot) {
    const bool negative = found.major == CborMajor::kNegative;
    if (found.major != CborMajor::kUnsigned && !negative) return mismatch(found, go_type);
    if (negative && found.value > INT64_MAX)
      return mismatch(found, go_type, cbor_negative(found.value) + " overflows Go's int64");
    const auto most = static_cast<uint64_t>(std::numeric_limits<T>::max());
    if (found.value > most) {
      const std::string number = negative ? cbor_negative(found.value) : std::to_string(found.value);
      return mismatch(found, go_type, number + " overflows " + go_type);
    }
    *static_cast<T*>(slot) = static_cast<T>(negative ? ~found.value : found.value);
    return true;
  }

  bool real(const CborHead& found, void* slot) {
    double& out = *static_cast<double*>(slot);
    if (is_cbor_float(found)) {
      out = cbor_float(found);
    } else if (found.major == CborMajor::kUnsigned) {
      out = static_cast<double>(found.value);
    } else if (found.major == CborMajor::kNegative) {
      out = -1 - static_cast<double>(found.value);
    } else {
      return mismatch(found, "float64");
    }
    return true;
  }

  bool bytes(const CborHead& found, void* slot) {
    if (found.major != CborMajor::kBytes) return mismatch(found, "[]uint8");
    std::string& out = static_cast<api::Bytes*>(slot)->data;
    std::string scratch;
    std::string_view content = reader_.content(found, scratch);
    if (tree_.coded()) {
      out = content;
      return true;
    }
    std::string error;
    out.clear();
    if (decode_base64(content, out, error)) return true;
    return tree_.fail("cbor: failed to decode base64 from byte string: " + error);
  }

  // What is a string here and in JSON.
  bool text(Kind kind, void* slot, Place place) {
    std::string text;
    CborHead found;
    if (!tree_.text(text, found)) {
      if (!error_.empty()) return false;
      if (!is_null(found)) {
        return mismatch(found, kind == Kind::String ? go_element_type(place.owner, place.field, kind, nullptr)
                                                    : "string");
      }
      if (kind != Kind::String) api::clear_value(kind, nullptr, slot);
      return true;
    }
    switch (kind) {
      case Kind::String:
        *static_cast<std::string*>(slot) = std::move(text);
        return true;
      case Kind::Quantity:
        return store<api::Quantity>(trimmed(text), slot);
      case Kind::Time:
        return store<api::Time>(text, slot);
      case Kind::MicroTime:
        return store<api::MicroTime>(text, slot);
      default:
        return store<api::Duration>(text, slot);
    }
  }

  static std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\n\v\f\r";
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
  }

  template <class T>
  bool store(std::string_view text, void* slot) {
    Result<T> parsed = T::parse(text);
    if (!parsed) return tree_.fail(parsed.error().message);
    *static_cast<T*>(slot) = *std::move(parsed);
    return true;
  }

  bool int_or_string(void* slot) {
    auto& out = *static_cast<api::IntOrString*>(slot);
    std::string text;
    CborHead found;
    if (tree_.text(text, found)) {
      out = api::IntOrString(text);
      return true;
    }
    if (!error_.empty()) return false;
    out = api::IntOrString();
    return is_null(found) || integer<int32_t>(found, "int32", &out.int_val);
  }

  bool raw(void* slot) {
    Value value;
    if (!tree_.value(value)) return false;
    if (!value.is_null()) static_cast<api::RawJson*>(slot)->raw = to_json(value);
    return true;
  }

  // Messages that are no objects of their fields read themselves from JSON.
  bool other_form(const Message& message, void* slot) {
    Value value;
    if (!tree_.value(value)) return false;
    Result<DecodeResult> decoded = decode_json(message, to_json(value), slot);
    return decoded ? true : tree_.fail(decoded.error().message);
  }

  struct Wrong {
    CborMajor major = CborMajor::kSimple;
    std::string go_type, detail;
  };

  CborReader reader_;
  std::string error_;
  CborTreeDecoder tree_;
  DecodeResult& result_;
  Wrong wrong_;
  std::string struct_field_;  // the outermost, as upstream tells
};

Result<void> well_formed(std::string_view bytes) {
  std::string error = check_cbor(bytes);
  if (error.empty()) return {};
  return fail(errors::bad_request(error));
}

}  // namespace

Result<DecodeResult> decode_cbor(const Message& type, std::string_view bytes, void* object,
                                 Strictness strictness) {
  TRY_VOID(well_formed(bytes));
  DecodeResult result;
  TRY_VOID(TypedDecoder(bytes, result).run(type, object));
  if (strictness == Strictness::Ignore) result.strict_errors.clear();
  if (strictness == Strictness::Strict && !result.strict_errors.empty())
    return fail(errors::bad_request(strict_message(result.strict_errors)));
  return result;
}

Result<TypeMeta> interpret_cbor(std::string_view bytes) {
  static const Message kTypeMeta = [] {
    Message type;
    type.name = "TypeMeta";
    type.full_name = "k8s.io.apimachinery.pkg.apis.meta.v1.TypeMeta";
    type.type_meta = true;
    return type;
  }();
  TypeMeta meta;
  Result<DecodeResult> decoded = decode_cbor(kTypeMeta, bytes, nullptr);
  if (!decoded)
    return fail(errors::bad_request("unable to determine group/version/kind: " + decoded.error().message));
  meta.api_version = std::move(decoded->api_version);
  meta.kind = std::move(decoded->kind);
  return meta;
}

Result<Value> parse_cbor(std::string_view bytes) {
  TRY_VOID(well_formed(bytes));
  CborReader reader(bytes);
  std::string error;
  Value value;
  if (!CborTreeDecoder(reader, error).value(value)) return fail(errors::bad_request(error));
  return value;
}

}  // namespace xebec::codec
