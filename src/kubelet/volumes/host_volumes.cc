#include "kubelet/volumes/host_volumes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "api/pod_resources.h"
#include "kubelet/node/huge_pages.h"
#include "kubelet/problem.h"

namespace xebec::kubelet {
namespace fs = std::filesystem;
namespace {

Status failure(std::string_view what, const std::string& path) {
  return problem(fmt::format("{} {}: {}", what, path, std::strerror(errno)));
}

bool is_mount_point(const std::string& path) {
  struct stat own {
  }, parent{};
  if (::lstat(path.c_str(), &own) != 0 || ::lstat(fs::path(path).parent_path().c_str(), &parent) != 0)
    return false;
  return own.st_dev != parent.st_dev;
}

Result<void> make_directory(const std::string& path, mode_t mode) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return fail(problem(fmt::format("mkdir {}: {}", path, error.message())));
  ::chmod(path.c_str(), mode);
  return {};
}

Result<void> mount_tmpfs(const std::string& path, int64_t size) {
  if (is_mount_point(path)) return {};
  std::string data = size > 0 ? fmt::format("mode=0777,size={}", size) : std::string("mode=0777");
  // Secrets are not to reach a disk; kernels before 6.4 do not know the option.
  if (::mount("tmpfs", path.c_str(), "tmpfs", 0, (data + ",noswap").c_str()) == 0) return {};
  if (::mount("tmpfs", path.c_str(), "tmpfs", 0, data.c_str()) != 0)
    return fail(failure("mount tmpfs", path));
  return {};
}

Result<void> mount_huge_pages(const std::string& path, int64_t page_size) {
  if (is_mount_point(path)) return {};
  std::string data = fmt::format("mode=0777,pagesize={}", page_size);
  if (::mount("nodev", path.c_str(), "hugetlbfs", 0, data.c_str()) != 0)
    return fail(failure("mount hugetlbfs", path));
  return {};
}

// Every file and folder below belongs to the group, which may write; new files inherit it.
void own_by_group(const std::string& path, int64_t group) {
  auto own = [&](const fs::path& at) {
    struct stat info {};
    if (::lstat(at.c_str(), &info) != 0 || S_ISLNK(info.st_mode)) return;
    (void)::lchown(at.c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(group));
    mode_t mode = (info.st_mode & 07777) | 0660;
    if (S_ISDIR(info.st_mode)) mode |= S_ISGID | 0110;
    ::chmod(at.c_str(), mode);
  };
  own(path);
  std::error_code error;
  for (fs::recursive_directory_iterator it(path, error), end; !error && it != end; it.increment(error))
    own(it->path());
}

}  // namespace

Result<void> check_host_path(const std::string& path, const std::string& type) {
  if (type.empty()) return {};
  struct stat info {};
  bool there = ::stat(path.c_str(), &info) == 0;
  auto wrong = [&](std::string_view what) {
    return fail(problem(fmt::format("hostPath type check failed: {} is not {}", path, what)));
  };
  if (type == "DirectoryOrCreate") {
    if (!there) return make_directory(path, 0755);
    if (!S_ISDIR(info.st_mode)) return wrong("a directory");
  } else if (type == "FileOrCreate") {
    if (!there) {
      int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
      if (fd < 0) return fail(failure("open", path));
      ::close(fd);
      return {};
    }
    if (!S_ISREG(info.st_mode)) return wrong("a file");
  } else if (type == "Directory") {
    if (!there || !S_ISDIR(info.st_mode)) return wrong("a directory");
  } else if (type == "File") {
    if (!there || !S_ISREG(info.st_mode)) return wrong("a file");
  } else if (type == "Socket") {
    if (!there || !S_ISSOCK(info.st_mode)) return wrong("a socket file");
  } else if (type == "CharDevice") {
    if (!there || !S_ISCHR(info.st_mode)) return wrong("a character device");
  } else if (type == "BlockDevice") {
    if (!there || !S_ISBLK(info.st_mode)) return wrong("a block device");
  } else {
    return fail(problem(fmt::format("{} is an invalid volume type", type)));
  }
  return {};
}

HostVolumes::HostVolumes(client::Env env, client::Rest rest, std::string root_dir,
                         api::FlatMap<api::Quantity> allocatable)
    : env_(std::move(env)),
      rest_(std::move(rest)),
      root_dir_(std::move(root_dir)),
      allocatable_(std::move(allocatable)),
      sources_(env_, rest_, allocatable_) {}

Task<Result<MountedVolumes>> HostVolumes::mount(PodPtr pod, CancelToken token) {
  MountedVolumes mounted;
  for (const corev1::Volume& volume : pod->spec.volumes) {
    Result<MountedVolume> one = co_await mount_one(pod, volume, token);
    if (!one) {
      Status error = one.error();
      error.message =
          fmt::format("MountVolume.SetUp failed for volume \"{}\" : {}", volume.name, error.message);
      co_return fail(std::move(error));
    }
    mounted[volume.name] = std::move(*one);
  }
  co_return mounted;
}

Task<Result<MountedVolume>> HostVolumes::mount_one(PodPtr pod, corev1::Volume volume, CancelToken token) {
  MountedVolume out;
  if (volume.hostPath) {
    CO_TRY_VOID(check_host_path(volume.hostPath->path, volume.hostPath->type.value_or("")));
    out.host_path = volume.hostPath->path;
    co_return out;
  }
  if (volume.emptyDir) co_return empty_dir(*pod, volume);
  if (volume.configMap) {
    const auto& source = *volume.configMap;
    CO_TRY(ProjectedFiles files, co_await sources_.config_map(pod, source.name, source.items,
                                                              source.defaultMode.value_or(kDefaultFileMode),
                                                              source.optional.value_or(false), token));
    co_return write(*pod, "kubernetes.io~configmap", volume.name, files, false);
  }
  if (volume.secret) {
    const auto& source = *volume.secret;
    CO_TRY(ProjectedFiles files, co_await sources_.secret(pod, source.secretName, source.items,
                                                          source.defaultMode.value_or(kDefaultFileMode),
                                                          source.optional.value_or(false), token));
    co_return write(*pod, "kubernetes.io~secret", volume.name, files, true);
  }
  if (volume.downwardAPI) {
    CO_TRY(ProjectedFiles files,
           sources_.downward(*pod, volume.downwardAPI->items,
                             volume.downwardAPI->defaultMode.value_or(kDefaultFileMode)));
    co_return write(*pod, "kubernetes.io~downward-api", volume.name, files, true);
  }
  if (volume.projected) {
    CO_TRY(ProjectedFiles files, co_await sources_.projected(pod, volume, token));
    co_return write(*pod, "kubernetes.io~projected", volume.name, files, true);
  }
  if (volume.persistentVolumeClaim) {
    co_return co_await mount_claim(pod, volume.persistentVolumeClaim->claimName,
                                   volume.persistentVolumeClaim->readOnly, token);
  }
  if (volume.ephemeral)
    co_return co_await mount_claim(pod, pod->metadata.name + "-" + volume.name, false, token);
  co_return fail(problem("no volume plugin matched: this kind of volume is not supported"));
}

Task<Result<MountedVolume>> HostVolumes::mount_claim(PodPtr pod, std::string name, bool readonly,
                                                     CancelToken token) {
  Context context;
  context.cancel = token;
  CO_TRY(corev1::PersistentVolumeClaim claim,
         co_await rest_.get<corev1::PersistentVolumeClaim>(context, pod->metadata.namespace_, name));
  if (claim.spec.volumeName.empty() || claim.status.phase != "Bound") {
    co_return fail(problem(fmt::format("PVC {}/{} is not bound", pod->metadata.namespace_, name)));
  }
  CO_TRY(corev1::PersistentVolume volume,
         co_await rest_.get<corev1::PersistentVolume>(context, std::string(), claim.spec.volumeName));
  MountedVolume out;
  out.readonly = readonly;
  if (volume.spec.hostPath) {
    CO_TRY_VOID(check_host_path(volume.spec.hostPath->path, volume.spec.hostPath->type.value_or("")));
    out.host_path = volume.spec.hostPath->path;
  } else if (volume.spec.local) {
    CO_TRY_VOID(check_host_path(volume.spec.local->path, "Directory"));
    out.host_path = volume.spec.local->path;
    if (auto group = pod_group(*pod)) own_by_group(out.host_path, *group);
  } else {
    co_return fail(problem("no volume plugin matched: this kind of persistent volume is not supported"));
  }
  co_return out;
}

Result<MountedVolume> HostVolumes::empty_dir(const corev1::Pod& pod, const corev1::Volume& volume) {
  MountedVolume out;
  out.host_path =
      fmt::format("{}/volumes/kubernetes.io~empty-dir/{}", pod_dir(pod.metadata.uid), volume.name);
  std::error_code error;
  bool fresh = !fs::exists(out.host_path, error);
  const corev1::EmptyDirVolumeSource& source = *volume.emptyDir;
  if (fresh) {
    TRY_VOID(make_directory(out.host_path, 0777));
  }
  if (source.medium == "Memory") {
    TRY_VOID(mount_tmpfs(out.host_path, memory_volume_size(pod, source)));
  } else if (source.medium == "HugePages" || source.medium.starts_with("HugePages-")) {
    TRY(int64_t page_size, huge_page_size_of_medium(pod, source.medium));
    TRY_VOID(mount_huge_pages(out.host_path, page_size));
  } else if (!source.medium.empty()) {
    return fail(problem(fmt::format("unknown storage medium \"{}\"", source.medium)));
  }
  if (fresh) {
    ::chmod(out.host_path.c_str(), 0777);
    if (auto group = pod_group(pod)) own_by_group(out.host_path, *group);
  }
  return out;
}

// The least of what the volume may hold, what the pod may use, and what the node has for pods.
int64_t HostVolumes::memory_volume_size(const corev1::Pod& pod,
                                        const corev1::EmptyDirVolumeSource& source) const {
  int64_t size = 0;
  auto at_most = [&](const api::Quantity* limit) {
    if (limit == nullptr || limit->value() <= 0) return;
    size = size == 0 ? limit->value() : std::min(size, limit->value());
  };
  at_most(allocatable_.get("memory"));
  api::ResourceList limits = api::pod_limits(pod);
  if (api::pod_is_limited(pod, "memory")) at_most(limits.get("memory"));
  if (source.sizeLimit) at_most(&*source.sizeLimit);
  return size;
}

Result<MountedVolume> HostVolumes::write(const corev1::Pod& pod, const std::string& plugin,
                                         const std::string& name, const ProjectedFiles& files, bool tmpfs) {
  MountedVolume out;
  out.host_path = fmt::format("{}/volumes/{}/{}", pod_dir(pod.metadata.uid), plugin, name);
  std::error_code error;
  if (!fs::exists(out.host_path, error)) {
    TRY_VOID(make_directory(out.host_path, 0777));
  }
  if (tmpfs) {
    TRY_VOID(mount_tmpfs(out.host_path, 0));
  }
  std::optional<int64_t> group = pod_group(pod);
  TRY_VOID(write_atomically(out.host_path, files, group, *env_.clock));
  if (group) {
    (void)::chown(out.host_path.c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(*group));
    ::chmod(out.host_path.c_str(), 02777);
  }
  out.readonly = true;
  return out;
}

// The path is opened without leaving the volume, whatever links its owner put there, and bound to a place of
// our own.
Result<std::string> HostVolumes::sub_path(const corev1::Pod& pod, const MountedVolume& volume,
                                          std::string sub_path) {
  TRY_VOID(check_relative_path(sub_path));
  int root = ::open(volume.host_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return fail(failure("open", volume.host_path));
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  auto open_beneath = [&](const std::string& path) {
    return static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how)));
  };
  int fd = open_beneath(sub_path);
  if (fd < 0 && errno == ENOENT && !volume.readonly) {
    // Missing folders are made one by one, each below the one opened safely before.
    struct stat volume_info {};
    ::fstat(root, &volume_info);
    const mode_t mode = volume_info.st_mode & 07777;
    std::string done;
    for (const fs::path& part : fs::path(sub_path)) {
      int parent = done.empty() ? ::dup(root) : open_beneath(done);
      if (parent < 0) break;
      // As open as the volume itself, whatever our umask: the container may run as anybody.
      if (::mkdirat(parent, part.c_str(), 0750) == 0) (void)::fchmodat(parent, part.c_str(), mode, 0);
      ::close(parent);
      done += (done.empty() ? "" : "/") + part.string();
    }
    fd = open_beneath(sub_path);
  }
  Status error = failure("open", volume.host_path + "/" + sub_path);
  ::close(root);
  if (fd < 0) return fail(std::move(error));
  struct stat info {};
  ::fstat(fd, &info);
  std::string base = fmt::format("{}/volume-subpaths/{}", pod_dir(pod.metadata.uid),
                                 fs::path(volume.host_path).filename().string());
  std::string target = fmt::format("{}/{:016x}", base, std::hash<std::string>()(sub_path));
  Result<void> made = make_directory(base, 0750);
  if (made && S_ISDIR(info.st_mode)) made = make_directory(target, 0750);
  if (made && !S_ISDIR(info.st_mode)) {
    int file = ::open(target.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    if (file >= 0) ::close(file);
  }
  std::string source = fmt::format("/proc/self/fd/{}", fd);
  // A stale one, of a file that was replaced, goes first.
  ::umount2(target.c_str(), MNT_DETACH);
  bool bound = made && ::mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) == 0;
  error = failure("bind", target);
  ::close(fd);
  if (!made) return fail(made.error());
  if (!bound) return fail(std::move(error));
  return target;
}

Task<Result<void>> HostVolumes::unmount(std::string uid) {
  std::string dir = pod_dir(uid);
  // Everything mounted below, deepest first.
  std::vector<std::string> mounts;
  std::ifstream table("/proc/self/mountinfo");
  std::string line;
  while (std::getline(table, line)) {
    std::istringstream words(line);
    std::string word;
    for (int i = 0; i < 5; ++i) words >> word;
    if (word.starts_with(dir + "/")) mounts.push_back(word);
  }
  for (auto it = mounts.rbegin(); it != mounts.rend(); ++it) {
    if (::umount2(it->c_str(), MNT_DETACH) != 0 && errno != EINVAL && errno != ENOENT)
      co_return fail(failure("umount", *it));
  }
  std::error_code error;
  for (const char* part : {"/volumes", "/volume-subpaths"}) {
    fs::remove_all(dir + part, error);
    if (error) co_return fail(problem(fmt::format("remove {}{}: {}", dir, part, error.message())));
  }
  sources_.forget(uid);
  co_return Result<void>();
}

}  // namespace xebec::kubelet
