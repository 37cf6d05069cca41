#include "kubelet/node/node_status.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/gen/coordinationv1.h"
#include "codec/json.h"
#include "codec/view.h"
#include "kubelet/node/huge_pages.h"
#include "kubelet/time.h"

namespace xebec::kubelet {
namespace {

using namespace std::chrono_literals;

constexpr Duration kCheckEvery = 10s;
constexpr Duration kReportAtLeastEvery = 5min;
constexpr int32_t kLeaseSeconds = 40;
constexpr Duration kRenewEvery = 10s;
constexpr size_t kMaxImages = 50;
constexpr int64_t kMemoryThreshold = 100 << 20;  // memory.available<100Mi

api::Quantity bytes(int64_t value) {
  // Kubelets report memory in Ki.
  return api::Quantity::must_parse(fmt::format("{}Ki", value / 1024));
}

// The status without what changes with every heartbeat.
corev1::NodeStatus essence(corev1::NodeStatus status) {
  for (corev1::NodeCondition& condition : status.conditions) condition.lastHeartbeatTime = api::Time();
  return status;
}

}  // namespace

NodeStatus::NodeStatus(const KubeletOptions& options, client::Env env, client::Rest rest,
                       cri::Runtime& runtime, MachineReader& machine, client::EventRecorder& recorder)
    : options_(options),
      env_(std::move(env)),
      rest_(std::move(rest)),
      runtime_(runtime),
      recorder_(recorder),
      machine_(machine.machine()) {
  memory_ = machine_.memory_bytes;
  allocatable_["cpu"] = api::Quantity(machine_.cpus);
  // Huge pages are set aside: nobody gets them as ordinary memory.
  int64_t set_aside = kMemoryThreshold;
  for (const auto& [size, count] : machine_.huge_pages) {
    allocatable_[huge_page_resource(size)] = api::Quantity(size * count, api::Quantity::Format::BinarySI);
    set_aside += size * count;
  }
  allocatable_["memory"] = bytes(std::max<int64_t>(0, machine_.memory_bytes - set_aside));
  allocatable_["pods"] = api::Quantity(options_.max_pods);
  allocatable_["ephemeral-storage"] = api::Quantity(machine_.disk_bytes / 10 * 9);
}

corev1::Node NodeStatus::initial() const {
  corev1::Node node;
  node.metadata.name = options_.node_name;
  auto& labels = node.metadata.labels;
  labels["kubernetes.io/hostname"] = options_.hostname.empty() ? options_.node_name : options_.hostname;
  labels["kubernetes.io/os"] = "linux";
  labels["beta.kubernetes.io/os"] = "linux";
  labels["kubernetes.io/arch"] = machine_.architecture;
  labels["beta.kubernetes.io/arch"] = machine_.architecture;
  for (const auto& [key, value] : options_.node_labels) labels[key] = value;
  node.metadata.annotations["volumes.kubernetes.io/controller-managed-attach-detach"] = "true";
  return node;
}

Task<void> NodeStatus::fill(corev1::NodeStatus& status) {
  status.addresses.clear();
  for (const std::string& ip : options_.node_ips) {
    corev1::NodeAddress& address = status.addresses.emplace_back();
    address.type = "InternalIP";
    address.address = ip;
  }
  corev1::NodeAddress& host = status.addresses.emplace_back();
  host.type = "Hostname";
  host.address = options_.hostname.empty() ? options_.node_name : options_.hostname;

  status.capacity["cpu"] = api::Quantity(machine_.cpus);
  status.capacity["memory"] = bytes(machine_.memory_bytes);
  status.capacity["pods"] = api::Quantity(options_.max_pods);
  status.capacity["ephemeral-storage"] = bytes(machine_.disk_bytes);
  for (const auto& [size, count] : machine_.huge_pages)
    status.capacity[huge_page_resource(size)] = api::Quantity(size * count, api::Quantity::Format::BinarySI);
  for (const auto& [name, quantity] : allocatable_) status.allocatable[name] = quantity;
  status.daemonEndpoints.kubeletEndpoint.Port = options_.server_port;

  std::string problem;
  if (runtime_version_.empty()) {
    Result<cri::VersionInfo> version = co_await runtime_.version();
    if (version) runtime_version_ = version->runtime_name + "://" + version->runtime_version;
  }
  Result<cri::RuntimeStatus> runtime = co_await runtime_.status();
  if (!runtime) {
    problem = "container runtime is down, " + runtime.error().message;
  } else {
    for (const cri::RuntimeCondition& condition : runtime->conditions) {
      if (condition.status) continue;
      if (!problem.empty()) problem += ", ";
      problem +=
          condition.type == "NetworkReady"
              ? fmt::format("container runtime network not ready: NetworkReady=false reason:{} message:{}",
                            condition.reason, condition.message)
              : fmt::format("container runtime not ready: {}=false reason:{} message:{}", condition.type,
                            condition.reason, condition.message);
    }
    status.runtimeHandlers.clear();
    for (const cri::RuntimeHandler& handler : runtime->handlers) {
      corev1::NodeRuntimeHandler& reported = status.runtimeHandlers.emplace_back();
      reported.name = handler.name;
      auto& features = reported.features.emplace();
      features.recursiveReadOnlyMounts = handler.recursive_read_only_mounts;
      features.userNamespaces = handler.user_namespaces;
      if (handler.name.empty()) recursive_read_only_ = handler.recursive_read_only_mounts;
    }
  }
  corev1::NodeSystemInfo& info = status.nodeInfo;
  info.machineID = machine_.machine_id;
  info.systemUUID = machine_.system_uuid;
  info.bootID = machine_.boot_id;
  info.kernelVersion = machine_.kernel_version;
  info.osImage = machine_.os_image;
  info.containerRuntimeVersion = runtime_version_;
  info.kubeletVersion = options_.version;
  info.operatingSystem = "linux";
  info.architecture = machine_.architecture;

  Result<std::vector<cri::Image>> images = co_await runtime_.list_images();
  if (images) {
    std::stable_sort(images->begin(), images->end(),
                     [](const auto& a, const auto& b) { return a.size > b.size; });
    status.images.clear();
    for (const cri::Image& image : *images) {
      if (status.images.size() == kMaxImages) break;
      corev1::ContainerImage& reported = status.images.emplace_back();
      reported.names = image.repo_digests;
      reported.names.insert(reported.names.end(), image.repo_tags.begin(), image.repo_tags.end());
      reported.sizeBytes = static_cast<int64_t>(image.size);
    }
  }
  fill_conditions(status, std::move(problem));
}

void NodeStatus::event(std::string_view type, std::string_view reason, std::string message) {
  corev1::Node about = initial();
  if (node_) about.metadata.uid = node_->metadata.uid;
  recorder_.event(about, type, reason, std::move(message));
}

void NodeStatus::set_pressures(std::vector<std::string> conditions) {
  if (conditions == pressures_) return;
  pressures_ = std::move(conditions);
  poke();
}

// What others did to the node since the last report, and what happened to the machine.
void NodeStatus::note_changes(const corev1::Node& old, const corev1::NodeStatus& now) {
  if (!old.status.nodeInfo.bootID.empty() && old.status.nodeInfo.bootID != now.nodeInfo.bootID) {
    event(client::kEventWarning, "Rebooted",
          fmt::format("Node {} has been rebooted, boot id: {}", options_.node_name, now.nodeInfo.bootID));
  }
}

void NodeStatus::set_condition(corev1::NodeStatus& status, std::string_view type, bool value,
                               std::string_view reason, std::string message) {
  api::Time now = now_time(*env_.clock);
  corev1::NodeCondition* found = nullptr;
  for (corev1::NodeCondition& condition : status.conditions) {
    if (condition.type == type) found = &condition;
  }
  if (found == nullptr) {
    found = &status.conditions.emplace_back();
    found->type = type;
  }
  std::string_view text = value ? "True" : "False";
  if (found->status != text) {
    found->lastTransitionTime = now;
    found->status = text;
    // The first report of a new node is no change of its readiness.
    if (type != "Ready") {
      std::string what = "NodeH" + std::string(reason.substr(std::string_view("KubeletH").size()));
      event(client::kEventNormal, what, fmt::format("Node {} status is now: {}", options_.node_name, what));
    } else if (reported_) {
      std::string what = value ? "NodeReady" : "NodeNotReady";
      event(client::kEventNormal, what, fmt::format("Node {} status is now: {}", options_.node_name, what));
    }
  }
  found->lastHeartbeatTime = now;
  found->reason = reason;
  found->message = std::move(message);
}

void NodeStatus::fill_conditions(corev1::NodeStatus& status, std::string problem) {
  auto has = [&](std::string_view condition) {
    return std::find(pressures_.begin(), pressures_.end(), condition) != pressures_.end();
  };
  bool memory = has("MemoryPressure"), disk = has("DiskPressure"), pids = has("PIDPressure");
  set_condition(
      status, "MemoryPressure", memory,
      memory ? "KubeletHasInsufficientMemory" : "KubeletHasSufficientMemory",
      memory ? "kubelet has insufficient memory available" : "kubelet has sufficient memory available");
  set_condition(status, "DiskPressure", disk, disk ? "KubeletHasDiskPressure" : "KubeletHasNoDiskPressure",
                disk ? "kubelet has disk pressure" : "kubelet has no disk pressure");
  set_condition(status, "PIDPressure", pids, pids ? "KubeletHasInsufficientPID" : "KubeletHasSufficientPID",
                pids ? "kubelet has insufficient PID available" : "kubelet has sufficient PID available");
  if (problem.empty()) {
    set_condition(status, "Ready", true, "KubeletReady", "kubelet is posting ready status");
  } else {
    set_condition(status, "Ready", false, "KubeletNotReady", std::move(problem));
  }
}

Task<Result<void>> NodeStatus::register_node(CancelToken token) {
  Context context;
  context.cancel = token;
  corev1::Node node = initial();
  co_await fill(node.status);
  Result<corev1::Node> made = co_await rest_.create(context, node);
  if (made) {
    node_ = std::move(*made);
    // The server drops status on create unless the strategy allows it; report() writes what is missing.
    co_return Result<void>();
  }
  if (!made.error().is(reason::kAlreadyExists)) co_return fail(made.error());
  CO_TRY(corev1::Node there, co_await rest_.get<corev1::Node>(context, std::string(), options_.node_name));
  // Labels of the machine are ours to keep right.
  codec::ValueMap labels;
  for (const auto& [key, value] : node.metadata.labels) {
    const std::string* old = there.metadata.labels.get(key);
    if (old == nullptr || *old != value) labels.set(key, codec::Value(value));
  }
  if (!labels.empty()) {
    codec::Value patch;
    patch.set_path({"metadata", "labels"}, codec::Value(std::move(labels)));
    std::string body = codec::to_json(patch);
    CO_TRY(there, co_await rest_.patch<corev1::Node>(context, std::string(), options_.node_name,
                                                     client::PatchType::kMerge, std::move(body)));
  }
  node_ = std::move(there);
  co_return Result<void>();
}

Task<Result<void>> NodeStatus::report(CancelToken token) {
  corev1::NodeStatus status = node_->status;
  co_await fill(status);
  note_changes(*node_, status);
  bool due = !reported_ || env_.executor->now() - *reported_ >= kReportAtLeastEvery;
  if (!due && essence(status) == essence(node_->status)) co_return Result<void>();

  // Conditions and addresses merge by type, so those of others stay; lists without a key are replaced.
  corev1::Node patch;
  patch.status = status;
  std::string whole =
      codec::to_json(codec::to_value(codec::View(api::type_of<corev1::NodeStatus>(), &status)));
  Result<codec::Value> value = codec::parse_json(whole);
  if (!value) co_return fail(value.error());
  if (codec::Value* addresses = value->find("addresses")) {
    codec::Value replace;
    replace["$patch"] = codec::Value("replace");
    addresses->make_list().insert(addresses->make_list().begin(), std::move(replace));
  }
  codec::Value body;
  body["status"] = std::move(*value);
  std::string text = codec::to_json(body);
  Context context;
  context.cancel = token;
  client::WriteOptions options;
  options.subresource = "status";
  Result<corev1::Node> written = co_await rest_.patch<corev1::Node>(
      context, std::string(), options_.node_name, client::PatchType::kStrategic, std::move(text), options);
  if (!written) {
    // The node was deleted: register it again.
    if (written.error().is(reason::kNotFound)) node_.reset();
    co_return fail(written.error());
  }
  bool cordoned = written->spec.unschedulable;
  if (reported_ && cordoned != node_->spec.unschedulable) {
    std::string what = cordoned ? "NodeNotSchedulable" : "NodeSchedulable";
    event(client::kEventNormal, what, fmt::format("Node {} status is now: {}", options_.node_name, what));
  }
  node_ = std::move(*written);
  reported_ = env_.executor->now();
  co_return Result<void>();
}

Task<void> NodeStatus::run(CancelToken token) {
  Duration pause = 200ms;
  while (!token.cancelled()) {
    Result<void> done;
    if (!node_) {
      bool first = !reported_;
      done = co_await register_node(token);
      if (done && first) {
        recorder_.event(*node_, client::kEventNormal, "Starting", "Starting kubelet.");
        env_.logger.info("Registered node", {{"node", options_.node_name}});
      }
    }
    if (done && node_) done = co_await report(token);
    if (!done) {
      if (!token.cancelled())
        env_.logger.warning("Cannot report node status", {{"error", done.error().message}});
      if (!co_await sleep_for(pause, token)) co_return;
      pause = std::min<Duration>(pause * 2, 7s);
      continue;
    }
    pause = 200ms;
    bool ready = false;
    for (const auto& condition : node_->status.conditions)
      ready |= condition.type == "Ready" && condition.status == "True";
    // A node that is not ready looks again soon: the runtime is about to come up.
    Duration wait = ready ? kCheckEvery : Duration(500ms);
    OneShot<bool> woken = poked_.subscribe();
    uint64_t timer = env_.executor->post_at(env_.executor->now() + wait, [woken] { woken.set(true); });
    CancelRegistration registration = token.on_cancel([woken] { woken.set(false); });
    co_await woken;
    env_.executor->cancel_timer(timer);
  }
}

Task<Result<void>> NodeStatus::renew_lease(CancelToken token) {
  Context context;
  context.cancel = token;
  int64_t micros =
      std::chrono::duration_cast<std::chrono::microseconds>(env_.clock->now().time_since_epoch()).count();
  Result<coordinationv1::Lease> lease =
      co_await rest_.get<coordinationv1::Lease>(context, "kube-node-lease", options_.node_name);
  if (!lease && !lease.error().is(reason::kNotFound)) co_return fail(lease.error());
  coordinationv1::Lease next;
  if (lease) next = std::move(*lease);
  next.metadata.name = options_.node_name;
  next.metadata.namespace_ = "kube-node-lease";
  next.spec.holderIdentity = options_.node_name;
  next.spec.leaseDurationSeconds = kLeaseSeconds;
  next.spec.renewTime = api::MicroTime::from_unix_micros(micros);
  if (next.metadata.ownerReferences.empty() && node_) {
    metav1::OwnerReference& owner = next.metadata.ownerReferences.emplace_back();
    owner.apiVersion = "v1";
    owner.kind = "Node";
    owner.name = options_.node_name;
    owner.uid = node_->metadata.uid;
  }
  Result<coordinationv1::Lease> written;
  if (lease) {
    written = co_await rest_.update(context, next);
  } else {
    written = co_await rest_.create(context, next);
  }
  if (!written) co_return fail(written.error());
  co_return Result<void>();
}

Task<void> NodeStatus::run_lease(CancelToken token) {
  while (!token.cancelled()) {
    Duration wait = 200ms;
    if (node_) {
      Result<void> done = co_await renew_lease(token);
      wait = done ? kRenewEvery : Duration(1s);
      if (!done && !token.cancelled())
        env_.logger.warning("Cannot renew lease", {{"error", done.error().message}});
    }
    if (!co_await sleep_for(wait, token)) co_return;
  }
}

}  // namespace xebec::kubelet
