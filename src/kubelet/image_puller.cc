#include "kubelet/image_puller.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "kubelet/cri/image_name.h"
#include "kubelet/images/keyring.h"
#include "kubelet/objects.h"
#include "kubelet/pods/pod_status.h"
#include "kubelet/problem.h"
#include "kubelet/time.h"

namespace xebec::kubelet {
namespace {

using namespace std::chrono_literals;

// Each credential's error once, as upstream joins several.
std::string joined(const std::vector<std::string>& messages) {
  if (messages.size() == 1) return messages[0];
  return fmt::format("[{}]", fmt::join(messages, ", "));
}

}  // namespace

ImagePuller::ImagePuller(client::Env env, client::Rest rest, cri::Runtime& runtime,
                         client::EventRecorder& recorder)
    : env_(std::move(env)),
      rest_(std::move(rest)),
      runtime_(runtime),
      recorder_(recorder),
      backoff_(10s, 5min) {}

Task<std::vector<cri::AuthConfig>> ImagePuller::credentials(std::shared_ptr<const corev1::Pod> pod,
                                                            std::string image, CancelToken token) {
  Keyring ring;
  for (const corev1::LocalObjectReference& ref : pod->spec.imagePullSecrets) {
    Result<corev1::Secret> secret = co_await get_secret(rest_, token, pod->metadata.namespace_, ref.name);
    if (!secret) {
      recorder_.event(
          *pod, client::kEventWarning, "FailedToRetrieveImagePullSecret",
          fmt::format("Unable to retrieve some image pull secrets ({}); attempting to pull the image may not "
                      "succeed.",
                      ref.name));
      continue;
    }
    ring.add(*secret);
  }
  co_return ring.lookup(image);
}

Task<void> ImagePuller::pull(std::string key, cri::ImageSpec image, std::vector<cri::AuthConfig> auths,
                             cri::PodSandboxConfig sandbox) {
  PullResult result = fail(problem("no attempt"));
  if (auths.empty()) {
    std::optional<cri::AuthConfig> none;
    result = co_await runtime_.pull_image(image, none, sandbox);
  }
  std::vector<std::string> errors;
  for (const cri::AuthConfig& auth : auths) {
    std::optional<cri::AuthConfig> one = auth;
    result = co_await runtime_.pull_image(image, one, sandbox);
    if (result) break;
    const std::string& message = result.error().message;
    if (std::find(errors.begin(), errors.end(), message) == errors.end()) errors.push_back(message);
  }
  if (!result && !errors.empty()) {
    Status all = result.error();
    all.message = joined(errors);
    result = fail(std::move(all));
  }
  if (result && pulled_) pulled_();
  std::vector<OneShot<PullResult>> waiters = std::move(pulls_[key]);
  pulls_.erase(key);
  for (const OneShot<PullResult>& waiter : waiters) waiter.set(result);
}

Task<bool> ImagePuller::ensure(std::shared_ptr<const corev1::Pod> pod, corev1::Container container,
                               cri::PodSandboxConfig sandbox, CancelToken token, PulledImage& pulled,
                               ImageFailure& failure) {
  corev1::ObjectReference about = container_reference(*pod, container.name);
  std::string unreadable = cri::image_name_problem(container.image);
  if (!unreadable.empty()) {
    failure.reason = "InvalidImageName";
    failure.message =
        fmt::format("Failed to apply default image tag \"{}\": couldn't parse image name \"{}\": {}",
                    container.image, container.image, unreadable);
    failure.retry_after = 10s;
    recorder_.event(about, client::kEventWarning, "InspectFailed", failure.message);
    co_return false;
  }
  cri::ImageSpec spec;
  spec.image = cri::full_image_name(container.image);
  spec.user_specified_image = container.image;
  Result<std::optional<cri::Image>> present = co_await runtime_.image_status(spec);
  if (!present) {
    failure.reason = "ImageInspectError";
    failure.message =
        fmt::format("Failed to inspect image \"{}\": {}", container.image, present.error().message);
    failure.retry_after = 2s;
    recorder_.event(about, client::kEventWarning, "InspectFailed", failure.message);
    co_return false;
  }
  std::string policy = container.imagePullPolicy;
  if (policy.empty()) policy = "IfNotPresent";
  if (*present && policy != "Always") {
    pulled.image = **present;
    pulled.ref = (*present)->id;
    recorder_.event(
        about, client::kEventNormal, "Pulled",
        fmt::format("Container image \"{}\" already present on machine and can be accessed by the pod",
                    container.image));
    co_return true;
  }
  if (policy == "Never") {
    failure.reason = "ErrImageNeverPull";
    failure.message =
        fmt::format("Container image \"{}\" is not present with pull policy of Never", container.image);
    failure.retry_after = 10s;
    recorder_.event(about, client::kEventWarning, "ErrImageNeverPull", failure.message);
    co_return false;
  }
  const std::string key = pod->metadata.uid + "_" + container.image;
  int64_t now = now_nanos(*env_.clock);
  Duration wait = backoff_.remaining_since_update(key, now);
  if (wait > Duration::zero()) {
    failure.reason = "ImagePullBackOff";
    failure.message = fmt::format("Back-off pulling image \"{}\"", container.image);
    recorder_.event(about, client::kEventNormal, "BackOff", failure.message);
    if (last_error_.contains(key)) failure.message += ": " + last_error_[key];
    failure.retry_after = wait;
    co_return false;
  }
  recorder_.event(about, client::kEventNormal, "Pulling",
                  fmt::format("Pulling image \"{}\"", container.image));
  std::vector<cri::AuthConfig> auths = co_await credentials(pod, container.image, token);
  std::string pull_key = spec.image;
  for (const cri::AuthConfig& auth : auths)
    pull_key += "\n" + auth.username + "\n" + auth.password + auth.identity_token + auth.registry_token;
  MonotonicTime began = env_.executor->now();
  OneShot<PullResult> shot;
  bool first = pulls_[pull_key].empty();
  pulls_[pull_key].push_back(shot);
  if (first) scope_->spawn(pull(pull_key, spec, std::move(auths), std::move(sandbox)));
  PullResult result = co_await wait_for(shot, token);
  if (!result && result.error().is(reason::kCancelled)) {
    failure.reason = "ErrImagePull";
    failure.message = "pull was cancelled";
    co_return false;
  }
  if (!result) {
    failure.reason = "ErrImagePull";
    failure.message = result.error().message;
    recorder_.event(about, client::kEventWarning, "Failed",
                    fmt::format("Failed to pull image \"{}\": {}", container.image, failure.message));
    now = now_nanos(*env_.clock);
    backoff_.next(key, now, now);
    last_error_[key] = "ErrImagePull: " + failure.message;
    failure.retry_after = 2s;  // then it says ImagePullBackOff
    co_return false;
  }
  last_error_.erase(key);
  pulled.ref = *result;
  Result<std::optional<cri::Image>> now_present = co_await runtime_.image_status(spec);
  if (now_present && *now_present) pulled.image = **now_present;
  std::chrono::milliseconds took =
      std::chrono::duration_cast<std::chrono::milliseconds>(env_.executor->now() - began);
  recorder_.event(
      about, client::kEventNormal, "Pulled",
      fmt::format("Successfully pulled image \"{}\" in {} ({} including waiting). Image size: {} bytes.",
                  container.image, go_duration(took), go_duration(took),
                  pulled.image ? pulled.image->size : 0));
  co_return true;
}

}  // namespace xebec::kubelet
