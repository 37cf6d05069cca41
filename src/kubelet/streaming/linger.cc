#include "kubelet/streaming/linger.h"

namespace xebec::kubelet {

Task<void> linger(OneShot<bool> shot, CancelToken cancel) {
  Executor* executor = Executor::current();
  uint64_t timer = executor->post_at(executor->now() + kLinger, [shot] { shot.set(false); });
  CancelRegistration registration = cancel.on_cancel([shot] { shot.set(false); });
  (void)co_await shot;
  executor->cancel_timer(timer);
}

}  // namespace xebec::kubelet
