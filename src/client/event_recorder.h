// EventRecorder: writes Events about objects, correlated as upstream does (event_correlator.h).
//
// event() never blocks or fails: it puts the event into a bounded queue (1000; more are dropped, and logged),
// which run() sends. A write that fails in transport is tried again 12 times, every 10 s; a rejected one is
// dropped. Belongs to the component's executor. Source: k8s.io/client-go/tools/record.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/descriptor.h"
#include "base/cancel.h"
#include "base/task.h"
#include "client/env.h"
#include "client/rest.h"

namespace xebec::corev1 {
struct ObjectReference;
}
namespace xebec::metav1 {
struct ObjectMeta;
}

namespace xebec::client {

inline constexpr std::string_view kEventNormal = "Normal";
inline constexpr std::string_view kEventWarning = "Warning";

// A reference as involvedObject has it. `field_path` e.g. "spec.containers{hue}".
corev1::ObjectReference reference_to(const metav1::ObjectMeta& meta, const api::TypeName& kind,
                                     std::string_view field_path = {});
template <class T>
auto reference_to(const T& object, std::string_view field_path = {}) {
  return reference_to(object.metadata, T::kDescriptor.kinds[0], field_path);
}

class EventRecorder {
 public:
  // `component` becomes source.component and reportingComponent, `host` source.host (a node's name, or
  // empty).
  EventRecorder(Rest rest, Env env, std::string component, std::string host = std::string());
  ~EventRecorder();
  EventRecorder(const EventRecorder&) = delete;

  // `about` without a namespace: the event goes to "default".
  void event(const corev1::ObjectReference& about, std::string_view type, std::string_view reason,
             std::string message);
  template <class T>
    requires requires(const T& object) { object.metadata; }
  void event(const T& about, std::string_view type, std::string_view reason, std::string message) {
    event(about.metadata, T::kDescriptor.kinds[0], type, reason, std::move(message));
  }
  void event(const metav1::ObjectMeta& about, const api::TypeName& kind, std::string_view type,
             std::string_view reason, std::string message);

  // Sends until cancelled; what is queued then is dropped. At most once. The recorder outlives the task.
  Task<void> run(CancelToken token);
  // Events not yet sent.
  size_t pending() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace xebec::client
