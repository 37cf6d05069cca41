// The authorities of a webhook, as client-go reads them (k8s.io/client-go/transport).
#include "apiserver/validation/admission.h"
#include "codec/json_text.h"
#include "security/pki/pki.h"

namespace xebec::apiserver::validation {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";

struct Block {
  std::string_view type;
  bool headers = false;
  std::string der;
};

// Takes the next line from `text`, without what ends it.
std::string_view next_line(std::string_view& text) {
  const size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  const size_t last = line.find_last_not_of(" \t\r");
  return line.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// The next block that is one, as Go's encoding/pem finds it: what is between blocks is passed over.
bool next_block(std::string_view& text, Block& out) {
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (!line.starts_with(kBegin) || !line.ends_with(kDashes) || line.size() < kBegin.size() + kDashes.size())
      continue;
    out = {.type = line.substr(kBegin.size(), line.size() - kBegin.size() - kDashes.size())};
    std::string base64;
    std::string_view rest = text;
    bool ended = false;
    while (!rest.empty() && !ended) {
      const std::string_view inner = next_line(rest);
      if (inner.starts_with(kEnd)) {
        ended = inner.substr(kEnd.size()) == std::string(out.type) + std::string(kDashes);
        break;
      }
      if (inner.find(':') != std::string_view::npos)
        out.headers = true;
      else
        base64 += inner;
    }
    std::string wrong;
    if (!ended || !codec::decode_base64(base64, out.der, wrong)) continue;
    text = rest;
    return true;
  }
  return false;
}

bool is_certificate(const Block& block) { return block.type == "CERTIFICATE" && !block.headers; }

std::string error_of(std::string_view bundle) {
  bool any = false;
  std::string first;
  Block block;
  for (std::string_view rest = bundle; !rest.empty();) {
    if (!next_block(rest, block)) {
      if (first.empty()) first = "unable to parse bytes as PEM block";
      break;
    }
    if (!is_certificate(block)) continue;
    if (pki::Certificate::parse_der(block.der))
      any = true;
    else if (first.empty())
      first = "failed to parse certificate: x509: malformed certificate";
  }
  if (any) return {};
  return first.empty() ? "no valid certificate authority data seen" : first;
}

}  // namespace

void check_ca_bundle(Errors& errors, const Path& path, std::string_view bundle) {
  const std::string wrong = error_of(bundle);
  if (wrong.empty()) return;
  std::string shown;
  {
    codec::TextOut out(shown);
    codec::write_json_base64(bundle, out);
  }
  errors.push_back(field::invalid(path, shown, "unable to load root certificates: " + wrong));
}

}  // namespace xebec::apiserver::validation
