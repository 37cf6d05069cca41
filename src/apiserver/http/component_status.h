// componentstatuses: what the control plane's other parts say of their health when they are asked, as
// kubectl get cs shows it (k8s.io/kubernetes/pkg/registry/core/componentstatus). Deprecated since 1.19.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace xebec::apiserver {

struct ComponentCheck {
  std::string name;  // "scheduler"
  // What a healthy one answers; the error's message is shown of one that is not.
  std::function<Task<Result<std::string>>(Context)> ask;
};
using ComponentChecks = std::vector<ComponentCheck>;

}  // namespace xebec::apiserver
