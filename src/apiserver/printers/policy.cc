#include <fmt/format.h>

#include "api/gen/certificatesv1.h"
#include "api/gen/coordinationv1.h"
#include "api/gen/policyv1.h"
#include "api/gen/rbacv1.h"
#include "api/gen/schedulingv1.h"
#include "apiserver/printers/human_duration.h"
#include "apiserver/printers/printer.h"

namespace xebec::apiserver {
namespace {

// Roles print their creation time, not their age.
void print(const rbacv1::Role& object, Row& row) {
  row.set("Created At", object.metadata.creationTimestamp.str());
}
void print(const rbacv1::ClusterRole& object, Row& row) {
  row.set("Created At", object.metadata.creationTimestamp.str());
}

template <class Binding>
void print_binding(const Binding& object, Row& row) {
  std::vector<std::string> users, groups, accounts;
  for (const rbacv1::Subject& subject : object.subjects) {
    if (subject.kind == "User") users.push_back(subject.name);
    if (subject.kind == "Group") groups.push_back(subject.name);
    if (subject.kind == "ServiceAccount")
      accounts.push_back(fmt::format("{}/{}", subject.namespace_, subject.name));
  }
  row.set("Role", fmt::format("{}/{}", object.roleRef.kind, object.roleRef.name));
  row.set("Users", cells::join(users, ", "));
  row.set("Groups", cells::join(groups, ", "));
  row.set("ServiceAccounts", cells::join(accounts, ", "));
}

void print(const rbacv1::RoleBinding& object, Row& row) { print_binding(object, row); }
void print(const rbacv1::ClusterRoleBinding& object, Row& row) { print_binding(object, row); }

void print(const policyv1::PodDisruptionBudget& object, Row& row) {
  row.set("Min Available", object.spec.minAvailable ? object.spec.minAvailable->str() : "N/A");
  row.set("Max Unavailable", object.spec.maxUnavailable ? object.spec.maxUnavailable->str() : "N/A");
  row.set("Allowed Disruptions", object.status.disruptionsAllowed);
}

void print(const coordinationv1::Lease& object, Row& row) {
  row.set("Holder", object.spec.holderIdentity.value_or(""));
}

void print(const schedulingv1::PriorityClass& object, Row& row) {
  row.set("Value", object.value);
  row.set("Global-Default", object.globalDefault);
  row.set("PreemptionPolicy", object.preemptionPolicy.value_or("PreemptLowerPriority"));
}

std::string csr_status(const certificatesv1::CertificateSigningRequest& csr) {
  bool approved = false, denied = false, failed = false;
  for (const auto& condition : csr.status.conditions) {
    approved = approved || condition.type == "Approved";
    denied = denied || condition.type == "Denied";
    failed = failed || condition.type == "Failed";
  }
  std::string out = denied ? "Denied" : approved ? "Approved" : "Pending";
  if (failed) out += ",Failed";
  if (!csr.status.certificate.empty()) out += ",Issued";
  return out;
}

void print(const certificatesv1::CertificateSigningRequest& object, Row& row) {
  row.set("SignerName", cells::or_none(object.spec.signerName));
  row.set("Requestor", object.spec.username);
  row.set("RequestedDuration",
          object.spec.expirationSeconds ? human_duration(*object.spec.expirationSeconds) : "<none>");
  row.set("Condition", csr_status(object));
}

}  // namespace

std::span<const PrinterEntry> policy_printers() {
  static const PrinterEntry kTable[] = {XEBEC_PRINTER(rbacv1::Role),
                                        XEBEC_PRINTER(rbacv1::ClusterRole),
                                        XEBEC_PRINTER(rbacv1::RoleBinding),
                                        XEBEC_PRINTER(rbacv1::ClusterRoleBinding),
                                        XEBEC_PRINTER(policyv1::PodDisruptionBudget),
                                        XEBEC_PRINTER(coordinationv1::Lease),
                                        XEBEC_PRINTER(schedulingv1::PriorityClass),
                                        XEBEC_PRINTER(certificatesv1::CertificateSigningRequest)};
  return kTable;
}

}  // namespace xebec::apiserver
