// What the API server says about a body that it cannot decode.
#include "base/go_quote.h"
#include "codec/json.h"

namespace xebec::codec {

Status decode_error(const Status& cause, const api::GroupVersionKind& gvk, std::string_view expected_kind,
                    std::string_view body) {
  if (!gvk.kind.empty()) {
    return errors::bad_request(gvk.kind + " in version " + go_quote(gvk.version) +
                               " cannot be handled as a " + std::string(expected_kind) + ": " +
                               cause.message);
  }
  constexpr std::size_t kShown = 30;
  std::string summary;
  if (body.empty()) {
    summary = "<empty>";
  } else {
    std::string_view shown = body.substr(0, kShown);
    if (body[0] == '{') {
      summary = shown;
    } else {
      for (unsigned char c : shown) {
        summary += "0123456789abcdef"[c >> 4];
        summary += "0123456789abcdef"[c & 15];
      }
    }
    if (body.size() > kShown) summary += " ...";
  }
  return errors::bad_request("the object provided is unrecognized (must be of type " +
                             std::string(expected_kind) + "): " + cause.message + " (" + summary + ")");
}

}  // namespace xebec::codec
