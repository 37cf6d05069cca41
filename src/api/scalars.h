// The hand-written value types that generated structs are made of (besides std::string, numbers and vectors).
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "api/int_or_string.h"
#include "api/quantity.h"
#include "api/time.h"

namespace xebec::api {

// []byte: raw bytes, base64 in JSON. Empty stands for nil.
struct Bytes {
  std::string data;

  Bytes() = default;
  explicit Bytes(std::string bytes) : data(std::move(bytes)) {}
  bool empty() const { return data.empty(); }
  std::string_view view() const { return data; }
  bool operator==(const Bytes&) const = default;
};

// An element of []bool; std::vector<bool> has no addressable elements.
struct Bool {
  bool value = false;
  Bool() = default;
  Bool(bool v) : value(v) {}
  operator bool() const { return value; }
};

// A JSON text kept as it came. Empty is Go's nil (null).
struct RawJson {
  std::string raw;

  RawJson() = default;
  explicit RawJson(std::string json) : raw(std::move(json)) {}
  bool empty() const { return raw.empty(); }
  bool operator==(const RawJson&) const = default;
};

// runtime.RawExtension: an embedded object of any kind. `raw` is JSON, or `k8s\0` protobuf when it came that
// way.
struct RawExtension : RawJson {
  using RawJson::RawJson;
  bool operator==(const RawExtension&) const = default;
};

// meta/v1 FieldsV1: a field set in managedFields' JSON trie form.
struct FieldsV1 : RawJson {
  using RawJson::RawJson;
  bool operator==(const FieldsV1&) const = default;
};

// apiextensions JSON and the cells of a Table: any JSON value.
struct Json : RawJson {
  using RawJson::RawJson;
  bool operator==(const Json&) const = default;
};

}  // namespace xebec::api
