// DefaultTolerationSeconds: a Pod stays for a time on a node that is not ready or unreachable, unless it
// says how it bears that (kubernetes plugin/pkg/admission/defaulttolerationseconds).
#include "api/gen/corev1.h"
#include "apiserver/admission/plugins.h"

namespace xebec::apiserver {
namespace {

bool tolerates(const corev1::PodSpec& spec, std::string_view key) {
  for (const corev1::Toleration& toleration : spec.tolerations) {
    bool matches_key = toleration.key == key || toleration.key.empty();
    bool matches_effect = toleration.effect == "NoExecute" || toleration.effect.empty();
    if (matches_key && matches_effect) return true;
  }
  return false;
}

void add(corev1::PodSpec& spec, std::string_view key, int64_t seconds) {
  corev1::Toleration& toleration = spec.tolerations.emplace_back();
  toleration.key = key;
  toleration.operator_ = "Exists";
  toleration.effect = "NoExecute";
  toleration.tolerationSeconds = seconds;
}

class DefaultTolerationSeconds final : public AdmissionPlugin {
 public:
  explicit DefaultTolerationSeconds(DefaultTolerations tolerations) : tolerations_(tolerations) {}
  std::string_view name() const override { return "DefaultTolerationSeconds"; }
  bool handles(Operation operation) const override {
    return operation == Operation::kCreate || operation == Operation::kUpdate;
  }

  Task<Result<void>> admit(const Context&, AdmissionAttributes& a) override {
    corev1::Pod* pod = a.object != nullptr && a.subresource.empty() ? a.object->as<corev1::Pod>() : nullptr;
    if (pod == nullptr) co_return Result<void>();
    bool not_ready = tolerates(pod->spec, "node.kubernetes.io/not-ready");
    bool unreachable = tolerates(pod->spec, "node.kubernetes.io/unreachable");
    if (!not_ready) add(pod->spec, "node.kubernetes.io/not-ready", tolerations_.not_ready_seconds);
    if (!unreachable) add(pod->spec, "node.kubernetes.io/unreachable", tolerations_.unreachable_seconds);
    co_return Result<void>();
  }

 private:
  const DefaultTolerations tolerations_;
};

}  // namespace

std::unique_ptr<AdmissionPlugin> make_default_toleration_seconds(DefaultTolerations tolerations) {
  return std::make_unique<DefaultTolerationSeconds>(tolerations);
}

}  // namespace xebec::apiserver
