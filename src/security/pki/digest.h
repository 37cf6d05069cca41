// Digests and text encodings. Results of digests are raw bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace xebec::pki {

std::string sha1(std::string_view bytes);
std::string sha256(std::string_view bytes);
std::string sha512(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);
// Takes the same time whatever the contents.
bool equal_constant_time(std::string_view a, std::string_view b);
std::string random_bytes(size_t count);  // cryptographic

std::string hex(std::string_view bytes);  // lower case
std::string base64(std::string_view bytes);
Result<std::string> base64_decode(std::string_view text);  // padded, no white space
std::string base64url(std::string_view bytes);             // without padding (RFC 4648, 5)
Result<std::string> base64url_decode(std::string_view text);

}  // namespace xebec::pki
