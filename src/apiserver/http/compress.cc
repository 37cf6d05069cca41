#include "apiserver/http/compress.h"

#include <zlib.h>

#include <new>
#include <utility>

#include "apiserver/http/negotiate.h"

namespace xebec::apiserver {
namespace {

constexpr size_t kLeastBytes = 128 << 10;
constexpr size_t kPieceBytes = 256 << 10;
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

class Gzip {
 public:
  Gzip() {
    // Level 1, as upstream: the time counts, not the last percent. Memory is all that it could lack.
    if (deflateInit2(&stream_, 1, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  Gzip(const Gzip&) = delete;
  ~Gzip() { deflateEnd(&stream_); }

  void add(std::string_view input) { run(input, Z_NO_FLUSH); }
  void finish() { run({}, Z_FINISH); }
  size_t size() const { return out_->size(); }
  http::Buffer take() {
    http::Buffer taken = out_;
    out_ = std::make_shared<std::string>();
    return taken;
  }

 private:
  void run(std::string_view input, int flush) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(input.size());
    for (;;) {
      char buffer[64 << 10];
      stream_.next_out = reinterpret_cast<Bytef*>(buffer);
      stream_.avail_out = sizeof(buffer);
      const int result = deflate(&stream_, flush);
      out_->append(buffer, sizeof(buffer) - stream_.avail_out);
      if (result == Z_STREAM_END || (stream_.avail_in == 0 && stream_.avail_out > 0)) return;
    }
  }

  z_stream stream_{};
  std::shared_ptr<std::string> out_ = std::make_shared<std::string>();
};

class GzipStream final : public http::BodyStream {
 public:
  explicit GzipStream(std::unique_ptr<http::BodyStream> inner) : inner_(std::move(inner)) {}

  Task<Result<http::Buffer>> next() override {
    while (!ended_ && gzip_.size() < kPieceBytes) {
      CO_TRY(const http::Buffer piece, co_await inner_->next());
      if (piece) {
        gzip_.add(*piece);
      } else {
        gzip_.finish();
        ended_ = true;
      }
    }
    if (gzip_.size() == 0) co_return http::Buffer();
    co_return gzip_.take();
  }

 private:
  std::unique_ptr<http::BodyStream> inner_;
  Gzip gzip_;
  bool ended_ = false;
};

std::vector<http::Buffer> packed(const std::vector<http::Buffer>& pieces) {
  Gzip gzip;
  std::vector<http::Buffer> out;
  for (const http::Buffer& piece : pieces) {
    gzip.add(*piece);
    if (gzip.size() >= kPieceBytes) out.push_back(gzip.take());
  }
  gzip.finish();
  out.push_back(gzip.take());
  return out;
}

size_t size_of(const std::vector<http::Buffer>& pieces) {
  size_t total = 0;
  for (const http::Buffer& piece : pieces) total += piece->size();
  return total;
}

}  // namespace

void compress_if_wanted(const http::Request& request, bool long_running, http::Response& response) {
  if (long_running || request.method == "HEAD" || response.headers.has("Content-Encoding")) return;
  if (auto* pieces = std::get_if<std::vector<http::Buffer>>(&response.body)) {
    if (size_of(*pieces) < kLeastBytes || !accepts_gzip(request)) return;
    *pieces = packed(*pieces);
  } else if (auto* stream = std::get_if<std::unique_ptr<http::BodyStream>>(&response.body)) {
    if (!accepts_gzip(request)) return;
    std::unique_ptr<http::BodyStream> gzip = std::make_unique<GzipStream>(std::move(*stream));
    *stream = std::move(gzip);
  } else {
    return;
  }
  response.headers.add("Content-Encoding", "gzip");
  response.headers.add("Vary", "Accept-Encoding");
}

}  // namespace xebec::apiserver
