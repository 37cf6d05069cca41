#include "codec/cbor/tree_decoder.h"

#include <cmath>

#include "api/scalars.h"
#include "base/go_quote.h"
#include "codec/json_text.h"

namespace xebec::codec {
namespace {

constexpr uint64_t kTimeText = 0, kTimeNumber = 1, kBase64Url = 21, kBase16 = 23, kSelfDescribed = 55799;

bool is_utf8(std::string_view text) {
  for (const char *p = text.data(), *end = p + text.size(); p != end;) {
    const int length = utf8_length(p, end);
    if (length == 0) return false;
    p += length;
  }
  return true;
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (unsigned char c : bytes) {
    out += "0123456789abcdef"[c >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  return out;
}

std::string base64(std::string_view bytes, bool url) {
  std::string quoted;
  {
    TextOut out(quoted);
    write_json_base64(bytes, out);
  }
  std::string text = quoted.substr(1, quoted.size() - 2);
  if (!url) return text;
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (text.ends_with('=')) text.pop_back();
  return text;
}

// RFC 3339 with as many digits of the second as it takes.
std::string time_text(double seconds) {
  const double whole = std::floor(seconds);
  std::string out = api::Time::from_unix(static_cast<int64_t>(whole)).str();
  auto nanos = std::to_string(static_cast<int64_t>((seconds - whole) * 1e9));
  nanos.insert(0, 9 - std::min<std::size_t>(nanos.size(), 9), '0');
  while (nanos.ends_with('0')) nanos.pop_back();
  if (!nanos.empty() && out.ends_with('Z')) out.insert(out.size() - 1, "." + nanos);
  return out;
}

bool is_integer(CborMajor major) { return major == CborMajor::kUnsigned || major == CborMajor::kNegative; }

}  // namespace

std::string cbor_type_error(CborMajor major, std::string_view go_type, std::string_view detail,
                            std::string_view struct_field) {
  std::string out = "cbor: cannot unmarshal " + std::string(cbor_type_name(major)) + " into Go ";
  out += struct_field.empty() ? "value" : "struct field " + std::string(struct_field);
  out += " of type " + std::string(go_type);
  if (!detail.empty()) out += " (" + std::string(detail) + ")";
  return out;
}

std::string cbor_negative(uint64_t argument) {
  return argument == UINT64_MAX ? "-18446744073709551616" : "-" + std::to_string(argument + 1);
}

bool CborTreeDecoder::duplicate(std::string_view key, std::size_t index) {
  return fail("cbor: found duplicate map key " + go_quote(key) + " at map element index " +
              std::to_string(index));
}

bool CborTreeDecoder::tag(uint64_t number, const CborHead& next) {
  auto wrong = [&](std::string_view expected) {
    return fail("cbor: tag number " + std::to_string(number) + " must be followed by " +
                std::string(expected) + ", got " + std::string(cbor_type_name(next.major)));
  };
  if (number == kTimeText && next.major != CborMajor::kText) return wrong("text string");
  if (number == kTimeNumber && !is_integer(next.major) && !is_cbor_float(next))
    return wrong("integer or floating-point number");
  if (number >= kBase64Url && number <= kBase16) coding_ = number;
  return true;
}

bool CborTreeDecoder::open(CborHead& found) {
  for (found = reader_.head(); found.major == CborMajor::kTag; found = reader_.head()) {
    if (!tag(found.value, reader_.peek())) return false;
  }
  return true;
}

std::string CborTreeDecoder::as_text(std::string_view bytes) const {
  if (coding_ == 0) return std::string(bytes);
  return coding_ == kBase16 ? hex(bytes) : base64(bytes, coding_ == kBase64Url);
}

bool CborTreeDecoder::text(std::string& out, CborHead& found) {
  Coding coding(*this);
  if (!open(found)) return false;
  if (found.major != CborMajor::kBytes && found.major != CborMajor::kText) return false;
  std::string scratch;
  std::string_view content = reader_.content(found, scratch);
  if (found.major == CborMajor::kText && !is_utf8(content)) return fail("cbor: invalid UTF-8 string");
  if (found.major == CborMajor::kText || !coded()) {
    out.assign(content);
  } else {
    out = as_text(content);
  }
  return true;
}

bool CborTreeDecoder::value(Value& out) {
  Coding coding(*this);
  CborHead found = reader_.peek();
  while (found.major == CborMajor::kTag) {
    reader_.head();
    if (!tag(found.value, reader_.peek())) return false;
    if (found.value == kTimeText || found.value == kTimeNumber) return time(found.value, out);
    found = reader_.peek();
  }
  if (found.major == CborMajor::kBytes || found.major == CborMajor::kText) {
    std::string text;
    if (!this->text(text, found)) return false;
    out = Value(std::move(text));
    return true;
  }
  reader_.head();
  if (found.major == CborMajor::kMap) return map(found, out);
  if (found.major != CborMajor::kArray) return scalar(found, out);
  ValueList& list = out.make_list();
  for (CborElements elements(reader_, found); elements.next();) {
    if (!value(list.emplace_back())) return false;
  }
  return true;
}

bool CborTreeDecoder::time(uint64_t number, Value& out) {
  if (number == kTimeText) {
    std::string text;
    CborHead found;
    if (!this->text(text, found)) return false;
    Result<api::Time> parsed = api::Time::parse(text);
    if (!parsed) return fail("cbor: cannot set " + text + " for time.Time: " + parsed.error().message);
    out = Value(std::move(text));
    return true;
  }
  Value value;
  if (!scalar(reader_.head(), value)) return false;
  out = Value(time_text(value.number_or(0)));
  return true;
}

bool CborTreeDecoder::scalar(const CborHead& found, Value& out) {
  if (is_integer(found.major)) {
    const bool negative = found.major == CborMajor::kNegative;
    if (found.value > INT64_MAX) {
      const std::string number = negative ? cbor_negative(found.value) : std::to_string(found.value);
      return fail(cbor_type_error(found.major, "int64", number + " overflows Go's int64"));
    }
    out = Value(static_cast<int64_t>(negative ? ~found.value : found.value));
    return true;
  }
  if (is_cbor_float(found)) {
    out = Value(cbor_float(found));
    return true;
  }
  if (found.value == 20 || found.value == 21) {
    out = Value(found.value == 21);
    return true;
  }
  out = Value();
  if (found.value == 22) return true;
  return fail("cbor: data item of cbor type primitives is not accepted by protocol: simple value " +
              std::to_string(found.value) + " is not recognized");
}

bool CborTreeDecoder::map(const CborHead& found, Value& out) {
  ValueMap& map = out.make_map();
  std::size_t index = 0;
  for (CborElements pairs(reader_, found); pairs.next(); ++index) {
    std::string key;
    CborHead other;
    if (!text(key, other)) return fail(cbor_type_error(other.major, "string"));
    auto [slot, fresh] = map.try_emplace(key);
    if (!fresh) return duplicate(key, index);
    if (!value(*slot)) return false;
  }
  return true;
}

}  // namespace xebec::codec
