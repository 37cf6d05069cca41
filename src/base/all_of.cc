#include "base/all_of.h"

#include "base/executor.h"
#include "base/scope.h"

namespace xebec {
namespace {

Task<void> keep(Task<Result<void>> task, Result<void>* out) { *out = co_await std::move(task); }

}  // namespace

Task<Result<void>> all_of(std::vector<Task<Result<void>>> tasks) {
  std::vector<Result<void>> results(tasks.size());
  Scope scope(*Executor::current());
  for (size_t i = 0; i < tasks.size(); ++i) scope.spawn(keep(std::move(tasks[i]), &results[i]));
  co_await scope.join();
  for (Result<void>& result : results) {
    if (!result) co_return std::move(result);
  }
  co_return Result<void>();
}

}  // namespace xebec
