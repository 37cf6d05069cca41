// ETags of documents that change rarely: discovery and OpenAPI.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace xebec::apiserver {

// SHA-512 of the bytes, upper-case hex, without quotes.
std::string content_hash(std::string_view bytes);
// The hash as the value of an ETag header.
std::string make_etag(std::string_view bytes);

// 304 without a body when the client has this version; else 200 and the body.
void finish_with_etag(const http::Request& request, const std::string& etag, http::Buffer body,
                      http::Response& response);

}  // namespace xebec::apiserver
