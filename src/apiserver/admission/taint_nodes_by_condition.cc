// TaintNodesByCondition: a new Node is not scheduled to before its kubelet has said that it is ready
// (kubernetes plugin/pkg/admission/nodetaint).
#include "api/gen/corev1.h"
#include "apiserver/admission/plugins.h"

namespace xebec::apiserver {
namespace {

constexpr std::string_view kNotReady = "node.kubernetes.io/not-ready";

class TaintNodesByCondition final : public AdmissionPlugin {
 public:
  std::string_view name() const override { return "TaintNodesByCondition"; }
  bool handles(Operation operation) const override { return operation == Operation::kCreate; }

  Task<Result<void>> admit(const Context&, AdmissionAttributes& a) override {
    corev1::Node* node =
        a.object != nullptr && a.subresource.empty() ? a.object->as<corev1::Node>() : nullptr;
    if (node == nullptr) co_return Result<void>();
    for (const corev1::Taint& taint : node->spec.taints) {
      if (taint.key == kNotReady && taint.effect == "NoSchedule") co_return Result<void>();
    }
    corev1::Taint& taint = node->spec.taints.emplace_back();
    taint.key = kNotReady;
    taint.effect = "NoSchedule";
    co_return Result<void>();
  }
};

}  // namespace

std::unique_ptr<AdmissionPlugin> make_taint_nodes_by_condition() {
  return std::make_unique<TaintNodesByCondition>();
}

}  // namespace xebec::apiserver
