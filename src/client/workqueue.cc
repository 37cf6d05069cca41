#include "client/workqueue.h"

namespace xebec::client::detail {

void log_reconcile_error(const Logger& logger, const std::string& key, const Status& error, int requeues) {
  // A conflict says that the informer is behind: trying again is the normal course.
  if (error.is(reason::kConflict)) {
    logger.debug("Reconcile met a conflict, trying again", {{"key", key}, {"err", error.message}});
    return;
  }
  logger.error("Reconcile failed, trying again",
               {{"key", key}, {"err", error.message}, {"requeues", requeues}});
}

}  // namespace xebec::client::detail

namespace xebec::client {

template class WorkQueue<std::string>;
template void run_controller<std::string>(
    Scope&, WorkQueue<std::string>&, int,
    std::type_identity_t<std::function<Task<Result<void>>(std::string)>>, Logger);

}  // namespace xebec::client
