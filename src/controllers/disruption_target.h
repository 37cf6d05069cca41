// The condition DisruptionTarget: why a Pod is ended by the system, told before it is
// (KEP-3329; k8s.io/kubernetes pkg/controller/podgc and tainteviction).
#pragma once

#include <string>
#include <string_view>

#include "api/gen/corev1.h"
#include "api/time.h"
#include "client/rest.h"

namespace xebec::controllers {

// Strategic merge patch of the status with the condition, and with phase Failed when `fails` and the Pod has
// not finished; empty when the Pod says all that already.
std::string disruption_patch(const corev1::Pod& pod, std::string_view reason, std::string_view message,
                             bool fails, api::Time now);
// Writes it. A Pod that is gone or another one by now is no error.
Task<Result<void>> mark_disrupted(client::Rest rest, std::shared_ptr<const corev1::Pod> pod,
                                  std::string patch);

}  // namespace xebec::controllers
