#include "kubelet/cri/grpc_runtime.h"

#include <grpcpp/create_channel.h>

#include <algorithm>

#include "api.grpc.pb.h"
#include "kubelet/cri/convert.h"
#include "kubelet/cri/event_stream.h"
#include "kubelet/cri/grpc_call.h"
#include "kubelet/cri/image_name.h"
#include "rpc/callback_threads.h"

namespace xebec::cri {
namespace {

using Async = pb::RuntimeService::StubInterface::async_interface;
using ImageAsync = pb::ImageService::StubInterface::async_interface;

constexpr int kMaxMessageSize = 16 << 20;  // the kubelet's own limit
constexpr Duration kFirstPause = std::chrono::milliseconds(100);
constexpr Duration kLongestPause = std::chrono::seconds(3);

std::shared_ptr<grpc::Channel> open_channel(const std::string& endpoint) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageSize);
  arguments.SetMaxSendMessageSize(kMaxMessageSize);
  // A runtime that restarts is back within a second: do not let gRPC's default of two minutes grow.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  auto channel = grpc::CreateCustomChannel(endpoint, grpc::InsecureChannelCredentials(), arguments);
  rpc::keep_callback_threads(channel);
  return channel;
}

struct Connection {
  explicit Connection(const GrpcOptions& options)
      : channel(open_channel(options.endpoint)),
        image_channel(options.image_endpoint.empty() ? channel : open_channel(options.image_endpoint)),
        runtime(pb::RuntimeService::NewStub(channel)),
        images(pb::ImageService::NewStub(image_channel)) {}

  std::shared_ptr<grpc::Channel> channel;
  std::shared_ptr<grpc::Channel> image_channel;
  std::unique_ptr<pb::RuntimeService::Stub> runtime;
  std::unique_ptr<pb::ImageService::Stub> images;
};

template <class T>
Result<void> without_value(const Result<T>& result) {
  if (!result) return fail(result.error());
  return {};
}

// What is gone already counts as stopped or removed.
template <class T>
Result<void> gone_is_fine(const Result<T>& result) {
  if (!result && !result.error().is(reason::kNotFound)) return fail(result.error());
  return {};
}

class GrpcRuntime final : public Runtime {
 public:
  explicit GrpcRuntime(GrpcOptions options) : options_(std::move(options)) {}
  ~GrpcRuntime() override { shutdown(); }

  void shutdown() override { in_flight_->cancel_all(); }

  Task<Result<VersionInfo>> version() override {
    pb::VersionRequest request;
    request.set_version("v1");
    CO_TRY(pb::VersionResponse r, co_await call(&Async::Version, std::move(request)));
    VersionInfo info{.runtime_name = r.runtime_name(),
                     .runtime_version = r.runtime_version(),
                     .runtime_api_version = r.runtime_api_version()};
    co_return info;
  }

  Task<Result<RuntimeStatus>> status() override {
    CO_TRY(pb::StatusResponse r, co_await call(&Async::Status, pb::StatusRequest()));
    co_return from_pb(r);
  }

  Task<Result<void>> update_runtime_config(std::string pod_cidr) override {
    pb::UpdateRuntimeConfigRequest request;
    request.mutable_runtime_config()->mutable_network_config()->set_pod_cidr(std::move(pod_cidr));
    co_return without_value(co_await call(&Async::UpdateRuntimeConfig, std::move(request)));
  }

  Task<Result<std::string>> run_pod_sandbox(PodSandboxConfig config, std::string runtime_handler) override {
    pb::RunPodSandboxRequest request;
    to_pb(config, request.mutable_config());
    request.set_runtime_handler(std::move(runtime_handler));
    // Setting up the network can be slow: twice the usual time, as upstream.
    CO_TRY(pb::RunPodSandboxResponse r,
           co_await call(&Async::RunPodSandbox, std::move(request), options_.request_timeout));
    co_return std::move(*r.mutable_pod_sandbox_id());
  }

  Task<Result<void>> stop_pod_sandbox(std::string id) override {
    pb::StopPodSandboxRequest request;
    request.set_pod_sandbox_id(std::move(id));
    co_return gone_is_fine(co_await call(&Async::StopPodSandbox, std::move(request)));
  }

  Task<Result<void>> remove_pod_sandbox(std::string id) override {
    pb::RemovePodSandboxRequest request;
    request.set_pod_sandbox_id(std::move(id));
    co_return gone_is_fine(co_await call(&Async::RemovePodSandbox, std::move(request)));
  }

  Task<Result<PodSandboxStatus>> pod_sandbox_status(std::string id) override {
    pb::PodSandboxStatusRequest request;
    request.set_pod_sandbox_id(std::move(id));
    CO_TRY(pb::PodSandboxStatusResponse r, co_await call(&Async::PodSandboxStatus, std::move(request)));
    co_return from_pb(r.status());
  }

  Task<Result<std::vector<PodSandbox>>> list_pod_sandboxes(PodSandboxFilter filter) override {
    pb::ListPodSandboxRequest request;
    to_pb(filter, request.mutable_filter());
    CO_TRY(pb::ListPodSandboxResponse r, co_await call(&Async::ListPodSandbox, std::move(request)));
    co_return list<PodSandbox>(r.items());
  }

  Task<Result<std::string>> create_container(std::string sandbox_id, ContainerConfig config,
                                             PodSandboxConfig sandbox) override {
    pb::CreateContainerRequest request;
    request.set_pod_sandbox_id(std::move(sandbox_id));
    to_pb(config, request.mutable_config());
    to_pb(sandbox, request.mutable_sandbox_config());
    CO_TRY(pb::CreateContainerResponse r, co_await call(&Async::CreateContainer, std::move(request)));
    co_return std::move(*r.mutable_container_id());
  }

  Task<Result<void>> start_container(std::string id) override {
    pb::StartContainerRequest request;
    request.set_container_id(std::move(id));
    co_return without_value(co_await call(&Async::StartContainer, std::move(request)));
  }

  Task<Result<void>> stop_container(std::string id, int64_t grace_seconds) override {
    pb::StopContainerRequest request;
    request.set_container_id(std::move(id));
    request.set_timeout(grace_seconds);
    Duration extra = std::chrono::seconds(grace_seconds);
    co_return gone_is_fine(co_await call(&Async::StopContainer, std::move(request), extra));
  }

  Task<Result<void>> remove_container(std::string id) override {
    pb::RemoveContainerRequest request;
    request.set_container_id(std::move(id));
    co_return gone_is_fine(co_await call(&Async::RemoveContainer, std::move(request)));
  }

  Task<Result<ContainerStatus>> container_status(std::string id) override {
    pb::ContainerStatusRequest request;
    request.set_container_id(std::move(id));
    CO_TRY(pb::ContainerStatusResponse r, co_await call(&Async::ContainerStatus, std::move(request)));
    co_return from_pb(r.status());
  }

  Task<Result<std::vector<Container>>> list_containers(ContainerFilter filter) override {
    pb::ListContainersRequest request;
    to_pb(filter, request.mutable_filter());
    CO_TRY(pb::ListContainersResponse r, co_await call(&Async::ListContainers, std::move(request)));
    co_return list<Container>(r.containers());
  }

  Task<Result<void>> update_container_resources(std::string id, LinuxResources resources) override {
    pb::UpdateContainerResourcesRequest request;
    request.set_container_id(std::move(id));
    to_pb(resources, request.mutable_linux());
    co_return without_value(co_await call(&Async::UpdateContainerResources, std::move(request)));
  }

  Task<Result<void>> reopen_container_log(std::string id) override {
    pb::ReopenContainerLogRequest request;
    request.set_container_id(std::move(id));
    co_return without_value(co_await call(&Async::ReopenContainerLog, std::move(request)));
  }

  Task<Result<ExecSyncResult>> exec_sync(std::string id, std::vector<std::string> command,
                                         int64_t timeout_seconds) override {
    pb::ExecSyncRequest request;
    request.set_container_id(std::move(id));
    for (std::string& word : command) request.add_cmd(std::move(word));
    request.set_timeout(timeout_seconds);
    std::optional<Duration> limit;
    if (timeout_seconds > 0) limit = options_.request_timeout + std::chrono::seconds(timeout_seconds);
    CO_TRY(pb::ExecSyncResponse r, co_await limited(&Async::ExecSync, std::move(request), limit));
    ExecSyncResult result{.out = std::move(*r.mutable_stdout()),
                          .err = std::move(*r.mutable_stderr()),
                          .exit_code = r.exit_code()};
    co_return result;
  }

  Task<Result<std::string>> exec(ExecRequest from) override {
    pb::ExecRequest request;
    request.set_container_id(std::move(from.container_id));
    for (std::string& word : from.command) request.add_cmd(std::move(word));
    request.set_tty(from.tty);
    request.set_stdin(from.stdin_);
    request.set_stdout(from.stdout_);
    request.set_stderr(from.stderr_);
    CO_TRY(pb::ExecResponse r, co_await call(&Async::Exec, std::move(request)));
    co_return std::move(*r.mutable_url());
  }

  Task<Result<std::string>> attach(AttachRequest from) override {
    pb::AttachRequest request;
    request.set_container_id(std::move(from.container_id));
    request.set_tty(from.tty);
    request.set_stdin(from.stdin_);
    request.set_stdout(from.stdout_);
    request.set_stderr(from.stderr_);
    CO_TRY(pb::AttachResponse r, co_await call(&Async::Attach, std::move(request)));
    co_return std::move(*r.mutable_url());
  }

  Task<Result<std::string>> port_forward(std::string sandbox_id, std::vector<int32_t> ports) override {
    pb::PortForwardRequest request;
    request.set_pod_sandbox_id(std::move(sandbox_id));
    for (int32_t port : ports) request.add_port(port);
    CO_TRY(pb::PortForwardResponse r, co_await call(&Async::PortForward, std::move(request)));
    co_return std::move(*r.mutable_url());
  }

  Task<Result<ContainerStats>> container_stats(std::string id) override {
    pb::ContainerStatsRequest request;
    request.set_container_id(std::move(id));
    CO_TRY(pb::ContainerStatsResponse r, co_await call(&Async::ContainerStats, std::move(request)));
    co_return from_pb(r.stats());
  }

  Task<Result<std::vector<ContainerStats>>> list_container_stats(StatsFilter filter) override {
    pb::ListContainerStatsRequest request;
    request.mutable_filter()->set_id(filter.id);
    request.mutable_filter()->set_pod_sandbox_id(filter.sandbox_id);
    to_pb(filter.labels, request.mutable_filter()->mutable_label_selector());
    CO_TRY(pb::ListContainerStatsResponse r, co_await call(&Async::ListContainerStats, std::move(request)));
    co_return list<ContainerStats>(r.stats());
  }

  Task<Result<PodSandboxStats>> pod_sandbox_stats(std::string id) override {
    pb::PodSandboxStatsRequest request;
    request.set_pod_sandbox_id(std::move(id));
    CO_TRY(pb::PodSandboxStatsResponse r, co_await call(&Async::PodSandboxStats, std::move(request)));
    co_return from_pb(r.stats());
  }

  Task<Result<std::vector<PodSandboxStats>>> list_pod_sandbox_stats(StatsFilter filter) override {
    pb::ListPodSandboxStatsRequest request;
    request.mutable_filter()->set_id(filter.id);
    to_pb(filter.labels, request.mutable_filter()->mutable_label_selector());
    CO_TRY(pb::ListPodSandboxStatsResponse r, co_await call(&Async::ListPodSandboxStats, std::move(request)));
    co_return list<PodSandboxStats>(r.stats());
  }

  Task<Result<std::vector<Image>>> list_images() override {
    CO_TRY(pb::ListImagesResponse r, co_await image_call(&ImageAsync::ListImages, pb::ListImagesRequest()));
    co_return list<Image>(r.images());
  }

  Task<Result<std::optional<Image>>> image_status(ImageSpec image) override {
    pb::ImageStatusRequest request;
    to_pb(image, request.mutable_image());
    CO_TRY(pb::ImageStatusResponse r, co_await image_call(&ImageAsync::ImageStatus, std::move(request)));
    std::optional<Image> found;
    if (r.has_image()) found = from_pb(r.image());
    co_return found;
  }

  Task<Result<std::string>> pull_image(ImageSpec image, std::optional<AuthConfig> auth,
                                       PodSandboxConfig sandbox) override {
    if (options_.local_images) {
      std::string name = full_image_name(image.image);
      CO_TRY(std::optional<std::string> local, co_await options_.local_images(std::move(name)));
      if (local) co_return std::move(*local);
    }
    pb::PullImageRequest request;
    to_pb(image, request.mutable_image());
    if (auth) to_pb(*auth, request.mutable_auth());
    to_pb(sandbox, request.mutable_sandbox_config());
    CO_TRY(pb::PullImageResponse r, co_await unary(in_flight_, connection(), images(), &ImageAsync::PullImage,
                                                   std::move(request), std::nullopt));
    co_return std::move(*r.mutable_image_ref());
  }

  Task<Result<void>> remove_image(ImageSpec image) override {
    pb::RemoveImageRequest request;
    to_pb(image, request.mutable_image());
    co_return gone_is_fine(co_await image_call(&ImageAsync::RemoveImage, std::move(request)));
  }

  Task<Result<ImageFsInfo>> image_fs_info() override {
    CO_TRY(pb::ImageFsInfoResponse r,
           co_await image_call(&ImageAsync::ImageFsInfo, pb::ImageFsInfoRequest()));
    co_return from_pb(r);
  }

  Task<Result<Event>> next_event() override {
    if (!events_) {
      if (pause_ > Duration::zero()) co_await sleep_for(pause_);
      pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
      // Proves that the runtime is there, so that kSubscribed means something.
      CO_TRY_VOID(co_await version());
      events_ = EventStream::open(connection()->channel, in_flight_, options_.events_namespace);
    }
    Result<Event> event = co_await events_->next();
    if (!event) {
      events_.reset();
    } else if (event->type != Event::Type::kSubscribed) {
      pause_ = Duration::zero();
    }
    co_return event;
  }

 private:
  template <class T, class Field>
  static std::vector<T> list(const Field& from) {
    std::vector<T> to;
    to.reserve(from.size());
    for (const auto& item : from) to.push_back(from_pb(item));
    return to;
  }

  // Made on first use: gRPC starts threads.
  std::shared_ptr<Connection> connection() {
    std::lock_guard lock(mutex_);
    if (!connection_) connection_ = std::make_shared<Connection>(options_);
    return connection_;
  }
  Async* runtime() { return connection()->runtime->async(); }
  ImageAsync* images() { return connection()->images->async(); }

  template <class Request, class Response>
  using Method = void (Async::*)(grpc::ClientContext*, const Request*, Response*,
                                 std::function<void(grpc::Status)>);
  template <class Request, class Response>
  using ImageMethod = void (ImageAsync::*)(grpc::ClientContext*, const Request*, Response*,
                                           std::function<void(grpc::Status)>);

  template <class Request, class Response>
  Task<Result<Response>> limited(Method<Request, Response> method, Request request,
                                 std::optional<Duration> timeout) {
    return unary(in_flight_, connection(), runtime(), method, std::move(request), timeout);
  }
  template <class Request, class Response>
  Task<Result<Response>> call(Method<Request, Response> method, Request request,
                              Duration extra = Duration::zero()) {
    return limited(method, std::move(request), options_.request_timeout + extra);
  }
  template <class Request, class Response>
  Task<Result<Response>> image_call(ImageMethod<Request, Response> method, Request request) {
    return unary(in_flight_, connection(), images(), method, std::move(request), options_.request_timeout);
  }

  const GrpcOptions options_;
  const std::shared_ptr<rpc::InFlight> in_flight_ = std::make_shared<rpc::InFlight>();
  std::mutex mutex_;
  std::shared_ptr<Connection> connection_;
  std::shared_ptr<EventStream> events_;
  Duration pause_ = Duration::zero();
};

}  // namespace

std::unique_ptr<Runtime> make_grpc_runtime(GrpcOptions options) {
  return std::make_unique<GrpcRuntime>(std::move(options));
}

}  // namespace xebec::cri
