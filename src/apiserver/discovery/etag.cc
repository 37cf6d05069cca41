#include "apiserver/discovery/etag.h"

#include <openssl/evp.h>

namespace xebec::apiserver {

std::string content_hash(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha512(), nullptr);
  std::string out;
  for (unsigned int i = 0; i < size; ++i) {
    out += "0123456789ABCDEF"[digest[i] >> 4];
    out += "0123456789ABCDEF"[digest[i] & 15];
  }
  return out;
}

std::string make_etag(std::string_view bytes) { return "\"" + content_hash(bytes) + "\""; }

void finish_with_etag(const http::Request& request, const std::string& etag, http::Buffer body,
                      http::Response& response) {
  response.headers.add("ETag", etag);
  if (request.headers.get("If-None-Match") == etag) {
    response.status = 304;
    return;
  }
  response.body = std::vector<http::Buffer>{std::move(body)};
}

}  // namespace xebec::apiserver
