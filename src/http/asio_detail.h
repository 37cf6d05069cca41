// The inside of AsioExecutor, for the files of this module that own sockets. Heavy: include in .cc files
// only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "http/asio_executor.h"

namespace xebec::http {

struct AsioExecutor::Impl {
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{context.get_executor()};
  std::thread thread;

  std::mutex mutex;  // guards the timers
  std::map<std::pair<MonotonicTime, uint64_t>, Work> timers;
  std::unordered_map<uint64_t, MonotonicTime> timer_times;
  uint64_t last_timer = 0;

  // On the executor's thread only.
  boost::asio::steady_timer alarm{context};
  MonotonicTime alarm_time = MonotonicTime::max();

  void rearm();
  void run_due();
};

}  // namespace xebec::http
