// For tests: objects of any kind with random content, from the tables. The same seed gives the same object.
#pragma once

#include <random>

#include "api/descriptor.h"
#include "api/object.h"
#include "api/scalars.h"

namespace xebec::api {

class RandomObjects {
 public:
  explicit RandomObjects(uint32_t seed) : random_(seed) {}

  Object make(const Message& type) {
    Object out(type);
    fill(type, out.data(), 0);
    return out;
  }

 private:
  // Deeper than any kind that does not contain itself.
  static constexpr int kDepth = 16;

  uint32_t below(uint32_t n) { return random_() % n; }
  std::string text() {
    std::string out = "x";
    for (uint32_t i = below(4); i > 0; --i) out += static_cast<char>('a' + below(26));
    return out;
  }

  void fill(const Message& type, void* object, int depth) {
    if (type.form != Form::Object && type.form != Form::List) return fill_one_of(type, object, depth);
    for (const Field& field : type.fields) {
      const bool rare = depth > 8;  // schemas contain schemas
      if (below(rare ? 8 : 3) == 0 || depth == 0) fill_field(field, object, depth);
    }
  }
  // A schema, or a list, or a flag: one of them.
  void fill_one_of(const Message& type, void* object, int depth) {
    if (type.fields.empty()) return;
    fill_field(type.fields[below(static_cast<uint32_t>(type.fields.size()))], object, depth);
  }

  void fill_field(const Field& field, void* object, int depth) {
    if (field.kind == Kind::Message && depth >= kDepth) return;
    if (field.rep == Rep::Map) {
      for (uint32_t i = below(3); i > 0; --i)
        fill_value(field, field.map->emplace(field.ptr(object), text()), depth);
    } else if (field.rep == Rep::List) {
      for (uint32_t i = below(3); i > 0; --i) fill_value(field, field.list->append(field.ptr(object)), depth);
    } else {
      fill_value(field, field.ensure(object), depth);
    }
  }

  void fill_value(const Field& field, void* value, int depth) {
    switch (field.kind) {
      case Kind::Message:
        return fill(*field.message, value, depth + 1);
      case Kind::Bool:
        *static_cast<bool*>(value) = below(2) != 0;
        return;
      case Kind::Int32:
        *static_cast<int32_t*>(value) = static_cast<int32_t>(below(5));
        return;
      case Kind::Int64:
        *static_cast<int64_t*>(value) = below(5);
        return;
      case Kind::Double:
        *static_cast<double*>(value) = below(100) / 4.0;
        return;
      case Kind::String:
        *static_cast<std::string*>(value) =
            field.values.empty()
                ? text()
                : std::string(field.values[below(static_cast<uint32_t>(field.values.size()))]);
        return;
      case Kind::Bytes:
        static_cast<Bytes*>(value)->data = text();
        return;
      case Kind::Quantity:
        *static_cast<Quantity*>(value) = Quantity::must_parse(below(2) ? "250m" : "3Gi");
        return;
      case Kind::Time:
        *static_cast<Time*>(value) = Time::from_unix(1700000000 + below(1000));
        return;
      case Kind::MicroTime:
        *static_cast<MicroTime*>(value) = MicroTime::from_unix_micros(1700000000000000 + below(1000));
        return;
      case Kind::Duration:
        *static_cast<Duration*>(value) = Duration::from_seconds(below(100));
        return;
      case Kind::IntOrString:
        *static_cast<IntOrString*>(value) =
            below(2) ? IntOrString(static_cast<int32_t>(1 + below(99))) : IntOrString(text());
        return;
      case Kind::RawExtension:
      case Kind::FieldsV1:
      case Kind::Json:
        static_cast<RawJson*>(value)->raw = "{\"" + text() + "\":1}";
        return;
    }
  }

  std::mt19937 random_;
};

}  // namespace xebec::api
