// Containerd: a private containerd that belongs to one data directory.
//
// It runs in a session of its own, so that pods survive when this process dies: the next start adopts it. It
// is restarted when it dies; its shims, and so the pods, do not notice. purge() ends all of it and leaves
// nothing. Everything runs on the caller's executor, one call at a time besides supervise().
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "base/cancel.h"
#include "base/executor.h"
#include "base/logger.h"
#include "base/result.h"
#include "base/task.h"
#include "kubelet/cri/runtime.h"
#include "kubelet/runtime/config.h"
#include "kubelet/runtime/images.h"

namespace xebec::containerd {

class Containerd {
 public:
  Containerd(Options options, Logger logger);
  Containerd(const Containerd&) = delete;
  ~Containerd();

  // Returns when CRI answers. Fails when another process supervises the same data_dir.
  Task<Result<void>> start();
  // Restarts containerd whenever it dies, until cancelled.
  Task<void> supervise(CancelToken token);
  // Writes the pod network's configuration; containerd notices by itself.
  Task<Result<void>> set_pod_cidr(std::string cidr);
  // Makes pods reachable at these ports of the node; replaces all former ones.
  Task<Result<void>> set_host_ports(std::vector<HostPort> ports);
  // From now on the image archives of the folder stand in for a registry: a pull of one of their images is
  // answered from the archive. Before or after start().
  void use_images(const std::string& folder) { archives_.add_folder(folder); }
  // Imports the sandbox image when it is missing: no pod runs without it, and containerd fetches it on its
  // own.
  Task<Result<void>> ensure_sandbox_image();
  // Imports all of them that are missing or of another digest; returns how many archives were imported. Takes
  // seconds the first time: not needed before pods run.
  Task<Result<int>> import_images() { return archives_.import_all(); }
  // Ends containerd and leaves the pods running.
  Task<Result<void>> stop();
  // Ends all pods and containerd, and removes every trace: shims, mounts, network namespaces, cgroups,
  // addresses, the nftables table, data_dir. Works without a former start(), and when containerd does not
  // answer.
  Task<Result<void>> purge();

  // Good from the first start() on. Calls fail with ServiceUnavailable while containerd restarts.
  cri::Runtime& runtime() { return *runtime_; }
  std::string endpoint() const { return "unix://" + paths_.socket; }
  // 0 when it does not run.
  pid_t pid() const;

 private:
  Result<void> prepare();
  Result<bool> write_configuration();
  Task<Result<void>> apply_network();
  Task<Result<void>> set_sysctl(std::string name);
  Task<Result<void>> launch();
  Task<Result<void>> wait_until_ready();
  Task<void> terminate();
  Task<void> remove_pods();
  Task<Result<std::optional<std::string>>> pull_from_archive(std::string image);
  std::vector<std::string> prefixed(std::vector<std::string> command) const;

  Options options_;
  const Logger logger_;
  const Paths paths_;
  ImageArchives archives_;
  std::unique_ptr<cri::Runtime> runtime_;
  int lock_fd_ = -1;
  pid_t child_ = 0;  // set when this process started it and has to reap it
};

}  // namespace xebec::containerd
