#include "cmd/join/certificate_request.h"

#include <fmt/format.h>

#include "api/gen/certificatesv1.h"
#include "base/sync.h"

namespace xebec::cmd {
namespace {

using Csr = certificatesv1::CertificateSigningRequest;

constexpr Duration kLook = std::chrono::milliseconds(500);
constexpr int kLooks = 15 * 60 * 2;

// Its certificate; empty while it is not decided.
Result<std::string> certificate_of(const Csr& csr) {
  for (const auto& condition : csr.status.conditions) {
    if (condition.type == "Denied") {
      return fail(
          errors::internal(fmt::format("certificate signing request is denied, reason: {}, message: {}",
                                       condition.reason, condition.message)));
    }
    if (condition.type == "Failed") {
      return fail(errors::internal(fmt::format("certificate signing request failed, reason: {}, message: {}",
                                               condition.reason, condition.message)));
    }
  }
  return csr.status.certificate.data;
}

}  // namespace

Task<Result<pki::KeyPair>> request_certificate(client::Rest rest, CertificateWish wish, CancelToken token) {
  CO_TRY(pki::PrivateKey key, pki::PrivateKey::generate_ecdsa());
  CO_TRY(std::string request,
         pki::make_certificate_request(key, wish.subject, wish.dns_names, wish.ip_addresses));
  Csr csr;
  csr.metadata.generateName = wish.name_prefix;
  csr.spec.request = api::Bytes(std::move(request));
  csr.spec.signerName = wish.signer;
  csr.spec.usages = {"digital signature", wish.purpose};
  Context context;
  context.cancel = token;
  CO_TRY(Csr made, co_await rest.create(context, csr));
  for (int i = 0; i < kLooks; ++i) {
    Result<Csr> now = co_await rest.get<Csr>(context, std::string(), made.metadata.name);
    // The server may be away for a while.
    if (!now && now.error().is(reason::kNotFound)) co_return fail(now.error());
    if (now) {
      CO_TRY(std::string certificate, certificate_of(*now));
      if (!certificate.empty()) co_return pki::KeyPair{std::move(certificate), key.pem()};
    }
    if (!co_await sleep_for(kLook, token)) co_return fail(errors::cancelled());
  }
  co_return fail(errors::timeout("timed out waiting for the certificate " + made.metadata.name, 0));
}

CertificateWish kubelet_client_wish(const std::string& node) {
  CertificateWish wish;
  wish.signer = "kubernetes.io/kube-apiserver-client-kubelet";
  wish.purpose = "client auth";
  wish.subject.common_name = "system:node:" + node;
  wish.subject.organizations = {"system:nodes"};
  return wish;
}

CertificateWish kubelet_serving_wish(const std::string& node, const std::string& address) {
  CertificateWish wish = kubelet_client_wish(node);
  wish.signer = "kubernetes.io/kubelet-serving";
  wish.purpose = "server auth";
  wish.dns_names = {node};
  wish.ip_addresses = {address};
  return wish;
}

}  // namespace xebec::cmd
