// Several tasks at once, joined before going on.
#pragma once

#include <vector>

#include "base/result.h"
#include "base/task.h"

namespace xebec {

// Runs every task on the current executor, concurrently where they wait; returns when all have ended: the
// first error in the order of `tasks`, or success.
Task<Result<void>> all_of(std::vector<Task<Result<void>>> tasks);

}  // namespace xebec
