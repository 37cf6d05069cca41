#include "controllers/disruption_target.h"

#include "codec/json.h"
#include "controllers/pod_helpers.h"

namespace xebec::controllers {

std::string disruption_patch(const corev1::Pod& pod, std::string_view reason, std::string_view message,
                             bool fails, api::Time now) {
  const corev1::PodCondition* old = nullptr;
  for (const corev1::PodCondition& condition : pod.status.conditions) {
    if (condition.type == "DisruptionTarget") old = &condition;
  }
  bool told = old != nullptr && old->status == "True" && old->reason == reason && old->message == message;
  fails = fails && !pod_finished(pod);
  if (told && !fails) return {};
  codec::ValueMap condition;
  condition.set("type", "DisruptionTarget");
  condition.set("status", "True");
  condition.set("reason", reason);
  condition.set("message", message);
  bool stays = old != nullptr && old->status == "True";
  condition.set("lastTransitionTime", (stays ? old->lastTransitionTime : now).str());
  if (pod.metadata.generation != 0) condition.set("observedGeneration", pod.metadata.generation);
  codec::ValueList conditions;
  conditions.emplace_back(std::move(condition));
  codec::ValueMap status;
  status.set("conditions", std::move(conditions));
  if (fails) status.set("phase", "Failed");
  codec::ValueMap meta;
  meta.set("uid", pod.metadata.uid);
  codec::ValueMap patch;
  patch.set("metadata", std::move(meta));
  patch.set("status", std::move(status));
  return codec::to_json(codec::Value(std::move(patch)));
}

Task<Result<void>> mark_disrupted(client::Rest rest, std::shared_ptr<const corev1::Pod> pod,
                                  std::string patch) {
  client::WriteOptions options;
  options.subresource = "status";
  auto patched =
      co_await rest.patch<corev1::Pod>(Context(), pod->metadata.namespace_, pod->metadata.name,
                                       client::PatchType::kStrategic, std::move(patch), std::move(options));
  bool gone = !patched && (patched.error().is(reason::kNotFound) || patched.error().is(reason::kConflict));
  if (!patched && !gone) co_return fail(std::move(patched).error());
  co_return Result<void>();
}

}  // namespace xebec::controllers
