// Objects of any kind that has other versions: conversion there and back comes to a fixed point.
#include "api/conversion.h"

#include <optional>

#include "codec/protobuf.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::api {
namespace {

std::optional<std::string> there_and_back(const Object& object, const Message& to) {
  Result<Object> there = convert(object, to);
  if (!there) return std::nullopt;
  Result<Object> back = convert(*there, object.type());
  if (!back) return std::nullopt;
  return codec::encode_protobuf_envelope(*back);
}

}  // namespace

XEBEC_FUZZ(conversion) {
  static const Scheme scheme = Scheme::builtin();
  const Result<Object> object = codec::decode_protobuf_envelope(scheme, input);
  if (!object) return;
  for (const ConversionEntry& entry : conversion_table()) {
    if (entry.from != &object->type()) continue;
    const std::optional<std::string> once = there_and_back(*object, *entry.to);
    if (!once) continue;
    const Result<Object> settled = codec::decode_protobuf_envelope(scheme, *once);
    FUZZ_CHECK(settled.has_value());
    const std::optional<std::string> twice = there_and_back(*settled, *entry.to);
    FUZZ_CHECK(twice && *twice == *once);
  }
}

}  // namespace xebec::api
