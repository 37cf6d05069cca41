// Regular expressions in the syntax of Go's package regexp, with its error words. RE2 is the same language
// but for a few corners, which are bridged here.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace xebec::apiserver::schema {

class GoRegexp {
 public:
  explicit GoRegexp(std::string_view pattern);
  ~GoRegexp();
  GoRegexp(GoRegexp&&) noexcept;

  // Empty when the pattern is one; else as regexp.Compile says it.
  const std::string& error() const { return error_; }
  // Anywhere in the text. False when the pattern is none.
  bool matches(std::string_view text) const;

 private:
  std::unique_ptr<re2::RE2> compiled_;
  std::string error_;
};

}  // namespace xebec::apiserver::schema
