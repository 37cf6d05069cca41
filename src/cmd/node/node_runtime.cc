#include "cmd/node/node_runtime.h"

#include "base/scope.h"
#include "base/sync.h"
#include "kubelet/cri/grpc_runtime.h"
#include "kubelet/runtime/supervisor.h"

namespace xebec::cmd {
namespace {

class PrivateContainerd final : public NodeRuntime {
 public:
  PrivateContainerd(const NodeOptions& options, Logger logger)
      : logger_(logger), containerd_(containerd_options(options), std::move(logger)) {
    if (!options.images_dir.empty()) containerd_.use_images(options.images_dir);
  }

  Task<Result<void>> start() override {
    CO_TRY_VOID(co_await containerd_.start());
    co_return co_await containerd_.ensure_sandbox_image();
  }

  Task<void> supervise(CancelToken token) override {
    Scope scope(*Executor::current(), token);
    scope.spawn(import_images());
    co_await containerd_.supervise(token);
    co_await scope.join();
  }

  cri::Runtime& runtime() override { return containerd_.runtime(); }
  Task<Result<void>> set_pod_cidr(std::string cidr) override {
    return containerd_.set_pod_cidr(std::move(cidr));
  }
  bool maps_host_ports() const override { return true; }
  Task<Result<void>> set_host_ports(std::vector<containerd::HostPort> ports) override {
    return containerd_.set_host_ports(std::move(ports));
  }

 private:
  Task<void> import_images() {
    Result<int> imported = co_await containerd_.import_images();
    if (!imported) logger_.error("Importing images failed", {{"err", imported.error().message}});
  }

  Logger logger_;
  containerd::Containerd containerd_;
};

// Somebody else's runtime, behind its socket.
class GivenRuntime final : public NodeRuntime {
 public:
  explicit GivenRuntime(const NodeOptions& options) {
    cri::GrpcOptions grpc;
    grpc.endpoint = options.runtime_endpoint;
    grpc.image_endpoint = options.image_endpoint;
    runtime_ = cri::make_grpc_runtime(std::move(grpc));
  }

  Task<Result<void>> start() override {
    CO_TRY_VOID(co_await runtime_->version());
    co_return Result<void>();
  }
  Task<void> supervise(CancelToken token) override {
    OneShot<bool> end;
    CancelRegistration registration = token.on_cancel([end] { end.set(true); });
    co_await end;
  }
  cri::Runtime& runtime() override { return *runtime_; }
  Task<Result<void>> set_pod_cidr(std::string cidr) override {
    return runtime_->update_runtime_config(std::move(cidr));
  }
  bool maps_host_ports() const override { return false; }
  Task<Result<void>> set_host_ports(std::vector<containerd::HostPort>) override { co_return Result<void>(); }

 private:
  std::unique_ptr<cri::Runtime> runtime_;
};

}  // namespace

containerd::Options containerd_options(const NodeOptions& options) {
  containerd::Options out;
  out.data_dir = options.containerd_dir;
  out.cluster_cidr = options.cluster_cidr;
  out.cgroup_root = options.cgroup_root;
  return out;
}

std::unique_ptr<NodeRuntime> make_node_runtime(const NodeOptions& options, Logger logger) {
  if (options.runtime_endpoint.empty())
    return std::make_unique<PrivateContainerd>(options, std::move(logger));
  return std::make_unique<GivenRuntime>(options);
}

}  // namespace xebec::cmd
