// What the files of the kubelet share.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/scope.h"
#include "client/informer.h"
#include "kubelet/eviction/eviction_manager.h"
#include "kubelet/images/image_gc.h"
#include "kubelet/kubelet.h"
#include "kubelet/pods/pod_worker.h"

namespace xebec::kubelet {

struct Kubelet::Impl final : EvictionActions {
  Impl(KubeletOptions o, client::Env e, client::Rest r, KubeletParts p)
      : options(std::move(o)),
        env(std::move(e)),
        rest(std::move(r)),
        outer(p),
        recorder(rest, env, "kubelet", options.node_name),
        node(options, env, rest, p.runtime, p.machine, recorder),
        pods(rest, env, own_pods()),
        services(rest, env),
        statuses(env, rest),
        images(env, rest, p.runtime, recorder),
        probes(env, p.runtime, p.net, recorder),
        restarts(std::chrono::seconds(10), std::chrono::minutes(5)),
        images_gc(env, p.runtime, p.machine, image_gc_options()),
        evictions(env, p.machine, *this),
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
              [this](const std::string& except) { return active_pods(except); }} {}

  ImageGcOptions image_gc_options() const {
    ImageGcOptions out;
    out.sandbox_image = options.sandbox_image;
    return out;
  }
  client::InformerOptions own_pods() const {
    client::InformerOptions out;
    out.field_selector = "spec.nodeName=" + options.node_name;
    return out;
  }
  Task<void> run(CancelToken token);
  Task<void> run_worker(std::shared_ptr<PodWorker> worker, std::string uid, CancelToken token);
  Task<void> follow_events(CancelToken token);
  Task<void> relist_often(CancelToken token);
  Task<void> wake_again(std::string uid, CancelToken token);
  Task<bool> relist();
  void pod_changed(const std::shared_ptr<const corev1::Pod>& old,
                   const std::shared_ptr<const corev1::Pod>& now);
  PodWorker& worker_of(const std::string& uid);
  void wake(const std::string& uid);
  const PodWorker* find(std::string_view uid) const;
  std::vector<std::shared_ptr<const corev1::Pod>> active_pods(const std::string& except) const;

  // ---- kubelet_chores.cc: what is done every now and then. ----
  Task<void> rotate_logs(CancelToken token);
  std::function<void(std::string reason, std::string message)> image_gc_failed();
  std::vector<PodPtr> running_pods() override;
  Task<std::optional<PodUsage>> usage(PodPtr pod) override;
  Task<std::optional<DiskSpace>> image_disk() override;
  Task<void> free_images() override;
  void node_event(std::string reason, std::string message) override;
  void evict(PodPtr pod, std::string message, int64_t grace) override;
  void set_pressures(std::vector<std::string> conditions) override {
    node.set_pressures(std::move(conditions));
  }

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
  ImageGc images_gc;
  EvictionManager evictions;
  PodParts parts;

  Scope* scope = nullptr;
  std::map<std::string, std::shared_ptr<PodWorker>, std::less<>> workers;  // by uid
  std::map<std::string, std::string> owners;  // sandbox or container id -> pod uid
  std::map<std::string, std::string> listed;  // id -> state, of the last relist
  bool events_up = false;
  Signal relist_now;
};

}  // namespace xebec::kubelet
