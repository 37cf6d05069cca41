#include "kubelet/cgroups/cgroup_manager.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "api/gen/corev1.h"
#include "api/pod_resources.h"
#include "kubelet/node/huge_pages.h"
#include "kubelet/problem.h"

namespace xebec::kubelet {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kCgroup2Magic = 0x63677270;
constexpr int64_t kPeriod = 100000;
constexpr std::string_view kClasses[] = {"", "/burstable", "/besteffort"};

bool is_v2(const std::string& path) {
  struct statfs info {};
  return ::statfs(path.c_str(), &info) == 0 && info.f_type == kCgroup2Magic;
}

int64_t shares_of(int64_t milli_cpu) { return std::clamp<int64_t>(milli_cpu * 1024 / 1000, 2, 262144); }
// KEP-2254's mapping of [2, 262144] to [1, 10000].
int64_t weight_of(int64_t shares) { return 1 + (shares - 2) * 9999 / 262142; }

struct Limits {
  int64_t shares = 2;
  int64_t quota = 0;   // 0: none
  int64_t memory = 0;  // 0: none
};

Limits limits_of(const corev1::Pod& pod) {
  Limits out;
  api::ResourceList requests = api::pod_requests(pod), limits = api::pod_limits(pod);
  if (const api::Quantity* cpu = requests.get("cpu")) out.shares = shares_of(cpu->milli_value());
  const api::Quantity* cpu = limits.get("cpu");
  if (cpu != nullptr && api::pod_is_limited(pod, "cpu")) {
    out.quota = std::max<int64_t>(1000, cpu->milli_value() * kPeriod / 1000);
    if (!requests.contains("cpu")) out.shares = shares_of(cpu->milli_value());
  }
  const api::Quantity* memory = limits.get("memory");
  if (memory != nullptr && api::pod_is_limited(pod, "memory")) out.memory = memory->value();
  return out;
}

class HostCgroups final : public CgroupManager {
 public:
  HostCgroups(CgroupOptions options, Logger logger)
      : options_(std::move(options)), logger_(std::move(logger)) {
    if (options_.version2.value_or(is_v2(options_.mount_point))) {
      hierarchies_.push_back(options_.mount_point);
      unified_ = true;
      return;
    }
    std::set<std::string> seen;  // "cpu" and "cpuacct" are often links to one
    std::error_code error;
    std::vector<std::string> names;
    for (fs::directory_iterator it(options_.mount_point, error), end; !error && it != end;
         it.increment(error)) {
      if (it->is_directory()) names.push_back(fs::canonical(it->path(), error).string());
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      if (seen.insert(name).second) hierarchies_.push_back(name);
    }
  }

  Result<void> prepare() {
    for (std::string_view c : kClasses) {
      TRY_VOID(make(options_.root + std::string(c)));
    }
    // Best effort pods get what the others leave.
    write_shares(options_.root + "/besteffort", 2);
    write_shares(options_.root + "/burstable", 2);
    if (options_.milli_cpu > 0) write_shares(options_.root, shares_of(options_.milli_cpu));
    if (options_.memory > 0) {
      write(options_.root, unified_ ? "memory.max" : "memory.limit_in_bytes",
            std::to_string(options_.memory));
    }
    return {};
  }

  Result<void> ensure(const corev1::Pod& pod) override {
    std::string path = pod_cgroup(options_.root, pod);
    TRY_VOID(make(path));
    Limits limits = limits_of(pod);
    note_burstable(pod, limits.shares);
    write_shares(path, limits.shares);
    if (unified_) {
      write(path, "cpu.max",
            limits.quota > 0 ? fmt::format("{} {}", limits.quota, kPeriod) : fmt::format("max {}", kPeriod));
      write(path, "memory.max", limits.memory > 0 ? std::to_string(limits.memory) : "max");
    } else {
      write(path, "cpu.cfs_period_us", std::to_string(kPeriod));
      write(path, "cpu.cfs_quota_us", std::to_string(limits.quota > 0 ? limits.quota : -1));
      write(path, "memory.limit_in_bytes", std::to_string(limits.memory > 0 ? limits.memory : -1));
    }
    api::ResourceList all = api::pod_limits(pod);
    for (int64_t size : options_.huge_page_sizes) {
      const api::Quantity* limit = all.get(huge_page_resource(size));
      std::string value = std::to_string(limit == nullptr ? 0 : limit->value());
      std::string file = "hugetlb." + huge_page_cgroup_name(size);
      write(path, file + ".max", value);
      write(path, file + ".limit_in_bytes", value);
    }
    if (options_.pids_limit > 0) write(path, "pids.max", std::to_string(options_.pids_limit));
    return {};
  }

  bool unified() const override { return unified_; }

  Result<void> remove(const std::string& uid) override {
    Result<void> result;
    if (burstable_.erase(uid) > 0) weigh_burstable();
    for (const std::string& hierarchy : hierarchies_) {
      for (std::string_view c : kClasses) {
        std::string path = fmt::format("{}{}{}/pod{}", hierarchy, options_.root, c, uid);
        if (::access(path.c_str(), F_OK) != 0) continue;
        if (!remove_tree(path)) {
          result = fail(problem(fmt::format("rmdir {}: {}", path, std::strerror(errno))));
        }
      }
    }
    return result;
  }

  std::vector<std::string> pods() override {
    std::set<std::string> found;
    for (const std::string& hierarchy : hierarchies_) {
      for (std::string_view c : kClasses) {
        std::error_code error;
        for (fs::directory_iterator it(hierarchy + options_.root + std::string(c), error), end;
             !error && it != end; it.increment(error)) {
          std::string name = it->path().filename().string();
          if (name.rfind("pod", 0) == 0 && name.size() > 30) found.insert(name.substr(3));
        }
      }
    }
    return {found.begin(), found.end()};
  }

 private:
  Result<void> make(const std::string& path) {
    for (const std::string& hierarchy : hierarchies_) {
      std::string at = hierarchy;
      for (const fs::path& part : fs::path(path)) {
        if (part == "/") continue;
        std::string parent = at;
        at += "/" + part.string();
        if (::mkdir(at.c_str(), 0755) != 0 && errno != EEXIST) {
          // A named hierarchy without controllers, or a read-only one, does not matter.
          if (!unified_) break;
          return fail(problem(fmt::format("mkdir {}: {}", at, std::strerror(errno))));
        }
        if (unified_) delegate(parent);
        if (!unified_) inherit_cpuset(parent, at);
      }
    }
    return {};
  }

  // Children of `path` get every controller it has.
  void delegate(const std::string& path) {
    std::ifstream in(path + "/cgroup.controllers");
    std::string controller;
    while (in >> controller) std::ofstream(path + "/cgroup.subtree_control") << "+" << controller;
  }

  // A v1 cpuset is empty at first, and then nobody can enter it.
  void inherit_cpuset(const std::string& parent, const std::string& child) {
    for (const char* file : {"/cpuset.cpus", "/cpuset.mems"}) {
      std::string value, own;
      if (!std::getline(std::ifstream(parent + file) >> std::ws, value)) continue;
      std::getline(std::ifstream(child + file) >> std::ws, own);
      if (own.empty()) std::ofstream(child + file) << value;
    }
  }

  void write_shares(const std::string& path, int64_t shares) {
    write(path, unified_ ? "cpu.weight" : "cpu.shares",
          std::to_string(unified_ ? weight_of(shares) : shares));
  }

  // All burstable pods together weigh what they ask for.
  void note_burstable(const corev1::Pod& pod, int64_t shares) {
    if (api::pod_qos_class(pod) != "Burstable") return;
    burstable_[pod.metadata.uid] = shares;
    weigh_burstable();
  }
  void weigh_burstable() {
    int64_t sum = 0;
    for (const auto& [uid, shares] : burstable_) sum += shares;
    write_shares(options_.root + "/burstable", std::clamp<int64_t>(sum, 2, 262144));
  }

  // To each hierarchy that has the file.
  void write(const std::string& path, const std::string& file, const std::string& value) {
    for (const std::string& hierarchy : hierarchies_) {
      std::string at = hierarchy + path + "/" + file;
      if (::access(at.c_str(), F_OK) != 0) continue;
      std::ofstream out(at);
      out << value;
      out.flush();
      if (!out) logger_.warning("Cannot write control group file", {{"file", at}, {"value", value}});
    }
  }

  bool remove_tree(const std::string& path) {
    std::error_code error;
    std::vector<std::string> children;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
      if (it->is_directory()) children.push_back(it->path().string());
    }
    bool ok = true;
    for (const std::string& child : children) ok = remove_tree(child) && ok;
    std::ifstream procs(path + "/cgroup.procs");
    pid_t pid = 0;
    while (procs >> pid) {
      if (pid > 1) ::kill(pid, SIGKILL);
    }
    return (::rmdir(path.c_str()) == 0 || errno == ENOENT) && ok;
  }

  CgroupOptions options_;
  Logger logger_;
  std::vector<std::string> hierarchies_;
  bool unified_ = false;
  std::map<std::string, int64_t> burstable_;  // shares by uid
};

class NullCgroups final : public CgroupManager {
 public:
  Result<void> ensure(const corev1::Pod&) override { return {}; }
  Result<void> remove(const std::string&) override { return {}; }
  std::vector<std::string> pods() override { return {}; }
};

}  // namespace

std::string pod_cgroup(const std::string& root, const corev1::Pod& pod) {
  std::string_view qos = api::pod_qos_class(pod);
  std::string_view folder = qos == "Guaranteed" ? "" : qos == "Burstable" ? "/burstable" : "/besteffort";
  return fmt::format("{}{}/pod{}", root, folder, pod.metadata.uid);
}

Result<std::unique_ptr<CgroupManager>> make_cgroup_manager(CgroupOptions options, Logger logger) {
  auto manager = std::make_unique<HostCgroups>(std::move(options), std::move(logger));
  TRY_VOID(manager->prepare());
  return manager;
}

std::unique_ptr<CgroupManager> make_null_cgroups() { return std::make_unique<NullCgroups>(); }

}  // namespace xebec::kubelet
