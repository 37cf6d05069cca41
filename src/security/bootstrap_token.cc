#include "security/bootstrap_token.h"

#include <algorithm>

#include "security/pki/digest.h"

namespace xebec::bootstrap_token {
namespace {

constexpr size_t kIdLength = 6, kSecretLength = 16;

bool small_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

std::string random_text(size_t length) {
  static constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  // Bytes past a multiple of the alphabet are thrown away: every character is as likely as any other.
  constexpr unsigned kLimit = 256 / kAlphabet.size() * kAlphabet.size();
  std::string out;
  while (out.size() < length) {
    for (char c : pki::random_bytes(length)) {
      auto byte = static_cast<unsigned char>(c);
      if (byte < kLimit && out.size() < length) out += kAlphabet[byte % kAlphabet.size()];
    }
  }
  return out;
}

}  // namespace

std::optional<Token> parse(std::string_view text) {
  if (text.size() != kIdLength + 1 + kSecretLength || text[kIdLength] != '.') return std::nullopt;
  Token token{std::string(text.substr(0, kIdLength)), std::string(text.substr(kIdLength + 1))};
  if (!std::ranges::all_of(token.id, small_alnum) || !std::ranges::all_of(token.secret, small_alnum))
    return std::nullopt;
  return token;
}

Token make_random() { return Token{random_text(kIdLength), random_text(kSecretLength)}; }

std::string sign(std::string_view content, const Token& token) {
  // The id needs no escapes: it is of small letters and digits.
  std::string header = pki::base64url(R"({"alg":"HS256","kid":")" + token.id + "\"}");
  std::string input = header + "." + pki::base64url(content);
  return header + ".." + pki::base64url(pki::hmac_sha256(token.secret, input));
}

bool verify(std::string_view signature, std::string_view content, const Token& token) {
  return pki::equal_constant_time(signature, sign(content, token));
}

bool is_extra_group(std::string_view group) {
  static constexpr std::string_view kPrefix = "system:bootstrappers:";
  if (!group.starts_with(kPrefix)) return false;
  group.remove_prefix(kPrefix.size());
  auto fine = [](char c) { return small_alnum(c) || c == ':' || c == '-'; };
  return !group.empty() && group.size() <= 256 && std::ranges::all_of(group, fine) &&
         small_alnum(group.back());
}

}  // namespace xebec::bootstrap_token
