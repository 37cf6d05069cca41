// ProbeManager: runs the startup, liveness and readiness probes of running containers and keeps what they
// say. One instance of a container is probed until it is forgotten; its failed liveness stays until then.
// Source: k8s.io/kubernetes pkg/kubelet/prober.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "api/gen/corev1.h"
#include "base/metrics.h"
#include "base/scope.h"
#include "client/env.h"
#include "client/event_recorder.h"
#include "kubelet/cri/runtime.h"
#include "kubelet/pods/pod_actions.h"
#include "kubelet/probes/net_prober.h"

namespace xebec::kubelet {

class ProbeManager {
 public:
  ProbeManager(client::Env env, cri::Runtime& runtime, NetProber& net, client::EventRecorder& recorder);

  // Probes run in `scope`; `changed` is called with a pod's uid when a result of it changes.
  void start(Scope& scope, std::function<void(const std::string& uid)> changed);
  // Starts probing this instance, unless it is being probed. `was_ready`: what was last reported of this very
  // instance.
  void watch(std::shared_ptr<const corev1::Pod> pod, const corev1::Container& container,
             const std::string& id, int64_t started_at_nanos, const std::string& pod_ip, bool was_ready);
  void forget(const std::string& id);
  void forget_pod(const std::string& uid);
  // The pod is being ended: only readiness goes on.
  void stop_killing(const std::string& uid);

  ProbeResult liveness(const std::string& id) const;
  ProbeResult startup(const std::string& id) const;
  bool started(const std::string& id) const;
  bool ready(const std::string& id) const;
  // What /metrics/probes says.
  std::string metrics_text() const { return metrics_.text(); }

 private:
  struct Instance;
  enum class Kind { kStartup, kLiveness, kReadiness };
  Task<void> loop(std::shared_ptr<Instance> instance, Kind kind, CancelToken token);
  Task<ProbeAnswer> probe_once(std::shared_ptr<Instance> instance, Kind kind);
  void set(Instance& instance, Kind kind, ProbeResult result);
  void count(const Instance& instance, Kind kind, ProbeOutcome outcome);

  client::Env env_;
  cri::Runtime& runtime_;
  NetProber& net_;
  client::EventRecorder& recorder_;
  Metrics metrics_;
  MetricFamily<Counter>& total_;
  Scope* scope_ = nullptr;
  std::function<void(const std::string&)> changed_;
  std::map<std::string, std::shared_ptr<Instance>> instances_;  // by container id
};

// A number, or the name of one of the container's ports; 0 when there is no such port.
Result<int32_t> resolve_port(const api::IntOrString& port, const corev1::Container& container);
// The request of an httpGet handler; the host is `pod_ip` unless it names one.
Result<HttpProbe> http_probe_of(const corev1::HTTPGetAction& action, const corev1::Container& container,
                                const std::string& pod_ip);

}  // namespace xebec::kubelet
