#include "apiserver/registry/compactor.h"

#include "base/sync.h"

namespace xebec::apiserver {

Task<void> Compactor::run(CancelToken cancel) {
  int64_t horizon = store_.current_revision();
  for (;;) {
    const bool slept = co_await sleep_for(period_, cancel);
    if (!slept) co_return;
    const int64_t now = store_.current_revision();
    if (horizon > store_.compacted_revision() && horizon > 1) {
      Result<void> done = co_await store_.compact(horizon);
      if (!done)
        logger_.warning("Compaction failed", {{"revision", horizon}, {"error", done.error().message}});
    }
    horizon = now;
  }
}

}  // namespace xebec::apiserver
