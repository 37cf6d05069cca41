#include "kubelet/node/machine.h"

#include <sched.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace xebec::kubelet {
namespace {

std::string read_line(const char* path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

int64_t meminfo(std::string_view field) {
  std::ifstream in("/proc/meminfo");
  std::string name;
  int64_t kib = 0;
  std::string rest;
  while (in >> name >> kib) {
    std::getline(in, rest);
    if (name == field) return kib * 1024;
  }
  return 0;
}

// "cpu  user nice system idle iowait irq softirq ..." in ticks; "btime seconds".
void read_stat(MachineLoad& load) {
  std::ifstream in("/proc/stat");
  std::string word, rest;
  while (in >> word) {
    if (word == "cpu") {
      int64_t ticks[8] = {};
      for (int64_t& tick : ticks) in >> tick;
      int64_t busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7];
      load.cpu_nanos = busy * (1'000'000'000 / sysconf(_SC_CLK_TCK));
    } else if (word == "btime") {
      in >> load.boot_time;
    }
    std::getline(in, rest);
  }
}

std::string os_image() {
  std::ifstream in("/etc/os-release");
  std::string line;
  while (std::getline(in, line)) {
    if (line.rfind("PRETTY_NAME=", 0) != 0) continue;
    std::string value = line.substr(12);
    if (value.size() >= 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
    return value;
  }
  return "Linux";
}

// "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
std::map<int64_t, int64_t> huge_pages() {
  static constexpr std::string_view kPrefix = "hugepages-";
  std::map<int64_t, int64_t> out;
  std::error_code error;
  for (std::filesystem::directory_iterator it("/sys/kernel/mm/hugepages", error), end; !error && it != end;
       it.increment(error)) {
    std::string name = it->path().filename().string();
    if (!name.starts_with(kPrefix) || !name.ends_with("kB")) continue;
    int64_t size = std::atoll(name.c_str() + kPrefix.size()) * 1024;
    out[size] = std::atoll(read_line((it->path() / "nr_hugepages").c_str()).c_str());
  }
  return out;
}

std::string go_arch(const std::string& machine) {
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  return machine;
}

}  // namespace

Machine HostMachine::machine() {
  Machine m;
  cpu_set_t set;
  m.cpus = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
  m.memory_bytes = meminfo("MemTotal:");
  m.disk_bytes = load().disk.bytes;
  m.machine_id = read_line("/etc/machine-id");
  m.boot_id = read_line("/proc/sys/kernel/random/boot_id");
  m.system_uuid = read_line("/sys/class/dmi/id/product_uuid");
  if (m.machine_id.empty()) m.machine_id = m.boot_id;
  if (m.system_uuid.empty()) m.system_uuid = m.machine_id;
  utsname names{};
  if (uname(&names) == 0) {
    m.kernel_version = names.release;
    m.architecture = go_arch(names.machine);
  }
  m.os_image = os_image();
  m.apparmor = read_line("/sys/module/apparmor/parameters/enabled") == "Y";
  m.huge_pages = huge_pages();
  return m;
}

DiskSpace HostMachine::disk(const std::string& path) {
  DiskSpace out;
  struct statvfs fs {};
  if (statvfs(path.c_str(), &fs) != 0) return out;
  out.bytes = static_cast<int64_t>(fs.f_blocks) * static_cast<int64_t>(fs.f_frsize);
  out.available_bytes = static_cast<int64_t>(fs.f_bavail) * static_cast<int64_t>(fs.f_frsize);
  out.inodes = static_cast<int64_t>(fs.f_files);
  out.free_inodes = static_cast<int64_t>(fs.f_ffree);
  return out;
}

MachineLoad HostMachine::load() {
  MachineLoad load;
  read_stat(load);
  load.memory_available_bytes = meminfo("MemAvailable:");
  load.memory_used_bytes = meminfo("MemTotal:") - meminfo("MemFree:");
  load.rss_bytes = meminfo("AnonPages:");
  load.disk = disk(root_dir_);
  if (load.disk.bytes == 0) load.disk = disk("/");
  // "0.20 0.18 0.12 1/80 11206": running/existing tasks
  std::istringstream in(read_line("/proc/loadavg"));
  std::string a, b, c, tasks;
  in >> a >> b >> c >> tasks;
  size_t slash = tasks.find('/');
  if (slash != std::string::npos) load.pids = std::atoll(tasks.c_str() + slash + 1);
  load.max_pids = std::atoll(read_line("/proc/sys/kernel/pid_max").c_str());
  return load;
}

}  // namespace xebec::kubelet
