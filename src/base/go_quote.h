// Strings as Go quotes them: most error texts of the API hold some.
#pragma once

#include <string>
#include <string_view>

namespace xebec {

// strconv.Quote, which is %q of fmt. Bytes that are not UTF-8 become \x..; what is printable is judged by the
// code points met in practice.
std::string go_quote(std::string_view text);

}  // namespace xebec
