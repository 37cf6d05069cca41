#include "controllers/certificates/approver.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/gen/authorizationv1.h"
#include "security/pki/node_requests.h"

namespace xebec::controllers {
namespace {

constexpr std::string_view kGroup = "certificates.k8s.io";
constexpr std::string_view kNodeUser = "system:node:";

Task<Result<void>> write_approval(client::Rest rest, Csr csr) {
  client::WriteOptions options;
  options.subresource = "approval";
  Result<Csr> written = co_await rest.update(Context(), csr, std::move(options));
  if (written || written.error().is(reason::kNotFound)) co_return Result<void>();
  Status error = written.error();
  error.message = "error updating approval for csr: " + error.message;
  co_return fail(std::move(error));
}

}  // namespace

CsrApprovingController::CsrApprovingController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("certificate-controller")),
      requests_(context.informers->get<Csr>()),
      queue_(env_, "certificate") {
  requests_.on_change([this](const auto&, const auto& now) {
    if (now && now->spec.signerName == kKubeletClientSigner && !is_decided(*now))
      queue_.add(now->metadata.name);
  });
}

void CsrApprovingController::start(Scope& scope) {
  client::run_controller(
      scope, queue_, 5, [this](std::string name) { return sync(std::move(name)); }, env_.logger);
}

Task<Result<bool>> CsrApprovingController::may(const Csr& csr, std::string subresource) {
  authorizationv1::SubjectAccessReview review;
  review.spec.user = csr.spec.username;
  review.spec.uid = csr.spec.uid;
  review.spec.groups = csr.spec.groups;
  for (const auto& [key, values] : csr.spec.extra) review.spec.extra[key].items = values.items;
  authorizationv1::ResourceAttributes& what = review.spec.resourceAttributes.emplace();
  what.group = kGroup;
  what.resource = "certificatesigningrequests";
  what.verb = "create";
  what.subresource = std::move(subresource);
  what.version = "*";
  CO_TRY(authorizationv1::SubjectAccessReview answer, co_await rest_.create(Context(), review));
  co_return answer.status.allowed;
}

Task<Result<void>> CsrApprovingController::sync(std::string name) {
  std::shared_ptr<const Csr> csr = requests_.get("", name);
  if (!csr || is_decided(*csr)) co_return Result<void>();
  CO_TRY(pki::CertificateRequest request, parse_request(*csr));
  if (!pki::check_kubelet_client(request, csr->spec.usages)) co_return Result<void>();
  struct Way {
    const char *subresource, *message;
  };
  std::vector<Way> ways;
  if (csr->spec.username == request.subject.common_name) {
    ways.push_back(
        Way{"selfnodeclient", "Auto approving self kubelet client certificate after SubjectAccessReview."});
  }
  ways.push_back(Way{"nodeclient", "Auto approving kubelet client certificate after SubjectAccessReview."});
  std::string tried;
  for (const Way& way : ways) {
    tried += (tried.empty() ? "" : " ") + std::string(way.subresource);
    CO_TRY(bool allowed, co_await may(*csr, way.subresource));
    if (!allowed) continue;
    Csr approved = *csr;
    approve(approved, way.message);
    co_return co_await write_approval(rest_, std::move(approved));
  }
  // Somebody may still be given the right to, or approve it by hand.
  co_return fail(Status(
      403, reason::kForbidden,
      fmt::format("recognized csr \"{}\" as [{}] but subject access review was not approved", name, tried)));
}

KubeletServingApprovingController::KubeletServingApprovingController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("kubelet-serving-approver")),
      requests_(context.informers->get<Csr>()),
      queue_(env_, "kubelet_serving_approver") {
  requests_.on_change([this](const auto&, const auto& now) {
    if (now && now->spec.signerName == kKubeletServingSigner && !is_decided(*now))
      queue_.add(now->metadata.name);
  });
}

void KubeletServingApprovingController::start(Scope& scope) {
  client::run_controller(
      scope, queue_, 2, [this](std::string name) { return sync(std::move(name)); }, env_.logger);
}

std::string serving_refusal(const Csr& csr, const pki::CertificateRequest& request,
                            const corev1::Node* node) {
  const std::string& user = csr.spec.username;
  const auto& groups = csr.spec.groups;
  if (!user.starts_with(kNodeUser) || std::ranges::find(groups, "system:nodes") == groups.end())
    return fmt::format("not requested by a node: user \"{}\"", user);
  if (user != request.subject.common_name)
    return fmt::format("\"{}\" asks for a certificate of \"{}\"", user, request.subject.common_name);
  Result<void> right = pki::check_kubelet_serving(request, csr.spec.usages);
  if (!right) return right.error().message;
  if (node == nullptr) return fmt::format("node \"{}\" not found", user.substr(kNodeUser.size()));
  auto own = [&](const std::string& name) {
    return std::ranges::any_of(node->status.addresses,
                               [&](const corev1::NodeAddress& a) { return a.address == name; });
  };
  for (const auto* list : {&request.dns_names, &request.ip_addresses}) {
    for (const std::string& name : *list) {
      if (!own(name)) return fmt::format("\"{}\" is no address of the node", name);
    }
  }
  return "";
}

Task<Result<void>> KubeletServingApprovingController::sync(std::string name) {
  std::shared_ptr<const Csr> csr = requests_.get("", name);
  if (!csr || is_decided(*csr)) co_return Result<void>();
  CO_TRY(pki::CertificateRequest request, parse_request(*csr));
  std::optional<corev1::Node> node;
  if (csr->spec.username.starts_with(kNodeUser)) {
    auto found = co_await rest_.get<corev1::Node>(Context(), "", csr->spec.username.substr(kNodeUser.size()));
    if (!found && !found.error().is(reason::kNotFound)) co_return fail(found.error());
    if (found) node = std::move(*found);
  }
  std::string refusal = serving_refusal(*csr, request, node ? &*node : nullptr);
  // It stays pending: the node may come to have the address, and a person may approve it.
  if (!refusal.empty())
    co_return fail(Status(403, reason::kForbidden, fmt::format("csr \"{}\": {}", name, refusal)));
  Csr approved = *csr;
  approve(approved, "Auto approving serving certificate of the kubelet for its node's addresses.");
  co_return co_await write_approval(rest_, std::move(approved));
}

}  // namespace xebec::controllers
