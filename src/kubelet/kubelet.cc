#include "kubelet/kubelet.h"

#include <fmt/format.h>

#include <set>

#include "kubelet/kubelet_impl.h"
#include "kubelet/labels.h"

namespace xebec::kubelet {

using namespace std::chrono_literals;

namespace {

constexpr Duration kRelist = 60s;
constexpr Duration kRelistWithoutEvents = 10s;

std::string value_of(const cri::StringMap& map, const std::string& key) {
  auto it = map.find(key);
  return it == map.end() ? std::string() : it->second;
}

}  // namespace

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

std::vector<std::shared_ptr<const corev1::Pod>> Kubelet::Impl::active_pods(const std::string& except) const {
  std::vector<std::shared_ptr<const corev1::Pod>> out;
  for (const auto& [uid, worker] : workers) {
    if (uid == except || !worker->active()) continue;
    std::shared_ptr<const corev1::Pod> pod = worker->pod();
    if (pod) out.push_back(std::move(pod));
  }
  return out;
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
    children.spawn(images_gc.run(children.token(), image_gc_failed()));
    children.spawn(evictions.run(children.token()));
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

}  // namespace xebec::kubelet
