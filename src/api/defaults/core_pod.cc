#include "api/defaults/core.h"
#include "api/defaults/image.h"
#include "api/defaults/util.h"

namespace xebec::corev1 {
namespace {

using api::default_number;
using api::default_to;

constexpr int32_t kFileMode = 0644;

void set_handler_defaults(ProbeHandler& handler) {
  if (handler.httpGet) {
    default_to(handler.httpGet->path, "/");
    default_to(handler.httpGet->scheme, "HTTP");
  }
  if (handler.grpc && !handler.grpc->service) handler.grpc->service = "";
}

void set_probe_defaults(api::Box<Probe>& probe) {
  if (!probe) return;
  default_number(probe->timeoutSeconds, 1);
  default_number(probe->periodSeconds, 10);
  default_number(probe->successThreshold, 1);
  default_number(probe->failureThreshold, 3);
  set_handler_defaults(*probe);
}

void set_lifecycle_defaults(api::Box<LifecycleHandler>& handler) {
  if (!handler || !handler->httpGet) return;
  default_to(handler->httpGet->path, "/");
  default_to(handler->httpGet->scheme, "HTTP");
}

void set_env_defaults(std::vector<EnvVar>& env) {
  for (EnvVar& var : env) {
    if (var.valueFrom && var.valueFrom->fieldRef) default_to(var.valueFrom->fieldRef->apiVersion, "v1");
  }
}

template <class C>  // Container or EphemeralContainer's common part
void set_container_defaults(C& container) {
  default_to(container.imagePullPolicy, api::default_pull_policy(container.image));
  default_to(container.terminationMessagePath, "/dev/termination-log");
  default_to(container.terminationMessagePolicy, "File");
  for (ContainerPort& port : container.ports) default_to(port.protocol, "TCP");
  set_env_defaults(container.env);
  api::round_up_all(container.resources.limits);
  api::round_up_all(container.resources.requests);
  set_probe_defaults(container.livenessProbe);
  set_probe_defaults(container.readinessProbe);
  set_probe_defaults(container.startupProbe);
  if (container.lifecycle) {
    set_lifecycle_defaults(container.lifecycle->postStart);
    set_lifecycle_defaults(container.lifecycle->preStop);
  }
}

void set_downward_defaults(std::vector<DownwardAPIVolumeFile>& items) {
  for (DownwardAPIVolumeFile& item : items) {
    if (item.fieldRef) default_to(item.fieldRef->apiVersion, "v1");
  }
}

void set_projection_defaults(VolumeProjection& source) {
  if (source.downwardAPI) set_downward_defaults(source.downwardAPI->items);
  if (source.serviceAccountToken) default_to(source.serviceAccountToken->expirationSeconds, 3600);
}

void set_block_volume_defaults(Volume& volume) { api::set_plugin_defaults(volume); }

// A volume that names no source is an empty directory. Every source is a Box of the embedded VolumeSource.
bool has_source(const Volume& volume) {
  for (const api::Field& field : api::type_of<VolumeSource>().fields) {
    if (!field.is_empty(static_cast<const VolumeSource*>(&volume))) return true;
  }
  return false;
}

void set_volume_defaults(Volume& volume) {
  if (!has_source(volume)) volume.emptyDir.emplace();
  if (volume.secret) default_to(volume.secret->defaultMode, kFileMode);
  if (volume.configMap) default_to(volume.configMap->defaultMode, kFileMode);
  if (volume.downwardAPI) {
    default_to(volume.downwardAPI->defaultMode, kFileMode);
    set_downward_defaults(volume.downwardAPI->items);
  }
  if (volume.projected) {
    default_to(volume.projected->defaultMode, kFileMode);
    for (VolumeProjection& source : volume.projected->sources) set_projection_defaults(source);
  }
  if (volume.hostPath && !volume.hostPath->type) volume.hostPath->type = "";
  if (volume.image) default_to(volume.image->pullPolicy, api::default_pull_policy(volume.image->reference));
  if (volume.ephemeral && volume.ephemeral->volumeClaimTemplate) {
    default_to(volume.ephemeral->volumeClaimTemplate->spec.volumeMode, "Filesystem");
  }
  set_block_volume_defaults(volume);
}

// With host networking a port of the container is a port of the host.
void set_host_ports(std::vector<Container>& containers) {
  for (Container& container : containers) {
    for (ContainerPort& port : container.ports) default_number(port.hostPort, port.containerPort);
  }
}

// A limit without a request asks for all of it.
void set_requests(std::vector<Container>& containers) {
  for (Container& container : containers) {
    for (const auto& [name, limit] : container.resources.limits)
      container.resources.requests.insert(name, limit);
  }
}

}  // namespace

void set_pod_spec_defaults(PodSpec& spec) {
  default_to(spec.dnsPolicy, "ClusterFirst");
  default_to(spec.restartPolicy, "Always");
  default_to(spec.terminationGracePeriodSeconds, 30);
  default_to(spec.schedulerName, "default-scheduler");
  if (!spec.securityContext) spec.securityContext.emplace();
  for (Volume& volume : spec.volumes) set_volume_defaults(volume);
  for (Container& container : spec.initContainers) set_container_defaults(container);
  for (Container& container : spec.containers) set_container_defaults(container);
  for (EphemeralContainer& container : spec.ephemeralContainers) set_container_defaults(container);
  api::round_up_all(spec.overhead);
}

void set_defaults(Pod& pod) {
  set_pod_spec_defaults(pod.spec);
  set_requests(pod.spec.initContainers);
  set_requests(pod.spec.containers);
  default_to(pod.spec.enableServiceLinks, true);
  if (pod.spec.hostNetwork) {
    set_host_ports(pod.spec.containers);
    set_host_ports(pod.spec.initContainers);
  }
  // The deprecated name and the new one are kept equal, as upstream's conversion does.
  if (pod.spec.serviceAccountName.empty()) pod.spec.serviceAccountName = pod.spec.serviceAccount;
  pod.spec.serviceAccount = pod.spec.serviceAccountName;
}

void set_defaults(PodTemplate& template_) { set_template_defaults(template_.template_); }

}  // namespace xebec::corev1
