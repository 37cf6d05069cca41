#include "apiserver/authn/protocol_token.h"

#include <strings.h>

#include <vector>

#include "codec/json_text.h"
#include "security/pki/digest.h"

namespace xebec::apiserver {
namespace {

constexpr std::string_view kHeader = "Sec-WebSocket-Protocol";
constexpr std::string_view kPrefix = "base64url.bearer.authorization.k8s.io.";

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// All elements of a header of lists.
std::vector<std::string_view> elements(const http::Headers& headers, std::string_view name) {
  std::vector<std::string_view> out;
  for (std::string_view list : headers.all(name)) {
    for (std::size_t comma = 0; comma != std::string_view::npos;) {
      comma = list.find(',');
      out.push_back(trimmed(list.substr(0, comma)));
      if (comma != std::string_view::npos) list.remove_prefix(comma + 1);
    }
  }
  return out;
}

bool is_utf8(std::string_view text) {
  for (const char *p = text.data(), *end = p + text.size(); p != end;) {
    const int length = codec::utf8_length(p, end);
    if (length == 0) return false;
    p += length;
  }
  return true;
}

bool opens_websocket(const http::Headers& headers) {
  if (!same_word(headers.get("Upgrade"), "websocket")) return false;
  for (std::string_view option : elements(headers, "Connection"))
    if (same_word(option, "upgrade")) return true;
  return false;
}

}  // namespace

Result<std::string> protocol_token(const http::Request& request) {
  if (!opens_websocket(request.headers)) return std::string();
  std::string token;
  bool seen = false, others = false;
  for (std::string_view protocol : elements(request.headers, kHeader)) {
    if (!protocol.starts_with(kPrefix)) {
      others = true;
      continue;
    }
    if (std::exchange(seen, true))
      return fail(errors::unauthorized("multiple base64.bearer.authorization tokens specified"));
    const auto decoded = pki::base64url_decode(protocol.substr(kPrefix.size()));
    if (!decoded) return fail(errors::unauthorized("invalid base64.bearer.authorization token encoding"));
    token = *decoded;
    if (!is_utf8(token)) return fail(errors::unauthorized("invalid base64.bearer.authorization token"));
  }
  // One must be left to be confirmed to the client.
  if (!token.empty() && !others) return fail(errors::unauthorized("missing additional subprotocol"));
  return token;
}

void drop_protocol_token(http::Headers& headers) {
  std::string others;
  bool found = false;
  for (std::string_view protocol : elements(headers, kHeader)) {
    if (protocol.starts_with(kPrefix)) {
      found = true;
      continue;
    }
    others.append(others.empty() ? "" : ",").append(protocol);
  }
  if (!found) return;
  if (others.empty())
    headers.erase(kHeader);
  else
    headers.set(kHeader, others);
}

}  // namespace xebec::apiserver
