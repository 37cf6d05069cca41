#include "http/message.h"

#include <algorithm>

namespace xebec::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_escaped_well(std::string_view text) {
  for (size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 3)) {
    if (at + 2 >= text.size() || hex_value(text[at + 1]) < 0 || hex_value(text[at + 2]) < 0) return false;
  }
  return true;
}

// Calls `visit` with each raw key and value of a query until it returns false.
template <class Visit>
void each_parameter(std::string_view query, Visit visit) {
  while (!query.empty()) {
    size_t end = query.find('&');
    std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    // As Go: a pair with a semicolon or a broken escape is as good as absent.
    if (pair.empty() || pair.find(';') != std::string_view::npos || !is_escaped_well(pair)) continue;
    size_t equals = pair.find('=');
    std::string_view value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    if (!visit(pair.substr(0, equals), value)) return;
  }
}

bool key_matches(std::string_view raw, std::string_view name) {
  if (raw.find_first_of("%+") == std::string_view::npos) return raw == name;
  return percent_decode(raw, true) == name;
}

}  // namespace

void Headers::set(std::string_view name, std::string_view value) {
  auto first = std::ranges::find_if(fields_, [&](const Field& f) { return same_name(f.first, name); });
  if (first == fields_.end()) {
    add(name, value);
    return;
  }
  std::string kept(value);
  first->second = std::move(kept);
  fields_.erase(
      std::remove_if(first + 1, fields_.end(), [&](const Field& f) { return same_name(f.first, name); }),
      fields_.end());
}

void Headers::erase(std::string_view name) {
  std::erase_if(fields_, [&](const Field& f) { return same_name(f.first, name); });
}

std::string_view Headers::get(std::string_view name) const {
  for (const Field& field : fields_) {
    if (same_name(field.first, name)) return field.second;
  }
  return {};
}

bool Headers::has(std::string_view name) const {
  return std::ranges::any_of(fields_, [&](const Field& f) { return same_name(f.first, name); });
}

std::vector<std::string_view> Headers::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Field& field : fields_) {
    if (same_name(field.first, name)) values.push_back(field.second);
  }
  return values;
}

Buffer make_buffer(std::string bytes) { return std::make_shared<const std::string>(std::move(bytes)); }

std::optional<std::string> Request::param(std::string_view name) const {
  std::optional<std::string> found;
  each_parameter(query, [&](std::string_view key, std::string_view value) {
    if (!key_matches(key, name)) return true;
    found = percent_decode(value, true);
    return false;
  });
  return found;
}

std::vector<std::string> Request::params(std::string_view name) const {
  std::vector<std::string> values;
  each_parameter(query, [&](std::string_view key, std::string_view value) {
    if (key_matches(key, name)) values.push_back(percent_decode(value, true));
    return true;
  });
  return values;
}

Task<Result<std::string>> Response::read_body(size_t limit) {
  std::string bytes;
  if (auto* pieces = std::get_if<std::vector<Buffer>>(&body)) {
    for (const Buffer& piece : *pieces) {
      if (bytes.size() + piece->size() > limit)
        co_return fail(errors::too_large("the response body is too large"));
      bytes += *piece;
    }
  } else if (auto* stream = std::get_if<std::unique_ptr<BodyStream>>(&body)) {
    for (;;) {
      CO_TRY(Buffer piece, co_await (*stream)->next());
      if (piece == nullptr) break;
      if (bytes.size() + piece->size() > limit)
        co_return fail(errors::too_large("the response body is too large"));
      bytes += *piece;
    }
  }
  co_return bytes;
}

std::string percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' && plus_is_space ? ' ' : text[i];
    }
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                 c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      unsigned char byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

}  // namespace xebec::http
