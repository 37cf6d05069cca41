// How the kubelet marks its sandboxes and containers in the runtime, so that a restarted one knows them
// again. Source: k8s.io/kubelet/pkg/types, pkg/kubelet/kuberuntime/labels.go.
#pragma once

#include <string>

namespace xebec::kubelet {

inline const std::string kPodName = "io.kubernetes.pod.name";
inline const std::string kPodNamespace = "io.kubernetes.pod.namespace";
inline const std::string kPodUid = "io.kubernetes.pod.uid";
inline const std::string kContainerName = "io.kubernetes.container.name";

inline const std::string kContainerHash = "io.kubernetes.container.hash";
inline const std::string kRestartCount = "io.kubernetes.container.restartCount";
inline const std::string kTerminationPath = "io.kubernetes.container.terminationMessagePath";
inline const std::string kTerminationPolicy = "io.kubernetes.container.terminationMessagePolicy";
inline const std::string kContainerGrace = "io.kubernetes.container.preStopHandler";
inline const std::string kPodGrace = "io.kubernetes.pod.terminationGracePeriod";
inline const std::string kConfigSource = "kubernetes.io/config.source";

}  // namespace xebec::kubelet
