// StatusManager: brings pod statuses to the API, one write a pod at a time, the newest status only, none when
// nothing changed. Keeps conditions of others, never leaves a terminal phase. Deletes pods that are over.
// Source: k8s.io/kubernetes pkg/kubelet/status/status_manager.go.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "api/gen/corev1.h"
#include "base/scope.h"
#include "client/env.h"
#include "client/rest.h"
#include "client/workqueue.h"

namespace xebec::kubelet {

class StatusManager {
 public:
  StatusManager(client::Env env, client::Rest rest)
      : env_(std::move(env)), rest_(std::move(rest)), queue_(*env_.executor) {}

  void start(Scope& scope);
  // `pod` is the newest object known.
  void set(std::shared_ptr<const corev1::Pod> pod, corev1::PodStatus status);
  // Everything of the pod on this node is gone: after the status is written, the object goes too.
  void finish(const std::string& uid);
  bool finished(const std::string& uid) const;
  // The pod is gone from the API.
  void forget(const std::string& uid) { entries_.erase(uid); }
  // The status set last; nullptr: none.
  const corev1::PodStatus* status(const std::string& uid) const;

 private:
  struct Entry {
    std::shared_ptr<const corev1::Pod> pod;
    corev1::PodStatus status;
    corev1::PodStatus written;    // as we sent it last
    int64_t written_version = 0;  // resourceVersion of that write's answer
    bool was_written = false;
    bool finished = false;
  };
  Task<Result<void>> sync(std::string uid);

  client::Env env_;
  client::Rest rest_;
  client::WorkQueue<std::string> queue_;
  std::map<std::string, Entry> entries_;  // by uid
};

// The strategic merge patch from the status the API has to the wanted one; empty when nothing differs.
std::string status_patch(const std::string& uid, const corev1::PodStatus& have,
                         const corev1::PodStatus& want);

}  // namespace xebec::kubelet
