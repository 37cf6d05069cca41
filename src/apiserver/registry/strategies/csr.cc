// CertificateSigningRequests: who asks is what authentication says (k8s.io/kubernetes
// pkg/registry/certificates).
#include <chrono>

#include "api/gen/certificatesv1.h"
#include "apiserver/registry/strategies/strategies.h"
#include "apiserver/validation/certificates.h"
#include "base/clock.h"
#include "security/pki/node_requests.h"

namespace xebec::apiserver {
namespace {

std::string default_signer(const certificatesv1::CertificateSigningRequestSpec& spec) {
  const Result<pki::CertificateRequest> request = pki::CertificateRequest::parse_pem(spec.request.data);
  if (request && pki::check_kubelet_client(*request, spec.usages))
    return "kubernetes.io/kube-apiserver-client-kubelet";
  if (request && pki::check_kubelet_serving(*request, spec.usages)) return "kubernetes.io/kubelet-serving";
  return "kubernetes.io/legacy-unknown";
}

// What was decided stays as it was, unless the number of decisions differs: that is validation's to refuse.
void keep_decision(certificatesv1::CertificateSigningRequest& csr,
                   const certificatesv1::CertificateSigningRequest& old, std::string_view type) {
  std::vector<std::size_t> now, before;
  for (std::size_t i = 0; i < csr.status.conditions.size(); ++i)
    if (csr.status.conditions[i].type == type) now.push_back(i);
  for (std::size_t i = 0; i < old.status.conditions.size(); ++i)
    if (old.status.conditions[i].type == type) before.push_back(i);
  if (now.size() != before.size()) return;
  for (std::size_t i = 0; i < now.size(); ++i)
    csr.status.conditions[now[i]] = old.status.conditions[before[i]];
}

class CsrStrategy final : public TableStrategy {
 public:
  CsrStrategy(const api::Resource& resource, const api::Message& hub, StrategyRules rules, const Clock* clock)
      : TableStrategy(resource, hub, std::move(rules)), clock_(clock) {}

  void prepare_for_create(const Context& context, api::Object& object) const override {
    TableStrategy::prepare_for_create(context, object);
    auto& spec = object.get<certificatesv1::CertificateSigningRequest>().spec;
    spec.username.clear();
    spec.uid.clear();
    spec.groups.clear();
    spec.extra.clear();
    if (!context.user) return;
    spec.username = context.user->name;
    spec.uid = context.user->uid;
    spec.groups = context.user->groups;
    for (const auto& [key, values] : context.user->extra) spec.extra[key].items = values;
  }

  // v1beta1 took the signer from what was asked for.
  void prepare_request(const api::GroupVersionKind& request, api::Object& object,
                       const api::Object* old) const override {
    auto& spec = object.get<certificatesv1::CertificateSigningRequest>().spec;
    if (request.version == "v1beta1" && old == nullptr && spec.signerName.empty())
      spec.signerName = default_signer(spec);
  }

  void prepare_for_update(const Context& context, std::string_view subresource, api::Object& object,
                          const api::Object& old_object) const override {
    auto& csr = object.get<certificatesv1::CertificateSigningRequest>();
    const auto& old = old_object.get<certificatesv1::CertificateSigningRequest>();
    csr.spec = old.spec;
    if (subresource == "approval") {
      auto conditions = std::move(csr.status.conditions);
      csr.status = old.status;
      csr.status.conditions = std::move(conditions);
    } else if (subresource == "status") {
      TableStrategy::prepare_for_update(context, subresource, object, old_object);
      for (std::string_view type : {"Approved", "Denied"}) keep_decision(csr, old, type);
    } else {
      csr.status = old.status;
    }
    stamp(csr, old);
  }

  field::Errors validate_update(const Context& context, std::string_view subresource,
                                const api::Object& object, const api::Object& old) const override {
    if (subresource != "approval") return TableStrategy::validate_update(context, subresource, object, old);
    using certificatesv1::CertificateSigningRequest;
    return validation::validate_csr_approval_update(object.get<CertificateSigningRequest>(),
                                                    old.get<CertificateSigningRequest>());
  }

 private:
  void stamp(certificatesv1::CertificateSigningRequest& csr,
             const certificatesv1::CertificateSigningRequest& old) const {
    const api::Time now = api::Time::from_unix(
        std::chrono::duration_cast<std::chrono::seconds>(clock_->now().time_since_epoch()).count());
    for (auto& condition : csr.status.conditions) {
      if (condition.lastUpdateTime.is_zero()) condition.lastUpdateTime = now;
      if (!condition.lastTransitionTime.is_zero()) continue;
      condition.lastTransitionTime = now;
      for (const auto& before : old.status.conditions)
        if (before.type == condition.type && before.status == condition.status &&
            !before.lastTransitionTime.is_zero())
          condition.lastTransitionTime = before.lastTransitionTime;
    }
  }

  const Clock* const clock_;
};

}  // namespace

std::shared_ptr<const Strategy> make_csr_strategy(const api::Resource& resource, const api::Message& hub,
                                                  const Clock* clock) {
  StrategyRules rules;
  rules.selectable = {{"spec.signerName", "spec.signerName"}};
  rules.name_rule = [](std::string_view, bool) { return api::Messages(); };  // any name
  return std::make_shared<CsrStrategy>(resource, hub, std::move(rules), clock);
}

}  // namespace xebec::apiserver
