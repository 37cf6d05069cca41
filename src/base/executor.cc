#include "base/executor.h"

namespace xebec {
namespace {
thread_local Executor* current_executor = nullptr;
}

Executor* Executor::current() { return current_executor; }

Executor::Running::Running(Executor* executor) : previous_(current_executor) { current_executor = executor; }
Executor::Running::~Running() { current_executor = previous_; }

}  // namespace xebec
