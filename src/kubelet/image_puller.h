// ImagePuller: sees to it that a container's image is there, by its pull policy, with upstream's events and
// back-off (10 s to 5 min). A pull goes on when its waiter leaves, and equal pulls at the same time are one.
// Source: k8s.io/kubernetes pkg/kubelet/images/image_manager.go.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/gen/corev1.h"
#include "base/scope.h"
#include "base/sync.h"
#include "client/env.h"
#include "client/event_recorder.h"
#include "client/rest.h"
#include "kubelet/backoff.h"
#include "kubelet/cri/runtime.h"

namespace xebec::kubelet {

struct PulledImage {
  std::string ref;  // to create containers with
  std::optional<cri::Image> image;
};

// What a container waits for when its image is not there: reason and message of its waiting state.
struct ImageFailure {
  std::string reason, message;
  Duration retry_after{};
};

class ImagePuller {
 public:
  ImagePuller(client::Env env, client::Rest rest, cri::Runtime& runtime, client::EventRecorder& recorder);

  // Pulls run in `scope`.
  void start(Scope& scope) { scope_ = &scope; }
  // False: `failure` says why. Events go to the container of the pod.
  Task<bool> ensure(std::shared_ptr<const corev1::Pod> pod, corev1::Container container,
                    cri::PodSandboxConfig sandbox, CancelToken token, PulledImage& pulled,
                    ImageFailure& failure);
  void forget(const std::string& uid) { backoff_.forget_prefix(uid); }
  // Called when an image has come.
  void on_pulled(std::function<void()> pulled) { pulled_ = std::move(pulled); }

 private:
  using PullResult = Result<std::string>;
  Task<void> pull(std::string key, cri::ImageSpec image, std::vector<cri::AuthConfig> auths,
                  cri::PodSandboxConfig sandbox);
  Task<std::vector<cri::AuthConfig>> credentials(std::shared_ptr<const corev1::Pod> pod, std::string image,
                                                 CancelToken token);

  client::Env env_;
  client::Rest rest_;
  cri::Runtime& runtime_;
  client::EventRecorder& recorder_;
  Scope* scope_ = nullptr;
  KeyedBackoff backoff_;
  std::map<std::string, std::vector<OneShot<PullResult>>> pulls_;  // waiters by image and credentials
  std::map<std::string, std::string> last_error_;                  // by back-off key
  std::function<void()> pulled_;
};

}  // namespace xebec::kubelet
