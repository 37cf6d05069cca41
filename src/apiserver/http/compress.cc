#include "apiserver/http/compress.h"

#include <zlib.h>

#include <optional>

#include "apiserver/http/negotiate.h"

namespace xebec::apiserver {
namespace {

constexpr size_t kLeastBytes = 128 << 10;
constexpr int kGzipWindow = 15 + 16;

bool accepts_gzip(const http::Request& request) {
  for (std::string_view value : request.headers.all("accept-encoding")) {
    for (size_t at = 0; at <= value.size();) {
      size_t comma = std::min(value.find(',', at), value.size());
      if (bare_media_type(value.substr(at, comma - at)) == "gzip") return true;
      at = comma + 1;
    }
  }
  return false;
}

std::optional<std::vector<http::Buffer>> gzip(const std::vector<http::Buffer>& pieces) {
  z_stream stream{};
  // Level 1, as upstream: the time counts, not the last percent.
  if (deflateInit2(&stream, 1, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) return std::nullopt;
  std::vector<http::Buffer> out;
  std::string text;
  auto run = [&](std::string_view input, int flush) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream.avail_in = static_cast<uInt>(input.size());
    for (;;) {
      char buffer[64 << 10];
      stream.next_out = reinterpret_cast<Bytef*>(buffer);
      stream.avail_out = sizeof(buffer);
      int result = deflate(&stream, flush);
      text.append(buffer, sizeof(buffer) - stream.avail_out);
      if (result == Z_STREAM_END || (stream.avail_in == 0 && stream.avail_out > 0)) return;
    }
  };
  for (const http::Buffer& piece : pieces) {
    run(*piece, Z_NO_FLUSH);
    if (text.size() < 256 << 10) continue;
    out.push_back(http::make_buffer(text));
    text.clear();
  }
  run({}, Z_FINISH);
  deflateEnd(&stream);
  out.push_back(http::make_buffer(std::move(text)));
  return out;
}

}  // namespace

void compress_if_wanted(const http::Request& request, http::Response& response) {
  auto* pieces = std::get_if<std::vector<http::Buffer>>(&response.body);
  if (!pieces || request.method == "HEAD" || response.headers.has("Content-Encoding")) return;
  size_t total = 0;
  for (const http::Buffer& piece : *pieces) total += piece->size();
  if (total < kLeastBytes || !accepts_gzip(request)) return;
  std::optional<std::vector<http::Buffer>> packed = gzip(*pieces);
  if (!packed) return;
  *pieces = std::move(*packed);
  response.headers.add("Content-Encoding", "gzip");
  response.headers.add("Vary", "Accept-Encoding");
}

}  // namespace xebec::apiserver
