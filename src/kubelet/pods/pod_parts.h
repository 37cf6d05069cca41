// What all pod workers of a kubelet share.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/gen/corev1.h"
#include "client/env.h"
#include "client/event_recorder.h"
#include "client/informer.h"
#include "client/rest.h"
#include "kubelet/backoff.h"
#include "kubelet/cgroups/cgroup_manager.h"
#include "kubelet/cri/runtime.h"
#include "kubelet/host_files.h"
#include "kubelet/image_puller.h"
#include "kubelet/node/node_status.h"
#include "kubelet/options.h"
#include "kubelet/probes/probe_manager.h"
#include "kubelet/status_manager.h"
#include "kubelet/volumes/volume_mounter.h"

namespace xebec::kubelet {

struct PodParts {
  const KubeletOptions& options;
  client::Env env;
  client::Rest rest;
  cri::Runtime& runtime;
  VolumeMounter& volumes;
  CgroupManager& cgroups;
  HostFiles& files;
  NetProber& net;
  client::EventRecorder& recorder;
  NodeStatus& node;
  client::Informer<corev1::Service>& services;
  StatusManager& statuses;
  ImagePuller& images;
  ProbeManager& probes;
  KeyedBackoff& restarts;
  // A sandbox's or container's id belongs to this pod: events about it wake its worker.
  std::function<void(const std::string& id, const std::string& uid)> learned;
  // Pods of this node that count when another one asks to come in.
  std::function<std::vector<std::shared_ptr<const corev1::Pod>>(const std::string& except_uid)> active_pods;
};

}  // namespace xebec::kubelet
