#include "codec/unmarshal_error.h"

#include "codec/go_types.h"

namespace xebec::codec {
namespace {

using At = DecodeFrame::At;

// The struct that the place is in.
const api::Message* owner(const DecodeFrame* frame) {
  while (frame && !frame->message) frame = frame->parent;
  return frame ? frame->message : nullptr;
}

}  // namespace

std::string_view json_type_name(char first) {
  switch (first) {
    case '{':
      return "object";
    case '[':
      return "array";
    case '"':
      return "string";
    case 't':
    case 'f':
      return "bool";
    default:
      return "number";
  }
}

std::string go_type_at(const DecodeFrame* frame, api::Kind kind, const api::Message* message) {
  const api::Field* field = nullptr;
  if (frame && frame->at == At::Field) {
    field = frame->field;
  } else if (frame && frame->parent) {
    field = frame->parent->field;
  }
  return go_element_type(owner(frame), field, kind, message);
}

std::string unmarshal_type_error(std::string_view found, std::string_view type, const DecodeFrame* frame) {
  std::string path;
  const api::Message* in = nullptr;
  for (const DecodeFrame* f = frame; f; f = f->parent) {
    if (!f->message) continue;
    if (!in) in = f->message;
    std::string_view name = f->field ? f->field->name : f->key;
    path = path.empty() ? std::string(name) : std::string(name) + "." + path;
  }
  std::string error = "json: cannot unmarshal " + std::string(found) + " into Go ";
  error += in ? "struct field " + std::string(in->name) + "." + path : "value";
  error += " of type " + std::string(type);
  return error;
}

}  // namespace xebec::codec
