// The machine a node runs on: what node status reports of it.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace xebec::kubelet {

struct Machine {
  int64_t cpus = 0;
  int64_t memory_bytes = 0;
  int64_t disk_bytes = 0;
  std::string machine_id, system_uuid, boot_id;
  std::string kernel_version, os_image;
  std::string architecture;  // Go's name
};

// How much is left, for the pressure conditions.
struct MachineLoad {
  int64_t memory_available_bytes = 0;
  int64_t disk_available_bytes = 0, disk_bytes = 0;
  int64_t pids = 0, max_pids = 0;
};

class MachineReader {
 public:
  virtual ~MachineReader() = default;
  virtual Machine machine() = 0;
  virtual MachineLoad load() = 0;
};

// From /proc, /sys and the file system that holds `root_dir`.
class HostMachine final : public MachineReader {
 public:
  explicit HostMachine(std::string root_dir) : root_dir_(std::move(root_dir)) {}
  Machine machine() override;
  MachineLoad load() override;

 private:
  std::string root_dir_;
};

// For hollow nodes and tests.
class FixedMachine final : public MachineReader {
 public:
  explicit FixedMachine(Machine machine) : machine_(std::move(machine)) {}
  Machine machine() override { return machine_; }
  MachineLoad load() override {
    return MachineLoad{machine_.memory_bytes, machine_.disk_bytes, machine_.disk_bytes, 100, 32768};
  }

 private:
  Machine machine_;
};

}  // namespace xebec::kubelet
