// exec, attach and portForward: finds what is meant, gets the runtime's streaming url, connects both sides.
#pragma once

#include "base/clock.h"
#include "http/message.h"
#include "kubelet/server/node_pods.h"

namespace xebec::http {
class IoPool;
}

namespace xebec::kubelet {

// Path parameters; `uid` is empty where the path has none.
struct StreamTarget {
  std::string ns, pod, uid, container;
};

class ContainerStreams {
 public:
  // All outlive this and the connections it makes.
  ContainerStreams(const NodePods& pods, http::IoPool& pool, Rng& rng)
      : pods_(pods), pool_(pool), rng_(rng) {}

  Task<Result<http::Response>> exec(Context context, http::Request request, StreamTarget target) const;
  Task<Result<http::Response>> attach(Context context, http::Request request, StreamTarget target) const;
  Task<Result<http::Response>> port_forward(Context context, http::Request request,
                                            StreamTarget target) const;

 private:
  Task<Result<FoundPod>> running_container(StreamTarget target) const;

  const NodePods& pods_;
  http::IoPool& pool_;
  Rng& rng_;
};

}  // namespace xebec::kubelet
