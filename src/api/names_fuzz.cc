// The rules of names take any bytes and agree with each other; so do numbers in texts.
#include "api/names.h"

#include "api/gvk.h"
#include "api/int_or_string.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::api {

XEBEC_FUZZ(names) {
  const bool label = is_dns1123_label(input).empty();
  if (is_dns1035_label(input).empty()) FUZZ_CHECK(label);
  if (label) {
    FUZZ_CHECK(is_dns1123_subdomain(input).empty());
    FUZZ_CHECK(is_valid_label_value(input).empty());
    FUZZ_CHECK(is_qualified_name(input).empty());
  }
  if (is_dns1123_subdomain(input).empty()) FUZZ_CHECK(is_valid_path_segment_name(input).empty());
  (void)is_valid_path_segment_prefix(input);
  for (bool prefix : {false, true}) {
    for (NameRule rule :
         {name_is_dns_subdomain, name_is_dns_label, name_is_dns1035_label, name_is_path_segment})
      (void)rule(input, prefix);
  }

  FUZZ_CHECK(GroupVersion::parse(input).api_version() == input || input.find('/') != input.npos);
  const IntOrString text(input);
  (void)text.int_value();
  const auto up = get_scaled_value(text, 1000, true), down = get_scaled_value(text, 1000, false);
  FUZZ_CHECK(up.has_value() == down.has_value());
  if (up) FUZZ_CHECK(*up >= *down);
}

}  // namespace xebec::api
