// HostFiles: the files of pods on the node that are no volumes: log directories, termination messages,
// /etc/hosts. Calls are short and blocking. Paths handed out are absolute.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace xebec::kubelet {

class HostFiles {
 public:
  virtual ~HostFiles() = default;

  virtual Result<void> make_directory(const std::string& path, int mode) = 0;
  // Replaces the content.
  virtual Result<void> write_file(const std::string& path, const std::string& content, int mode) = 0;
  // At most `limit` bytes from the end; empty when there is no such file.
  virtual std::string read_tail(const std::string& path, size_t limit) = 0;
  virtual std::string read_all(const std::string& path) = 0;
  virtual int64_t size(const std::string& path) = 0;
  // What a file, or everything below a folder, takes of the disk.
  virtual int64_t tree_size(const std::string& path) = 0;
  virtual void rename(const std::string& from, const std::string& to) = 0;
  virtual void remove_tree(const std::string& path) = 0;
  // Names in a directory, in order; empty when there is none.
  virtual std::vector<std::string> list(const std::string& path) = 0;
};

std::unique_ptr<HostFiles> make_host_files();
// Keeps nothing: for hollow nodes.
std::unique_ptr<HostFiles> make_null_files();

}  // namespace xebec::kubelet
