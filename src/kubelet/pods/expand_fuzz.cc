// Commands with $(NAME) in them: without variables nothing but $$ changes, and values are not expanded again.
#include "kubelet/pods/environment.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::kubelet {

XEBEC_FUZZ(expand) {
  if (input.find('$') == input.npos) FUZZ_CHECK(expand(input, {}) == input);
  FUZZ_CHECK(expand(input, {}).size() <= input.size());
  fuzz::Pieces pieces(input);
  const std::string name(pieces.part()), value(pieces.part());
  const bool plain = name.find_first_of("$()") == name.npos;
  if (plain) FUZZ_CHECK(expand("$(" + name + ")", {{name, value}}) == value);
  (void)expand(pieces.rest(), {{name, value}});
}

}  // namespace xebec::kubelet
