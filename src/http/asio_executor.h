// AsioExecutor: an Executor over an event loop of its own thread, the home of sockets. IoPool: some of them.
// Everything of one connection happens on one AsioExecutor, so connections need no locks.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/scope.h"

namespace xebec::http {

class AsioExecutor final : public Executor {
 public:
  explicit AsioExecutor(const std::string& name);
  // Cancels and joins scope(), then ends the thread. Not to be called on the executor itself.
  ~AsioExecutor() override;

  void post(Work work) override;
  uint64_t post_at(MonotonicTime when, Work work) override;
  void cancel_timer(uint64_t id) override;
  MonotonicTime now() const override;

  // For tasks that live at most as long as the executor, such as the connections of clients.
  Scope& scope() { return *scope_; }

  struct Impl;  // asio_detail.h
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
  std::unique_ptr<Scope> scope_;
};

// A fixed set of io threads. Thread-safe. Outlives servers, clients and every stream made by them.
class IoPool {
 public:
  explicit IoPool(size_t threads, const std::string& name = "io");
  ~IoPool();

  size_t size() const { return executors_.size(); }
  AsioExecutor& at(size_t index) { return *executors_[index]; }
  // In turn.
  AsioExecutor& next();
  // The calling thread's own executor when it belongs to this pool, else next().
  AsioExecutor& here();

 private:
  std::vector<std::unique_ptr<AsioExecutor>> executors_;
  std::atomic<size_t> turn_{0};
};

}  // namespace xebec::http
