// The machine a node runs on: what node status reports of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"

namespace xebec::kubelet {

struct Machine {
  int64_t cpus = 0;
  int64_t memory_bytes = 0;
  int64_t disk_bytes = 0;
  std::string machine_id, system_uuid, boot_id;
  std::string kernel_version, os_image;
  std::string architecture;               // Go's name
  bool apparmor = false;                  // the kernel enforces it
  std::map<int64_t, int64_t> huge_pages;  // how many are set aside, by their size in bytes
};

struct DiskSpace {
  int64_t bytes = 0, available_bytes = 0;
  int64_t inodes = 0, free_inodes = 0;
};

// What is used and what is left.
struct MachineLoad {
  int64_t cpu_nanos = 0;                                      // of all CPUs, since the machine started
  int64_t boot_time = 0;                                      // seconds since the epoch
  int64_t memory_available_bytes = 0, memory_used_bytes = 0;  // used: with caches
  int64_t rss_bytes = 0;
  DiskSpace disk;  // where the pods' files are
  int64_t pids = 0, max_pids = 0;
};

class MachineReader {
 public:
  virtual ~MachineReader() = default;
  virtual Machine machine() = 0;
  virtual MachineLoad load() = 0;
  // Of the file system that holds the path.
  virtual DiskSpace disk(const std::string& path) = 0;
};

// From /proc, /sys and the file system that holds `root_dir`.
class HostMachine final : public MachineReader {
 public:
  explicit HostMachine(std::string root_dir) : root_dir_(std::move(root_dir)) {}
  Machine machine() override;
  MachineLoad load() override;
  DiskSpace disk(const std::string& path) override;

 private:
  std::string root_dir_;
};

// For hollow nodes and tests, which may change what is left.
class FixedMachine final : public MachineReader {
 public:
  explicit FixedMachine(Machine machine) : machine_(std::move(machine)) {
    left.memory_available_bytes = machine_.memory_bytes;
    left.disk = DiskSpace{machine_.disk_bytes, machine_.disk_bytes, 1000000, 1000000};
    left.pids = 100;
    left.max_pids = 32768;
  }
  Machine machine() override { return machine_; }
  MachineLoad load() override { return left; }
  DiskSpace disk(const std::string&) override { return left.disk; }

  MachineLoad left;

 private:
  Machine machine_;
};

}  // namespace xebec::kubelet
