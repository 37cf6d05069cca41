#include "apiserver/http/warning_stage.h"

#include <set>

namespace xebec::apiserver {
namespace {

constexpr size_t kMostInTotal = 4096;
constexpr size_t kMostEachWhenTooMuch = 256;

}  // namespace

std::string warning_header(std::string_view text) {
  std::string out = "299 - \"";
  for (char c : text) {
    unsigned char byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) continue;
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

Task<http::Response> WarningStage::handle(Context context, std::shared_ptr<Exchange> exchange) {
  http::Response response = co_await next_->handle(std::move(context), exchange);
  size_t total = 0;
  for (const std::string& warning : exchange->warnings) total += warning.size();
  std::set<std::string_view> seen;
  for (const std::string& warning : exchange->warnings) {
    if (!seen.insert(warning).second) continue;
    std::string_view text = warning;
    if (total > kMostInTotal) text = text.substr(0, kMostEachWhenTooMuch);
    response.headers.add("Warning", warning_header(text));
  }
  co_return response;
}

}  // namespace xebec::apiserver
