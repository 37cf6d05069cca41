// ProjectedSources: what the API says is in the files of configMap, secret, downwardAPI and projected
// volumes; the tokens of service accounts are asked for, kept, and renewed in time. Belongs to one executor.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/flat_map.h"
#include "api/gen/corev1.h"
#include "client/env.h"
#include "client/rest.h"
#include "kubelet/volumes/atomic_writer.h"

namespace xebec::kubelet {

inline constexpr int kDefaultFileMode = 0644;

// The group that owns the volumes of the pod: fsGroup.
inline std::optional<int64_t> pod_group(const corev1::Pod& pod) {
  return pod.spec.securityContext ? pod.spec.securityContext->fsGroup : std::nullopt;
}

class ProjectedSources {
 public:
  using PodPtr = std::shared_ptr<const corev1::Pod>;

  // `allocatable`: of the node, for downward API limits.
  ProjectedSources(client::Env env, client::Rest rest, api::FlatMap<api::Quantity> allocatable);

  Task<Result<ProjectedFiles>> config_map(PodPtr pod, std::string name, std::vector<corev1::KeyToPath> items,
                                          int mode, bool optional, CancelToken token);
  Task<Result<ProjectedFiles>> secret(PodPtr pod, std::string name, std::vector<corev1::KeyToPath> items,
                                      int mode, bool optional, CancelToken token);
  Result<ProjectedFiles> downward(const corev1::Pod& pod,
                                  const std::vector<corev1::DownwardAPIVolumeFile>& items, int mode);
  // Of all sources of a projected volume.
  Task<Result<ProjectedFiles>> projected(PodPtr pod, corev1::Volume volume, CancelToken token);
  // The tokens of a pod that is gone.
  void forget(const std::string& uid);

 private:
  struct Token {
    std::string text;
    int64_t issued = 0, expires = 0;  // seconds
  };

  Task<Result<std::string>> service_account_token(PodPtr pod, std::string volume,
                                                  corev1::ServiceAccountTokenProjection source,
                                                  CancelToken token);
  int64_t now_seconds() const;

  client::Env env_;
  client::Rest rest_;
  api::FlatMap<api::Quantity> allocatable_;
  std::map<std::string, Token> tokens_;  // by "uid/volume/path"
};

}  // namespace xebec::kubelet
