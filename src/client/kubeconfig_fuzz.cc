// Any text is a kubeconfig or not; what is one writes to a fixed point.
#include "client/kubeconfig.h"

#include "tests/fuzz/fuzz.h"

namespace xebec::client {

XEBEC_FUZZ(kubeconfig) {
  const Result<Kubeconfig> config = Kubeconfig::parse(input);
  if (!config) return;
  Result<Kubeconfig> again = Kubeconfig::parse(config->to_yaml());
  FUZZ_CHECK(again.has_value());
  Result<Kubeconfig> third = Kubeconfig::parse(again->to_yaml());
  FUZZ_CHECK(third && *third == *again);
  FUZZ_CHECK(again->contexts.size() == config->contexts.size() &&
             again->users.size() == config->users.size() &&
             again->clusters.size() == config->clusters.size());
}

}  // namespace xebec::client
