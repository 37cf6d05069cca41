// A log file that another process writes, and rotates away by renaming it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"

namespace xebec::kubelet {

class LogFile {
 public:
  static Result<LogFile> open(const std::string& path);
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&& other) noexcept;
  ~LogFile();

  // From the current position; 0 at the present end.
  Result<size_t> read(std::span<char> into);
  // Moves to where the last `lines` lines begin. Parts of one line count once.
  Result<void> seek_tail(int64_t lines);
  // The path names another file now.
  bool rotated() const;

 private:
  LogFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  std::string path_;
  int fd_ = -1;
  int64_t offset_ = 0;
};

}  // namespace xebec::kubelet
