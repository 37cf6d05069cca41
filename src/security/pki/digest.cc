#include "security/pki/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <memory>

namespace xebec::pki {
namespace {

// Algorithms are fetched once: looking one up by name costs several times a small digest.
using Digest = std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)>;

std::string digest(const EVP_MD* algorithm, std::string_view bytes) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_Digest(bytes.data(), bytes.size(), out, &length, algorithm, nullptr);
  return {reinterpret_cast<const char*>(out), length};
}

constexpr char kStandard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kUrl[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(std::string_view bytes, const char* alphabet, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j)
      group = group << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0);
    for (size_t j = 0; j < 4; ++j) {
      if (j <= count) {
        out += alphabet[group >> (18 - 6 * j) & 63];
      } else if (pad) {
        out += '=';
      }
    }
  }
  return out;
}

int value_of(char c, char c62, char c63) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == c62) return 62;
  return c == c63 ? 63 : -1;
}

// Unpadded text. Left-over bits must be zero: a value has one encoding only.
Result<std::string> decode(std::string_view text, char c62, char c63) {
  std::string out;
  out.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int count = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    int value = value_of(text[i], c62, c63);
    if (value < 0) return fail(errors::bad_request("illegal base64 data at input byte " + std::to_string(i)));
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xff);
    }
  }
  bool whole = count < 6 && (bits & ((1U << count) - 1)) == 0;
  if (!whole)
    return fail(errors::bad_request("illegal base64 data at input byte " + std::to_string(text.size())));
  return out;
}

}  // namespace

std::string sha1(std::string_view bytes) {
  static const Digest algorithm(EVP_MD_fetch(nullptr, "SHA1", nullptr), EVP_MD_free);
  return digest(algorithm.get(), bytes);
}

std::string sha256(std::string_view bytes) {
  static const Digest algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr), EVP_MD_free);
  return digest(algorithm.get(), bytes);
}

std::string sha512(std::string_view bytes) {
  static const Digest algorithm(EVP_MD_fetch(nullptr, "SHA512", nullptr), EVP_MD_free);
  return digest(algorithm.get(), bytes);
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out, &length);
  return {reinterpret_cast<const char*>(out), length};
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_bytes(size_t count) {
  std::string bytes(count, '\0');
  // Without randomness nothing that follows would be secret.
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) std::abort();
  return bytes;
}

std::string hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string base64(std::string_view bytes) { return encode(bytes, kStandard, true); }
std::string base64url(std::string_view bytes) { return encode(bytes, kUrl, false); }

Result<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) {
    return fail(errors::bad_request("illegal base64 data at input byte " + std::to_string(text.size())));
  }
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return decode(text, '+', '/');
}

Result<std::string> base64url_decode(std::string_view text) { return decode(text, '-', '_'); }

}  // namespace xebec::pki
