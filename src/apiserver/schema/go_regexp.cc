#include "apiserver/schema/go_regexp.h"

#include <fmt/format.h>
#include <re2/re2.h>

namespace xebec::apiserver::schema {
namespace {

std::string_view words_of(re2::RE2::ErrorCode code) {
  switch (code) {
    case re2::RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case re2::RE2::ErrorBadCharClass:
      return "invalid character class";
    case re2::RE2::ErrorBadCharRange:
      return "invalid character class range";
    case re2::RE2::ErrorMissingBracket:
      return "missing closing ]";
    case re2::RE2::ErrorMissingParen:
      return "missing closing )";
    case re2::RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case re2::RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case re2::RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case re2::RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case re2::RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case re2::RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case re2::RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    case re2::RE2::ErrorPatternTooLarge:
      return "expression too large";
    default:
      return "regexp/syntax: internal error";
  }
}

struct Translated {
  std::string pattern;
  bool any_byte = false;  // has \C, which Go does not know
};

// Go also takes (?<name>...) for (?P<name>...).
Translated translated(std::string_view pattern) {
  Translated out;
  bool in_class = false, quoted = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view rest = pattern.substr(i);
    if (rest.size() > 1 && rest[0] == '\\') {
      if (rest[1] == 'Q') quoted = true;
      if (rest[1] == 'E') quoted = false;
      if (rest[1] == 'C' && !quoted && !in_class) out.any_byte = true;
      out.pattern += rest.substr(0, 2);
      ++i;
      continue;
    }
    if (!quoted && !in_class && rest.starts_with("(?<")) {
      out.pattern += "(?P<";
      i += 2;
      continue;
    }
    if (!quoted && in_class && rest[0] == ']') {
      in_class = false;
    } else if (!quoted && !in_class && rest[0] == '[') {
      in_class = true;
      // A bracket that comes first stands for itself.
      const size_t first = rest.starts_with("[^") ? 2 : 1;
      if (first < rest.size() && rest[first] == ']') {
        out.pattern += rest.substr(0, first + 1);
        i += first;
        continue;
      }
    }
    out.pattern += rest[0];
  }
  return out;
}

std::string error_text(std::string_view words, std::string_view where) {
  return fmt::format("error parsing regexp: {}: `{}`", words, where);
}

}  // namespace

GoRegexp::GoRegexp(std::string_view pattern) {
  const Translated expression = translated(pattern);
  if (expression.any_byte) {
    error_ = error_text(words_of(re2::RE2::ErrorBadEscape), "\\C");
    return;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(int64_t{64} << 20);
  compiled_ = std::make_unique<re2::RE2>(expression.pattern, options);
  if (compiled_->ok()) return;
  const re2::RE2::ErrorCode code = compiled_->error_code();
  const bool whole = code == re2::RE2::ErrorMissingParen || code == re2::RE2::ErrorUnexpectedParen;
  std::string_view where = whole ? pattern : std::string_view(compiled_->error_arg());
  if (code == re2::RE2::ErrorTrailingBackslash) where = {};
  error_ = error_text(words_of(code), where);
  compiled_.reset();
}

GoRegexp::~GoRegexp() = default;
GoRegexp::GoRegexp(GoRegexp&&) noexcept = default;

bool GoRegexp::matches(std::string_view text) const {
  return compiled_ && re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled_);
}

}  // namespace xebec::apiserver::schema
