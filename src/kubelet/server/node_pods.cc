#include "kubelet/server/node_pods.h"

#include "api/gen/corev1.h"

namespace xebec::kubelet {
namespace {

template <class List>
void look_in(const List& containers, std::string_view name, FoundPod& found) {
  for (const auto& container : containers) {
    if (container.name != name) continue;
    found.has_container = true;
    found.container_tty = container.tty;
  }
}

bool waits(const corev1::PodStatus& status, std::string_view name) {
  for (const auto* list :
       {&status.containerStatuses, &status.initContainerStatuses, &status.ephemeralContainerStatuses}) {
    for (const auto& container : *list) {
      if (container.name == name) return static_cast<bool>(container.state.waiting);
    }
  }
  return false;
}

}  // namespace

Task<std::vector<std::shared_ptr<const corev1::Pod>>> NodePods::all() const {
  Executor* home = Executor::current();
  co_await kubelet_.schedule();
  auto pods = pods_.pods();
  co_await home->schedule();
  co_return pods;
}

Task<FoundPod> NodePods::find(std::string ns, std::string name, std::string container) const {
  Executor* home = Executor::current();
  co_await kubelet_.schedule();
  FoundPod found;
  found.pod = pods_.pod(ns, name);
  if (found.pod) {
    const std::string& uid = found.pod->metadata.uid;
    look_in(found.pod->spec.containers, container, found);
    look_in(found.pod->spec.initContainers, container, found);
    look_in(found.pod->spec.ephemeralContainers, container, found);
    found.waits = waits(found.pod->status, container);
    if (found.has_container) found.container = pods_.container(uid, container);
    found.sandbox_id = pods_.sandbox_id(uid);
  }
  co_await home->schedule();
  co_return found;
}

Task<bool> NodePods::running(std::string uid, std::string container, std::string id) const {
  Executor* home = Executor::current();
  co_await kubelet_.schedule();
  std::optional<ContainerView> view = pods_.container(uid, container);
  co_await home->schedule();
  co_return view && view->id == id && view->phase == ContainerPhase::kRunning;
}

Task<Result<cri::ExecSyncResult>> NodePods::run_command(std::string container_id,
                                                        std::vector<std::string> command) const {
  Executor* home = Executor::current();
  co_await kubelet_.schedule();
  Result<cri::ExecSyncResult> result = co_await runtime_.exec_sync(container_id, command, 0);
  co_await home->schedule();
  co_return result;
}

Task<NodeSnapshot> NodePods::snapshot() {
  Executor* home = Executor::current();
  co_await kubelet_.schedule();
  NodeSnapshot snapshot = co_await stats_.read();
  co_await home->schedule();
  co_return snapshot;
}

Task<std::string> NodePods::probe_metrics() const {
  Executor* home = Executor::current();
  co_await kubelet_.schedule();
  std::string text = pods_.probe_metrics();
  co_await home->schedule();
  co_return text;
}

Task<std::string> NodePods::configuration() const {
  Executor* home = Executor::current();
  co_await kubelet_.schedule();
  std::string text = pods_.configuration();
  co_await home->schedule();
  co_return text;
}

Task<Result<std::string>> NodePods::exec_url(cri::ExecRequest request) const {
  Executor* home = Executor::current();
  co_await kubelet_.schedule();
  Result<std::string> url = co_await runtime_.exec(std::move(request));
  co_await home->schedule();
  co_return url;
}

Task<Result<std::string>> NodePods::attach_url(cri::AttachRequest request) const {
  Executor* home = Executor::current();
  co_await kubelet_.schedule();
  Result<std::string> url = co_await runtime_.attach(std::move(request));
  co_await home->schedule();
  co_return url;
}

Task<Result<std::string>> NodePods::port_forward_url(std::string sandbox_id,
                                                     std::vector<int32_t> ports) const {
  Executor* home = Executor::current();
  co_await kubelet_.schedule();
  Result<std::string> url = co_await runtime_.port_forward(std::move(sandbox_id), std::move(ports));
  co_await home->schedule();
  co_return url;
}

}  // namespace xebec::kubelet
