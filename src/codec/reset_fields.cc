#include "codec/reset_fields.h"

namespace xebec::codec {

FieldSet reset_fields(const api::Message& type, bool has_status, std::string_view subresource) {
  FieldSet out;
  if (!has_status) return out;
  if (subresource.empty()) {
    out.insert(PathElement::field("status"));
  } else if (subresource == "status") {
    for (const api::Field& field : type.fields) {
      if (field.name != "metadata" && field.name != "status")
        out.insert(PathElement::field(std::string(field.name)));
    }
  }
  return out;
}

}  // namespace xebec::codec
