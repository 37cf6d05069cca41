// DefaultTolerationSeconds: a Pod stays five minutes on a node that is not ready or unreachable, unless it
// says how it bears that (kubernetes plugin/pkg/admission/defaulttolerationseconds).
#include "api/gen/corev1.h"
#include "apiserver/admission/plugins.h"

namespace xebec::apiserver {
namespace {

constexpr int64_t kSeconds = 300;

bool tolerates(const corev1::PodSpec& spec, std::string_view key) {
  for (const corev1::Toleration& toleration : spec.tolerations) {
    bool matches_key = toleration.key == key || toleration.key.empty();
    bool matches_effect = toleration.effect == "NoExecute" || toleration.effect.empty();
    if (matches_key && matches_effect) return true;
  }
  return false;
}

void add(corev1::PodSpec& spec, std::string_view key) {
  corev1::Toleration& toleration = spec.tolerations.emplace_back();
  toleration.key = key;
  toleration.operator_ = "Exists";
  toleration.effect = "NoExecute";
  toleration.tolerationSeconds = kSeconds;
}

class DefaultTolerationSeconds final : public AdmissionPlugin {
 public:
  std::string_view name() const override { return "DefaultTolerationSeconds"; }
  bool handles(Operation operation) const override {
    return operation == Operation::kCreate || operation == Operation::kUpdate;
  }

  Task<Result<void>> admit(const Context&, AdmissionAttributes& a) override {
    corev1::Pod* pod = a.object != nullptr && a.subresource.empty() ? a.object->as<corev1::Pod>() : nullptr;
    if (pod == nullptr) co_return Result<void>();
    bool not_ready = tolerates(pod->spec, "node.kubernetes.io/not-ready");
    bool unreachable = tolerates(pod->spec, "node.kubernetes.io/unreachable");
    if (!not_ready) add(pod->spec, "node.kubernetes.io/not-ready");
    if (!unreachable) add(pod->spec, "node.kubernetes.io/unreachable");
    co_return Result<void>();
  }
};

}  // namespace

std::unique_ptr<AdmissionPlugin> make_default_toleration_seconds() {
  return std::make_unique<DefaultTolerationSeconds>();
}

}  // namespace xebec::apiserver
