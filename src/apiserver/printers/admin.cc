#include <fmt/format.h>

#include "api/gen/admissionregistrationv1.h"
#include "api/gen/apiextensionsv1.h"
#include "api/gen/apiregistrationv1.h"
#include "api/gen/apiserverinternalv1alpha1.h"
#include "api/gen/coordinationv1beta1.h"
#include "api/gen/flowcontrolv1.h"
#include "api/gen/nodev1.h"
#include "api/gen/resourcev1.h"
#include "apiserver/printers/human_duration.h"
#include "apiserver/printers/printer.h"

namespace xebec::apiserver {
namespace {

void print(const admissionregistrationv1::MutatingWebhookConfiguration& object, Row& row) {
  row.set("Webhooks", static_cast<int64_t>(object.webhooks.size()));
}

void print(const admissionregistrationv1::ValidatingWebhookConfiguration& object, Row& row) {
  row.set("Webhooks", static_cast<int64_t>(object.webhooks.size()));
}

// A selector as upstream's generated code prints it.
std::string generated_text(const metav1::LabelSelector& selector) {
  std::string labels, expressions;
  for (const auto& [key, value] : selector.matchLabels) labels += fmt::format("{}: {},", key, value);
  for (const auto& requirement : selector.matchExpressions) {
    expressions += fmt::format("LabelSelectorRequirement{{Key:{},Operator:{},Values:[{}],}},",
                               requirement.key, requirement.operator_, cells::join(requirement.values, " "));
  }
  return fmt::format(
      "&LabelSelector{{MatchLabels:map[string]string{{{}}},MatchExpressions:[]LabelSelectorRequirement{{{}}},"
      "}}",
      labels, expressions);
}

std::string param_ref(const api::Box<admissionregistrationv1::ParamRef>& ref) {
  if (!ref) return "<unset>";
  if (ref->name.empty()) return ref->selector ? generated_text(*ref->selector) : "<unset>";
  return ref->namespace_.empty() ? "*/" + ref->name : fmt::format("{}/{}", ref->namespace_, ref->name);
}

std::string param_kind(const api::Box<admissionregistrationv1::ParamKind>& kind) {
  return kind ? fmt::format("{}/{}", kind->apiVersion, kind->kind) : "<unset>";
}

void print(const admissionregistrationv1::ValidatingAdmissionPolicy& object, Row& row) {
  row.set("Validations", static_cast<int64_t>(object.spec.validations.size()));
  row.set("ParamKind", param_kind(object.spec.paramKind));
}

void print(const admissionregistrationv1::ValidatingAdmissionPolicyBinding& object, Row& row) {
  row.set("PolicyName", object.spec.policyName);
  row.set("ParamRef", param_ref(object.spec.paramRef));
}

void print(const admissionregistrationv1::MutatingAdmissionPolicy& object, Row& row) {
  row.set("Mutations", static_cast<int64_t>(object.spec.mutations.size()));
  row.set("ParamKind", param_kind(object.spec.paramKind));
}

void print(const admissionregistrationv1::MutatingAdmissionPolicyBinding& object, Row& row) {
  row.set("PolicyName", object.spec.policyName);
  row.set("ParamRef", param_ref(object.spec.paramRef));
}

void print(const apiextensionsv1::CustomResourceDefinition& object, Row& row) {
  row.set("Created At", object.metadata.creationTimestamp.str());
}

void print(const apiregistrationv1::APIService& object, Row& row) {
  std::string available = "Unknown";
  for (const auto& condition : object.status.conditions) {
    if (condition.type != "Available") continue;
    available = condition.status == "True" ? "True"
                : condition.reason.empty() ? condition.status
                                           : fmt::format("{} ({})", condition.status, condition.reason);
  }
  row.set("Name", object.metadata.name);
  row.set("Age", human_age(object.metadata.creationTimestamp, row.now()));
  row.set("Service", object.spec.service
                         ? fmt::format("{}/{}", object.spec.service->namespace_, object.spec.service->name)
                         : "Local");
  row.set("Available", std::move(available));
}

void print(const flowcontrolv1::FlowSchema& object, Row& row) {
  std::string missing = "?";
  for (const auto& condition : object.status.conditions) {
    if (condition.type == "Dangling") missing = condition.status;
  }
  row.set("PriorityLevel", object.spec.priorityLevelConfiguration.name);
  row.set("MatchingPrecedence", object.spec.matchingPrecedence);
  row.set("DistinguisherMethod",
          object.spec.distinguisherMethod ? object.spec.distinguisherMethod->type : "<none>");
  row.set("MissingPL", std::move(missing));
}

void print(const flowcontrolv1::PriorityLevelConfiguration& object, Row& row) {
  for (std::string_view column : {"NominalConcurrencyShares", "Queues", "HandSize", "QueueLengthLimit"})
    row.set(column, "<none>");
  row.set("Type", object.spec.type);
  if (!object.spec.limited) return;
  row.set("NominalConcurrencyShares", object.spec.limited->nominalConcurrencyShares.value_or(0));
  const auto& queuing = object.spec.limited->limitResponse.queuing;
  if (!queuing) return;
  row.set("Queues", queuing->queues);
  row.set("HandSize", queuing->handSize);
  row.set("QueueLengthLimit", queuing->queueLengthLimit);
}

void print(const apiserverinternalv1alpha1::StorageVersion& object, Row& row) {
  std::vector<std::string> servers;
  for (const auto& server : object.status.storageVersions)
    servers.push_back(fmt::format("{}={}", server.apiServerID, server.encodingVersion));
  row.set("CommonEncodingVersion", object.status.commonEncodingVersion.value_or("<unset>"));
  row.set("StorageVersions", cells::join_some(servers, 3));
}

void print(const coordinationv1beta1::LeaseCandidate& object, Row& row) {
  row.set("BinaryVersion", object.spec.binaryVersion);
  row.set("EmulationVersion", object.spec.emulationVersion);
}

void print(const nodev1::RuntimeClass& object, Row& row) { row.set("Handler", object.handler); }

void print(const resourcev1::ResourceClaim& object, Row& row) {
  const bool deleted = object.metadata.deletionTimestamp.has_value();
  std::vector<std::string> states;
  if (deleted) states.emplace_back("deleted");
  if (!object.status.allocation && !deleted) states.emplace_back("pending");
  if (object.status.allocation) {
    states.emplace_back("allocated");
    if (!object.status.reservedFor.empty()) states.emplace_back("reserved");
  }
  row.set("State", cells::join(states));
}

void print(const resourcev1::ResourceSlice& object, Row& row) {
  row.set("Node", object.spec.nodeName.value_or(""));
  row.set("Driver", object.spec.driver);
  row.set("Pool", object.spec.pool.name);
}

}  // namespace

std::span<const PrinterEntry> admin_printers() {
  static const PrinterEntry kTable[] = {
      XEBEC_PRINTER(admissionregistrationv1::MutatingWebhookConfiguration),
      XEBEC_PRINTER(admissionregistrationv1::ValidatingWebhookConfiguration),
      XEBEC_PRINTER(admissionregistrationv1::ValidatingAdmissionPolicy),
      XEBEC_PRINTER(admissionregistrationv1::ValidatingAdmissionPolicyBinding),
      XEBEC_PRINTER(admissionregistrationv1::MutatingAdmissionPolicy),
      XEBEC_PRINTER(admissionregistrationv1::MutatingAdmissionPolicyBinding),
      XEBEC_PRINTER(apiextensionsv1::CustomResourceDefinition),
      XEBEC_PRINTER(apiregistrationv1::APIService),
      XEBEC_PRINTER(flowcontrolv1::FlowSchema),
      XEBEC_PRINTER(flowcontrolv1::PriorityLevelConfiguration),
      XEBEC_PRINTER(apiserverinternalv1alpha1::StorageVersion),
      XEBEC_PRINTER(coordinationv1beta1::LeaseCandidate),
      XEBEC_PRINTER(nodev1::RuntimeClass),
      XEBEC_PRINTER(resourcev1::ResourceClaim),
      XEBEC_PRINTER(resourcev1::ResourceSlice)};
  return kTable;
}

}  // namespace xebec::apiserver
