#include "kubelet/kubelet.h"

#include <fmt/format.h>

#include <set>

#include "base/scope.h"
#include "client/informer.h"
#include "kubelet/labels.h"
#include "kubelet/log_rotation.h"
#include "kubelet/pods/field_ref.h"
#include "kubelet/pods/pod_worker.h"

namespace xebec::kubelet {

using namespace std::chrono_literals;

namespace {

constexpr Duration kRelist = 60s;
constexpr Duration kRelistWithoutEvents = 10s;
constexpr Duration kRotateLogs = 10s;

std::string value_of(const cri::StringMap& map, const std::string& key) {
  auto it = map.find(key);
  return it == map.end() ? std::string() : it->second;
}

client::InformerOptions own_pods(const std::string& node) {
  client::InformerOptions options;
  options.field_selector = "spec.nodeName=" + node;
  return options;
}

}  // namespace

struct Kubelet::Impl {
  Impl(KubeletOptions o, client::Env e, client::Rest r, KubeletParts p)
      : options(std::move(o)),
        env(std::move(e)),
        rest(std::move(r)),
        outer(p),
        recorder(rest, env, "kubelet", options.node_name),
        node(options, env, rest, p.runtime, p.machine, recorder),
        pods(rest, env, own_pods(options.node_name)),
        services(rest, env),
        statuses(env, rest),
        images(env, rest, p.runtime, recorder),
        probes(env, p.runtime, p.net, recorder),
        restarts(10s, 5min),
        parts{options,
              env,
              rest,
              p.runtime,
              p.volumes,
              p.cgroups,
              p.files,
              p.net,
              recorder,
              node,
              services,
              statuses,
              images,
              probes,
              restarts,
              [this](const std::string& id, const std::string& uid) { owners[id] = uid; },
              [this] { ports_changed.notify_all(); }} {}

  Task<void> run(CancelToken token);
  Task<void> run_worker(std::shared_ptr<PodWorker> worker, std::string uid, CancelToken token);
  Task<void> follow_events(CancelToken token);
  Task<void> relist_often(CancelToken token);
  Task<void> wake_again(std::string uid, CancelToken token);
  Task<bool> relist();
  Task<void> rotate_logs(CancelToken token);
  Task<void> map_host_ports(CancelToken token);
  void pod_changed(const std::shared_ptr<const corev1::Pod>& old,
                   const std::shared_ptr<const corev1::Pod>& now);
  PodWorker& worker_of(const std::string& uid);
  void wake(const std::string& uid);
  const PodWorker* find(std::string_view uid) const;

  KubeletOptions options;
  client::Env env;
  client::Rest rest;
  KubeletParts outer;
  client::EventRecorder recorder;
  NodeStatus node;
  client::Informer<corev1::Pod> pods;
  client::Informer<corev1::Service> services;
  StatusManager statuses;
  ImagePuller images;
  ProbeManager probes;
  KeyedBackoff restarts;
  PodParts parts;

  Scope* scope = nullptr;
  std::map<std::string, std::shared_ptr<PodWorker>, std::less<>> workers;  // by uid
  std::map<std::string, std::string> owners;  // sandbox or container id -> pod uid
  std::map<std::string, std::string> listed;  // id -> state, of the last relist
  bool events_up = false;
  Signal relist_now;
  Signal ports_changed;
};

namespace {

// Runs at once and can be given up: a wait for the next event has no token.
class Pump {
 public:
  struct promise_type {
    Pump get_return_object() { return Pump(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  explicit Pump(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Pump(const Pump&) = delete;
  ~Pump() { handle_.destroy(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

Pump pump_event(cri::Runtime& runtime, OneShot<Result<cri::Event>> into) {
  Result<cri::Event> event = co_await runtime.next_event();
  into.set(std::move(event));
}

}  // namespace

Task<void> Kubelet::Impl::run_worker(std::shared_ptr<PodWorker> worker, std::string uid, CancelToken token) {
  co_await worker->run(token);
  if (!worker->done()) co_return;
  workers.erase(uid);
  std::erase_if(owners, [&](const auto& item) { return item.second == uid; });
}

PodWorker& Kubelet::Impl::worker_of(const std::string& uid) {
  std::shared_ptr<PodWorker>& worker = workers[uid];
  if (!worker) {
    worker = std::make_shared<PodWorker>(parts, uid);
    scope->spawn(run_worker(worker, uid, scope->token()));
  }
  return *worker;
}

void Kubelet::Impl::wake(const std::string& uid) {
  auto it = workers.find(uid);
  if (it != workers.end()) it->second->wake();
}

const PodWorker* Kubelet::Impl::find(std::string_view uid) const {
  auto it = workers.find(uid);
  return it == workers.end() ? nullptr : it->second.get();
}

void Kubelet::Impl::pod_changed(const std::shared_ptr<const corev1::Pod>& old,
                                const std::shared_ptr<const corev1::Pod>& now) {
  if (old && (!now || now->metadata.uid != old->metadata.uid)) {
    auto it = workers.find(old->metadata.uid);
    if (it != workers.end()) it->second->set_removed();
  }
  if (now) worker_of(now->metadata.uid).set_pod(now);
}

// The runtime's stream of events wakes the pods they are about.
Task<void> Kubelet::Impl::follow_events(CancelToken token) {
  while (!token.cancelled()) {
    OneShot<Result<cri::Event>> shot;
    Pump pump = pump_event(outer.runtime, shot);
    Result<cri::Event> event = co_await wait_for(shot, token);
    if (token.cancelled()) co_return;
    if (!event) {
      if (event.error().is(reason::kCancelled)) co_return;
      events_up = false;
      continue;
    }
    if (event->type == cri::Event::Type::kSubscribed) {
      events_up = true;
      relist_now.notify_all();
      node.poke();
      continue;
    }
    auto owner = owners.find(event->container_id);
    if (owner != owners.end()) {
      std::string uid = owner->second;
      if (event->type == cri::Event::Type::kDeleted) owners.erase(owner);
      wake(uid);
      if (event->type == cri::Event::Type::kExited) scope->spawn(wake_again(std::move(uid), token));
    } else if (event->type != cri::Event::Type::kDeleted) {
      relist_now.notify_all();
    }
  }
}

// containerd tells of an exit before its CRI service knows of it: what is read at once may still say
// "running".
Task<void> Kubelet::Impl::wake_again(std::string uid, CancelToken token) {
  static constexpr Duration kPauses[] = {150ms, 850ms, 3s};
  for (Duration pause : kPauses) {
    if (!co_await sleep_for(pause, token)) co_return;
    wake(uid);
  }
}

// What the events missed, and pods the API does not know (any more). False when the runtime did not answer.
Task<bool> Kubelet::Impl::relist() {
  cri::PodSandboxFilter any_sandbox;
  cri::ContainerFilter any_container;
  Result<std::vector<cri::PodSandbox>> sandboxes = co_await outer.runtime.list_pod_sandboxes(any_sandbox);
  if (!sandboxes) co_return false;
  Result<std::vector<cri::Container>> containers = co_await outer.runtime.list_containers(any_container);
  if (!containers) co_return false;
  std::map<std::string, std::string> now;
  std::set<std::string> changed;
  struct Owner {
    std::string ns, name;
  };
  std::map<std::string, Owner> seen;
  auto note = [&](const std::string& id, const cri::StringMap& labels, int state) {
    std::string uid = value_of(labels, kPodUid);
    if (uid.empty()) return;
    owners[id] = uid;
    seen[uid] = Owner{value_of(labels, kPodNamespace), value_of(labels, kPodName)};
    std::string text = fmt::format("{} {}", uid, state);
    auto before = listed.find(id);
    if (before == listed.end() || before->second != text) changed.insert(uid);
    now[id] = std::move(text);
  };
  for (const cri::PodSandbox& sandbox : *sandboxes)
    note(sandbox.id, sandbox.labels, static_cast<int>(sandbox.state));
  for (const cri::Container& container : *containers)
    note(container.id, container.labels, static_cast<int>(container.state));
  for (const auto& [id, text] : listed) {
    if (!now.contains(id)) changed.insert(text.substr(0, text.find(' ')));
  }
  listed = std::move(now);
  for (const std::string& uid : changed) wake(uid);
  for (const auto& [uid, owner] : seen) {
    if (!workers.contains(uid)) worker_of(uid).set_orphan(owner.ns, owner.name);
  }
  // Control groups of pods that are gone altogether.
  for (const std::string& uid : outer.cgroups.pods()) {
    if (!workers.contains(uid)) (void)outer.cgroups.remove(uid);
  }
  co_return true;
}

Task<void> Kubelet::Impl::relist_often(CancelToken token) {
  if (!co_await pods.wait_synced(token)) co_return;
  while (!token.cancelled()) {
    OneShot<bool> alarm = relist_now.subscribe();
    bool done = co_await relist();
    Duration pause = !done ? Duration(1s) : events_up ? kRelist : kRelistWithoutEvents;
    uint64_t timer = env.executor->post_at(env.executor->now() + pause, [alarm] { alarm.set(true); });
    CancelRegistration registration = token.on_cancel([alarm] { alarm.set(false); });
    co_await alarm;
    env.executor->cancel_timer(timer);
    // Many unknown ids at once are one relist.
    if (!co_await sleep_for(100ms, token)) co_return;
  }
}

Task<void> Kubelet::Impl::map_host_ports(CancelToken token) {
  std::vector<HostPortMapping> mapped;
  while (!token.cancelled()) {
    std::vector<HostPortMapping> wanted;
    for (const auto& [uid, worker] : workers) {
      std::shared_ptr<const corev1::Pod> pod = worker->pod();
      const cri::PodSandboxStatus* sandbox = worker->runtime().ready_sandbox();
      if (!pod || pod->spec.hostNetwork || sandbox == nullptr || sandbox->ips.empty()) continue;
      for (const corev1::Container& container : pod->spec.containers) {
        for (const corev1::ContainerPort& port : container.ports) {
          if (port.hostPort == 0) continue;
          HostPortMapping mapping;
          mapping.protocol = port.protocol == "UDP" ? cri::Protocol::kUdp : cri::Protocol::kTcp;
          mapping.host_ip = port.hostIP;
          mapping.host_port = port.hostPort;
          mapping.pod_ip = sandbox->ips[0];
          mapping.container_port = port.containerPort;
          wanted.push_back(std::move(mapping));
        }
      }
    }
    bool done = true;
    if (wanted != mapped) {
      Result<void> set = co_await outer.set_host_ports(wanted);
      done = set.has_value();
      if (done) mapped = std::move(wanted);
      if (!done) env.logger.warning("Cannot map host ports", {{"error", set.error().message}});
    }
    // Sandboxes are read a moment after they were made; a failure is tried again.
    OneShot<bool> alarm = ports_changed.subscribe();
    uint64_t timer = env.executor->post_at(env.executor->now() + (done ? Duration(2s) : Duration(1s)),
                                           [alarm] { alarm.set(true); });
    CancelRegistration registration = token.on_cancel([alarm] { alarm.set(false); });
    co_await alarm;
    env.executor->cancel_timer(timer);
    if (!co_await sleep_for(50ms, token)) co_return;
  }
}

Task<void> Kubelet::Impl::rotate_logs(CancelToken token) {
  while (co_await sleep_for(kRotateLogs, token)) {
    std::vector<std::pair<std::string, std::string>> logs;
    for (const auto& [uid, worker] : workers) {
      for (const RuntimeContainer& container : worker->runtime().containers) {
        if (container.running()) logs.emplace_back(container.status.id, container.status.log_path);
      }
    }
    for (const auto& [id, path] : logs) co_await rotate_log(outer.runtime, outer.files, *env.clock, id, path);
  }
}

Task<void> Kubelet::Impl::run(CancelToken token) {
  Scope children(*env.executor, token);
  scope = &children;
  images.start(children);
  images.on_pulled([this] { node.poke(); });
  probes.start(children, [this](const std::string& uid) { wake(uid); });
  statuses.start(children);
  pods.on_change([this](const auto& old, const auto& now) { pod_changed(old, now); });
  children.spawn(node.run(children.token()));
  children.spawn(node.run_lease(children.token()));
  children.spawn(recorder.run(children.token()));
  children.spawn(services.run(children.token()));
  // Containers get the variables of the services there are: pods wait for the first list.
  if (co_await services.wait_synced(children.token())) {
    children.spawn(pods.run(children.token()));
    children.spawn(follow_events(children.token()));
    children.spawn(relist_often(children.token()));
    children.spawn(rotate_logs(children.token()));
    if (outer.set_host_ports) children.spawn(map_host_ports(children.token()));
  }
  OneShot<bool> end;
  CancelRegistration registration = token.on_cancel([end] { end.set(true); });
  co_await end;
  children.cancel();
  co_await children.join();
}

Kubelet::Kubelet(KubeletOptions options, client::Env env, client::Rest rest, KubeletParts parts)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(env), std::move(rest), parts)) {}
Kubelet::~Kubelet() = default;

Task<void> Kubelet::run(CancelToken token) { return impl_->run(std::move(token)); }
Executor& Kubelet::executor() const { return *impl_->env.executor; }
bool Kubelet::registered() const { return impl_->node.registered(); }

std::vector<std::shared_ptr<const corev1::Pod>> Kubelet::pods() const {
  std::vector<std::shared_ptr<const corev1::Pod>> out;
  for (const auto& pod : impl_->pods.list()) {
    auto known = pod_by_uid(pod->metadata.uid);
    out.push_back(known ? known : pod);
  }
  return out;
}

std::shared_ptr<const corev1::Pod> Kubelet::pod(std::string_view ns, std::string_view name) const {
  auto pod = impl_->pods.get(ns, name);
  if (!pod) return nullptr;
  auto known = pod_by_uid(pod->metadata.uid);
  return known ? known : pod;
}

std::shared_ptr<const corev1::Pod> Kubelet::pod_by_uid(std::string_view uid) const {
  const PodWorker* worker = impl_->find(uid);
  return worker == nullptr ? nullptr : worker->pod();
}

std::optional<ContainerView> Kubelet::container(std::string_view uid, std::string_view name) const {
  const PodWorker* worker = impl_->find(uid);
  std::shared_ptr<const corev1::Pod> pod = worker == nullptr ? nullptr : worker->pod();
  if (!pod) return std::nullopt;
  const corev1::ContainerStatus* status = nullptr;
  for (const auto* list : {&pod->status.containerStatuses, &pod->status.initContainerStatuses,
                           &pod->status.ephemeralContainerStatuses}) {
    for (const corev1::ContainerStatus& s : *list) {
      if (s.name == name) status = &s;
    }
  }
  bool known = status != nullptr || find_container(*pod, name) != nullptr;
  if (!known) return std::nullopt;
  ContainerView view;
  view.name = name;
  if (status != nullptr) {
    view.restart_count = status->restartCount;
    if (status->state.waiting) view.reason = status->state.waiting->reason;
  }
  const RuntimeContainer* latest = worker->runtime().latest(name);
  if (latest == nullptr) {
    if (view.reason.empty()) view.reason = "ContainerCreating";
    return view;
  }
  view.id = latest->status.id;
  view.log_path = latest->status.log_path;
  view.restart_count = latest->restart_count;
  if (latest->running()) {
    view.phase = ContainerPhase::kRunning;
  } else if (latest->exited()) {
    view.phase = ContainerPhase::kTerminated;
    view.exit_code = latest->status.exit_code;
    view.reason = latest->status.reason;
  }
  if (const RuntimeContainer* previous = worker->runtime().previous(name)) {
    view.previous_id = previous->status.id;
    view.previous_log_path = previous->status.log_path;
  }
  return view;
}

std::string Kubelet::sandbox_id(std::string_view uid) const {
  const PodWorker* worker = impl_->find(uid);
  if (worker == nullptr) return "";
  const cri::PodSandboxStatus* sandbox = worker->runtime().ready_sandbox();
  return sandbox == nullptr ? std::string() : sandbox->id;
}

}  // namespace xebec::kubelet
