#include "base/sim_executor.h"

namespace xebec {

SimExecutor::~SimExecutor() {
  while (!queue_.empty()) {
    auto dropped = std::move(queue_);
    queue_.clear();
  }
}

uint64_t SimExecutor::post_at(MonotonicTime when, Work work) {
  uint64_t id = ++last_id_;
  when = std::max(when, now_);
  queue_.emplace(std::pair(when, id), std::move(work));
  times_.emplace(id, when);
  return id;
}

void SimExecutor::cancel_timer(uint64_t id) {
  auto it = times_.find(id);
  if (it == times_.end()) return;
  auto node = queue_.extract(std::pair(it->second, id));
  times_.erase(it);
}

bool SimExecutor::step() {
  if (queue_.empty()) return false;
  auto node = queue_.extract(queue_.begin());
  now_ = node.key().first;
  times_.erase(node.key().second);
  Running running(this);
  node.mapped()();
  return true;
}

void SimExecutor::run_until(MonotonicTime until) {
  while (!queue_.empty() && queue_.begin()->first.first <= until) step();
  now_ = std::max(now_, until);
}

bool SimExecutor::run_while_not(const std::function<bool()>& done, Duration limit) {
  MonotonicTime end = now_ + limit;
  while (!done()) {
    if (queue_.empty() || queue_.begin()->first.first > end) return false;
    step();
  }
  return true;
}

}  // namespace xebec
