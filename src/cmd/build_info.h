// kubernetes_build_info: what program the metrics are of (k8s.io/component-base/metrics/prometheus/version).
#pragma once

#include "base/metrics.h"

namespace xebec::cmd {

void register_build_info(Metrics& metrics);

}  // namespace xebec::cmd
