#include "kubelet/cri/fake_runtime.h"

#include "kubelet/cri/fake_state.h"
#include "kubelet/cri/image_name.h"

namespace xebec::cri {
namespace {

bool has_labels(const StringMap& labels, const StringMap& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& pair) {
    auto it = labels.find(pair.first);
    return it != labels.end() && it->second == pair.second;
  });
}

std::string stream_url(std::string_view kind, const std::string& id) {
  return fmt::format("http://127.0.0.1:1/{}/{}", kind, id);
}

Task<void> pause(Duration time) {
  if (time > Duration::zero()) co_await sleep_for(time);
}

}  // namespace

FakeRuntime::FakeRuntime(Executor& executor, const Clock& clock, FakeOptions options)
    : state_(std::make_shared<State>(executor, clock, std::move(options))) {}

FakeRuntime::~FakeRuntime() = default;

void FakeRuntime::inject(std::string method, Status error, int times) {
  std::vector<Status>& queue = state_->injected[method];
  queue.insert(queue.end(), times, error);
}

void FakeRuntime::kill(const std::string& container_id, int32_t exit_code, std::string reason) {
  if (reason == "OOMKilled") state_->emit(Event::Type::kOom, container_id, 0);
  state_->exit(container_id, exit_code, std::move(reason));
}

void FakeRuntime::kill_sandbox(const std::string& sandbox_id) {
  auto it = state_->sandboxes.find(sandbox_id);
  if (it == state_->sandboxes.end()) return;
  it->second.status.state = SandboxState::kNotReady;
  state_->emit(Event::Type::kExited, sandbox_id, it->second.pid, 137);
}

void FakeRuntime::set_exec_handler(ExecHandler handler) { state_->exec_handler = std::move(handler); }

void FakeRuntime::add_image(const std::string& name) {
  std::string full = full_image_name(name);
  auto it = state_->options.registry.find(full);
  state_->images[full] = it == state_->options.registry.end() ? FakeImage() : it->second;
}

void FakeRuntime::break_events() {
  if (!state_->subscribed) return;
  state_->subscribed = false;
  state_->events.push(fail(rpc_error(14, "error reading from server: EOF")));
}

const std::vector<std::string>& FakeRuntime::calls() const { return state_->calls; }

void FakeRuntime::shutdown() {
  state_->closed = true;
  state_->events.push(fail(errors::cancelled()));
}

Task<Result<VersionInfo>> FakeRuntime::version() {
  CO_TRY_VOID(state_->begin("version"));
  VersionInfo info{.runtime_name = "fake", .runtime_version = "1.0.0", .runtime_api_version = "v1"};
  co_return info;
}

Task<Result<RuntimeStatus>> FakeRuntime::status() {
  CO_TRY_VOID(state_->begin("status"));
  RuntimeStatus status;
  for (const char* type : {"RuntimeReady", "NetworkReady"}) {
    RuntimeCondition condition{.type = type, .status = true};
    status.conditions.push_back(std::move(condition));
  }
  RuntimeHandler handler;
  status.handlers.push_back(std::move(handler));
  co_return status;
}

Task<Result<void>> FakeRuntime::update_runtime_config(std::string pod_cidr) {
  co_return state_->begin("update_runtime_config", pod_cidr);
}

Task<Result<std::string>> FakeRuntime::run_pod_sandbox(PodSandboxConfig config, std::string runtime_handler) {
  std::shared_ptr<State> state = state_;
  CO_TRY_VOID(state->begin("run_pod_sandbox", config.metadata.name));
  std::string id = state->new_id();
  for (const auto& [other, sandbox] : state->sandboxes) {
    if (sandbox.status.metadata != config.metadata) continue;
    const PodSandboxMetadata& m = config.metadata;
    std::string name = fmt::format("{}_{}_{}_{}", m.name, m.namespace_, m.uid, m.attempt);
    co_return fail(
        rpc_error(2, fmt::format("failed to reserve sandbox name \"{}\": name \"{}\" is reserved for \"{}\"",
                                 name, name, other)));
  }
  co_await pause(state->options.sandbox_time);
  State::Sandbox sandbox;
  sandbox.status.id = id;
  sandbox.status.metadata = config.metadata;
  sandbox.status.state = SandboxState::kReady;
  sandbox.status.created_at = state->now();
  if (config.security.namespaces.network != NamespaceMode::kNode)
    sandbox.status.ips.push_back(state->new_ip());
  sandbox.status.namespaces = config.security.namespaces;
  sandbox.status.labels = config.labels;
  sandbox.status.annotations = config.annotations;
  sandbox.status.runtime_handler = runtime_handler;
  sandbox.config = std::move(config);
  sandbox.pid = ++state->last_pid;
  state->emit(Event::Type::kStarted, id, sandbox.pid);
  state->sandboxes.emplace(id, std::move(sandbox));
  co_return id;
}

Task<Result<void>> FakeRuntime::stop_pod_sandbox(std::string id) {
  std::shared_ptr<State> state = state_;
  CO_TRY_VOID(state->begin("stop_pod_sandbox", state->sandbox_name(id)));
  co_await pause(state->options.stop_time);
  Result<State::Sandbox*> sandbox = state->sandbox(id);
  if (sandbox) state->stop_sandbox(id, **sandbox);
  co_return Result<void>();
}

Task<Result<void>> FakeRuntime::remove_pod_sandbox(std::string id) {
  CO_TRY_VOID(state_->begin("remove_pod_sandbox", state_->sandbox_name(id)));
  Result<State::Sandbox*> sandbox = state_->sandbox(id);
  if (!sandbox) co_return Result<void>();
  state_->stop_sandbox(id, **sandbox);
  std::vector<std::string> own;
  for (const auto& [container_id, box] : state_->containers) {
    if (box->sandbox_id == id) own.push_back(container_id);
  }
  for (const std::string& container_id : own) state_->remove_container(container_id);
  uint32_t pid = (*sandbox)->pid;
  state_->sandboxes.erase(id);
  state_->emit(Event::Type::kDeleted, id, pid);
  co_return Result<void>();
}

Task<Result<PodSandboxStatus>> FakeRuntime::pod_sandbox_status(std::string id) {
  CO_TRY_VOID(state_->begin("pod_sandbox_status", state_->sandbox_name(id)));
  CO_TRY(State::Sandbox * sandbox, state_->sandbox(id));
  co_return sandbox->status;
}

Task<Result<std::vector<PodSandbox>>> FakeRuntime::list_pod_sandboxes(PodSandboxFilter filter) {
  CO_TRY_VOID(state_->begin("list_pod_sandboxes"));
  std::vector<PodSandbox> list;
  for (const auto& [id, sandbox] : state_->sandboxes) {
    const PodSandboxStatus& s = sandbox.status;
    bool matches = (filter.id.empty() || filter.id == id) && (!filter.state || *filter.state == s.state) &&
                   has_labels(s.labels, filter.labels);
    if (!matches) continue;
    PodSandbox item{.id = id,
                    .metadata = s.metadata,
                    .state = s.state,
                    .created_at = s.created_at,
                    .labels = s.labels,
                    .annotations = s.annotations,
                    .runtime_handler = s.runtime_handler};
    list.push_back(std::move(item));
  }
  co_return list;
}

Task<Result<std::string>> FakeRuntime::create_container(std::string sandbox_id, ContainerConfig config,
                                                        PodSandboxConfig sandbox) {
  CO_TRY_VOID(state_->begin("create_container", config.metadata.name));
  CO_TRY_VOID(state_->sandbox(sandbox_id));
  std::string image = state_->find_image(config.image.image);
  if (image.empty()) {
    co_return fail(rpc_error(
        5, fmt::format("failed to get image from containerd \"{}\": image not found", config.image.image)));
  }
  std::string id = state_->new_id();
  auto box = std::make_shared<State::Box>();
  box->sandbox_id = std::move(sandbox_id);
  box->behaviour = state_->images.at(image);
  box->resources = config.resources;
  ContainerStatus& status = box->status;
  status.id = id;
  status.metadata = config.metadata;
  status.state = ContainerState::kCreated;
  status.created_at = state_->now();
  status.image = config.image;
  Image described = state_->describe(image);
  status.image_ref = described.repo_digests.front();
  status.image_id = described.id;
  status.labels = config.labels;
  status.annotations = config.annotations;
  status.mounts = config.mounts;
  if (!config.log_path.empty()) status.log_path = sandbox.log_directory + "/" + config.log_path;
  box->config = std::move(config);
  state_->containers.emplace(id, std::move(box));
  co_return id;
}

Task<Result<void>> FakeRuntime::start_container(std::string id) {
  std::shared_ptr<State> state = state_;
  CO_TRY_VOID(state->begin("start_container", state->container_name(id)));
  co_await pause(state->options.start_time);
  CO_TRY(std::shared_ptr<State::Box> box, state->container(id));
  if (box->status.state != ContainerState::kCreated) {
    co_return fail(
        rpc_error(2, fmt::format("failed to start container \"{}\": container is in {} state", id,
                                 box->status.state == ContainerState::kRunning ? "CONTAINER_RUNNING"
                                                                               : "CONTAINER_EXITED")));
  }
  if (box->behaviour.start_error) co_return fail(*box->behaviour.start_error);
  state->start(id, *box);
  co_return Result<void>();
}

Task<Result<void>> FakeRuntime::stop_container(std::string id, int64_t grace_seconds) {
  std::shared_ptr<State> state = state_;
  CO_TRY_VOID(state->begin("stop_container", state->container_name(id)));
  Result<std::shared_ptr<State::Box>> found = state->container(id);
  if (!found || (*found)->status.state != ContainerState::kRunning) co_return Result<void>();
  std::shared_ptr<State::Box> box = *found;
  Duration grace = std::chrono::seconds(grace_seconds);
  bool killed = box->behaviour.ignores_stop_signal || grace_seconds == 0;
  Duration wait =
      box->behaviour.ignores_stop_signal ? grace : std::min<Duration>(grace, state->options.stop_time);
  // The process may end by itself first.
  OneShot<bool> ended = box->exited.subscribe();
  if (wait > Duration::zero()) {
    uint64_t timer = state->executor.post_at(state->executor.now() + wait, [ended] { ended.set(false); });
    bool by_itself = co_await ended;
    if (by_itself) {
      state->executor.cancel_timer(timer);
      co_return Result<void>();
    }
  }
  state->exit(id, killed ? 137 : 143, "Error");
  co_return Result<void>();
}

Task<Result<void>> FakeRuntime::remove_container(std::string id) {
  CO_TRY_VOID(state_->begin("remove_container", state_->container_name(id)));
  state_->remove_container(id);
  co_return Result<void>();
}

Task<Result<ContainerStatus>> FakeRuntime::container_status(std::string id) {
  CO_TRY_VOID(state_->begin("container_status", state_->container_name(id)));
  CO_TRY(std::shared_ptr<State::Box> box, state_->container(id));
  ContainerStatus status = box->status;
  status.resources = box->resources;
  co_return status;
}

Task<Result<std::vector<Container>>> FakeRuntime::list_containers(ContainerFilter filter) {
  CO_TRY_VOID(state_->begin("list_containers"));
  std::vector<Container> list;
  for (const auto& [id, box] : state_->containers) {
    const ContainerStatus& s = box->status;
    bool matches = (filter.id.empty() || filter.id == id) && (!filter.state || *filter.state == s.state) &&
                   (filter.sandbox_id.empty() || filter.sandbox_id == box->sandbox_id) &&
                   has_labels(s.labels, filter.labels);
    if (!matches) continue;
    Container item{.id = id,
                   .sandbox_id = box->sandbox_id,
                   .metadata = s.metadata,
                   .image = s.image,
                   .image_ref = s.image_ref,
                   .image_id = s.image_id,
                   .state = s.state,
                   .created_at = s.created_at,
                   .labels = s.labels,
                   .annotations = s.annotations};
    list.push_back(std::move(item));
  }
  co_return list;
}

Task<Result<void>> FakeRuntime::update_container_resources(std::string id, LinuxResources resources) {
  CO_TRY_VOID(state_->begin("update_container_resources", state_->container_name(id)));
  CO_TRY(std::shared_ptr<State::Box> box, state_->container(id));
  box->resources = std::move(resources);
  co_return Result<void>();
}

Task<Result<void>> FakeRuntime::reopen_container_log(std::string id) {
  CO_TRY_VOID(state_->begin("reopen_container_log", state_->container_name(id)));
  CO_TRY_VOID(state_->container(id));
  co_return Result<void>();
}

Task<Result<ExecSyncResult>> FakeRuntime::exec_sync(std::string id, std::vector<std::string> command,
                                                    int64_t) {
  CO_TRY_VOID(state_->begin("exec_sync", state_->container_name(id)));
  CO_TRY(std::shared_ptr<State::Box> box, state_->container(id));
  if (box->status.state != ContainerState::kRunning) {
    co_return fail(rpc_error(2, "failed to exec in container: container is in CONTAINER_EXITED state"));
  }
  ExecSyncResult nothing;
  if (!state_->exec_handler) co_return nothing;
  co_return state_->exec_handler(box->status, command);
}

Task<Result<std::string>> FakeRuntime::exec(ExecRequest request) {
  CO_TRY_VOID(state_->begin("exec", state_->container_name(request.container_id)));
  CO_TRY_VOID(state_->container(request.container_id));
  co_return stream_url("exec", request.container_id);
}

Task<Result<std::string>> FakeRuntime::attach(AttachRequest request) {
  CO_TRY_VOID(state_->begin("attach", state_->container_name(request.container_id)));
  CO_TRY_VOID(state_->container(request.container_id));
  co_return stream_url("attach", request.container_id);
}

Task<Result<std::string>> FakeRuntime::port_forward(std::string sandbox_id, std::vector<int32_t>) {
  CO_TRY_VOID(state_->begin("port_forward", state_->sandbox_name(sandbox_id)));
  CO_TRY_VOID(state_->sandbox(sandbox_id));
  co_return stream_url("portforward", sandbox_id);
}

Task<Result<ContainerStats>> FakeRuntime::container_stats(std::string id) {
  CO_TRY_VOID(state_->begin("container_stats", state_->container_name(id)));
  CO_TRY(std::shared_ptr<State::Box> box, state_->container(id));
  ContainerStats stats;
  stats.id = id;
  stats.metadata = box->status.metadata;
  stats.labels = box->status.labels;
  stats.annotations = box->status.annotations;
  int64_t now = state_->now();
  // A hundredth of a core since the start, and 8 MiB.
  uint64_t used = box->status.started_at == 0 ? 0 : static_cast<uint64_t>(now - box->status.started_at) / 100;
  CpuUsage cpu{.timestamp = now, .usage_core_nano_seconds = used, .usage_nano_cores = std::nullopt};
  MemoryUsage memory{.timestamp = now,
                     .working_set_bytes = 8 << 20,
                     .available_bytes = std::nullopt,
                     .usage_bytes = 8 << 20,
                     .rss_bytes = 8 << 20,
                     .page_faults = 0,
                     .major_page_faults = 0};
  stats.cpu = cpu;
  stats.memory = memory;
  co_return stats;
}

Task<Result<std::vector<ContainerStats>>> FakeRuntime::list_container_stats(StatsFilter filter) {
  CO_TRY_VOID(state_->begin("list_container_stats"));
  std::vector<std::string> ids;
  for (const auto& [id, box] : state_->containers) {
    bool matches = (filter.id.empty() || filter.id == id) &&
                   (filter.sandbox_id.empty() || filter.sandbox_id == box->sandbox_id) &&
                   box->status.state == ContainerState::kRunning &&
                   has_labels(box->status.labels, filter.labels);
    if (matches) ids.push_back(id);
  }
  std::vector<ContainerStats> list;
  for (const std::string& id : ids) {
    Result<ContainerStats> stats = co_await container_stats(id);
    if (stats) list.push_back(std::move(*stats));
  }
  co_return list;
}

Task<Result<PodSandboxStats>> FakeRuntime::pod_sandbox_stats(std::string id) {
  CO_TRY_VOID(state_->begin("pod_sandbox_stats", state_->sandbox_name(id)));
  CO_TRY(State::Sandbox * sandbox, state_->sandbox(id));
  PodSandboxStats stats;
  stats.id = id;
  stats.metadata = sandbox->status.metadata;
  stats.labels = sandbox->status.labels;
  stats.annotations = sandbox->status.annotations;
  StatsFilter filter;
  filter.sandbox_id = id;
  CO_TRY(stats.containers, co_await list_container_stats(std::move(filter)));
  CpuUsage cpu{.timestamp = state_->now(), .usage_core_nano_seconds = 0, .usage_nano_cores = std::nullopt};
  MemoryUsage memory;
  memory.timestamp = cpu.timestamp;
  memory.working_set_bytes = 0;
  for (const ContainerStats& container : stats.containers) {
    *cpu.usage_core_nano_seconds += *container.cpu->usage_core_nano_seconds;
    *memory.working_set_bytes += *container.memory->working_set_bytes;
  }
  stats.process_count = stats.containers.size() + 1;
  stats.cpu = cpu;
  stats.memory = memory;
  co_return stats;
}

Task<Result<std::vector<PodSandboxStats>>> FakeRuntime::list_pod_sandbox_stats(StatsFilter filter) {
  CO_TRY_VOID(state_->begin("list_pod_sandbox_stats"));
  std::vector<std::string> ids;
  for (const auto& [id, sandbox] : state_->sandboxes) {
    bool matches = (filter.id.empty() || filter.id == id) && sandbox.status.state == SandboxState::kReady &&
                   has_labels(sandbox.status.labels, filter.labels);
    if (matches) ids.push_back(id);
  }
  std::vector<PodSandboxStats> list;
  for (const std::string& id : ids) {
    Result<PodSandboxStats> stats = co_await pod_sandbox_stats(id);
    if (stats) list.push_back(std::move(*stats));
  }
  co_return list;
}

Task<Result<std::vector<Image>>> FakeRuntime::list_images() {
  CO_TRY_VOID(state_->begin("list_images"));
  std::vector<Image> list;
  for (const auto& [name, behaviour] : state_->images) list.push_back(state_->describe(name));
  co_return list;
}

Task<Result<std::optional<Image>>> FakeRuntime::image_status(ImageSpec image) {
  CO_TRY_VOID(state_->begin("image_status", image.image));
  std::string name = state_->find_image(image.image);
  std::optional<Image> found;
  if (!name.empty()) found = state_->describe(name);
  co_return found;
}

Task<Result<std::string>> FakeRuntime::pull_image(ImageSpec image, std::optional<AuthConfig>,
                                                  PodSandboxConfig) {
  std::shared_ptr<State> state = state_;
  CO_TRY_VOID(state->begin("pull_image", image.image));
  std::string name = full_image_name(image.image);
  auto it = state->options.registry.find(name);
  if (it == state->options.registry.end() && !state->options.any_image) {
    co_return fail(
        rpc_error(5, fmt::format("failed to pull and unpack image \"{0}\": failed to resolve reference "
                                 "\"{0}\": {0}: not found",
                                 name)));
  }
  FakeImage behaviour = it == state->options.registry.end() ? FakeImage() : it->second;
  co_await pause(behaviour.pull_time);
  state->images[name] = std::move(behaviour);
  co_return State::image_id(name);
}

Task<Result<void>> FakeRuntime::remove_image(ImageSpec image) {
  CO_TRY_VOID(state_->begin("remove_image", image.image));
  state_->images.erase(state_->find_image(image.image));
  co_return Result<void>();
}

Task<Result<ImageFsInfo>> FakeRuntime::image_fs_info() {
  CO_TRY_VOID(state_->begin("image_fs_info"));
  uint64_t used = 0;
  for (const auto& [name, image] : state_->images) used += image.size;
  FilesystemUsage fs{.timestamp = state_->now(),
                     .mountpoint = "/",
                     .used_bytes = used,
                     .inodes_used = state_->images.size()};
  ImageFsInfo info;
  info.image_filesystems.push_back(std::move(fs));
  co_return info;
}

Task<Result<Event>> FakeRuntime::next_event() {
  std::shared_ptr<State> state = state_;
  if (state->closed) co_return fail(errors::cancelled());
  if (!state->subscribed && state->events.size() == 0) {
    CO_TRY_VOID(state->begin("subscribe"));
    state->subscribed = true;
    Event first{.type = Event::Type::kSubscribed, .at = state->now()};
    co_return first;
  }
  std::optional<Result<Event>> event = co_await state->events.pop();
  co_return std::move(*event);
}

}  // namespace xebec::cri
