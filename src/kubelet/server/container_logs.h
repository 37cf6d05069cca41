// GET /containerLogs/{namespace}/{pod}/{container}.
#pragma once

#include "base/clock.h"
#include "http/message.h"
#include "kubelet/server/node_pods.h"

namespace xebec::kubelet {

class ContainerLogs {
 public:
  ContainerLogs(const NodePods& pods, const Clock& clock) : pods_(pods), clock_(clock) {}
  Task<Result<http::Response>> serve(Context context, http::Request request, std::string ns, std::string pod,
                                     std::string container) const;

 private:
  const NodePods& pods_;
  const Clock& clock_;
};

}  // namespace xebec::kubelet
