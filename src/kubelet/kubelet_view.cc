// What the kubelet shows of itself and its pods: PodAccess.
#include "codec/json.h"
#include "kubelet/kubelet_impl.h"
#include "kubelet/pods/field_ref.h"

namespace xebec::kubelet {

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

NodeFigures Kubelet::node_figures() const {
  NodeFigures out;
  out.node_name = impl_->options.node_name;
  out.machine = impl_->outer.machine.machine();
  out.load = impl_->outer.machine.load();
  return out;
}

DiskSpace Kubelet::disk(const std::string& path) const { return impl_->outer.machine.disk(path); }

std::string Kubelet::probe_metrics() const { return impl_->probes.metrics_text(); }

std::string Kubelet::configuration() const {
  const KubeletOptions& options = impl_->options;
  codec::Value config;
  config["kind"] = codec::Value("KubeletConfiguration");
  config["apiVersion"] = codec::Value("kubelet.config.k8s.io/v1beta1");
  config["port"] = codec::Value(int64_t{options.server_port});
  config["maxPods"] = codec::Value(int64_t{options.max_pods});
  config["clusterDomain"] = codec::Value(options.cluster_domain);
  codec::ValueList dns;
  for (const std::string& address : options.cluster_dns) dns.emplace_back(address);
  config["clusterDNS"] = codec::Value(std::move(dns));
  config["cgroupRoot"] = codec::Value(options.cgroup_root);
  config["resolvConf"] = codec::Value(options.resolv_conf);
  config["podLogsDir"] = codec::Value(options.log_root);
  config["containerLogMaxSize"] = codec::Value("10Mi");
  config["containerLogMaxFiles"] = codec::Value(int64_t{5});
  config["imageGCHighThresholdPercent"] = codec::Value(int64_t{85});
  config["imageGCLowThresholdPercent"] = codec::Value(int64_t{80});
  config["imageMinimumGCAge"] = codec::Value("2m0s");
  config["nodeStatusUpdateFrequency"] = codec::Value("10s");
  config["nodeStatusReportFrequency"] = codec::Value("5m0s");
  config["nodeLeaseDurationSeconds"] = codec::Value(int64_t{40});
  for (auto [signal, threshold] :
       {std::pair("memory.available", "100Mi"), std::pair("nodefs.available", "10%"),
        std::pair("nodefs.inodesFree", "5%"), std::pair("imagefs.available", "15%"),
        std::pair("imagefs.inodesFree", "5%")}) {
    config["evictionHard"][signal] = codec::Value(threshold);
  }
  config["evictionPressureTransitionPeriod"] = codec::Value("5m0s");
  config["enableServer"] = codec::Value(true);
  config.set_path({"authentication", "anonymous", "enabled"}, codec::Value(false));
  config.set_path({"authentication", "webhook", "enabled"}, codec::Value(true));
  config.set_path({"authorization", "mode"}, codec::Value("Webhook"));
  codec::Value out;
  out["kubeletconfig"] = std::move(config);
  return codec::to_json(out);
}

}  // namespace xebec::kubelet
