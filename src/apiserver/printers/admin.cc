#include <fmt/format.h>

#include "api/gen/admissionregistrationv1.h"
#include "api/gen/apiextensionsv1.h"
#include "api/gen/apiregistrationv1.h"
#include "api/gen/flowcontrolv1.h"
#include "api/gen/nodev1.h"
#include "apiserver/printers/printer.h"

namespace xebec::apiserver {
namespace {

void print(const admissionregistrationv1::MutatingWebhookConfiguration& object, Row& row) {
  row.set("Webhooks", static_cast<int64_t>(object.webhooks.size()));
}

void print(const admissionregistrationv1::ValidatingWebhookConfiguration& object, Row& row) {
  row.set("Webhooks", static_cast<int64_t>(object.webhooks.size()));
}

template <class Ref>
std::string param_ref(const Ref& ref) {
  if (!ref) return "<unset>";
  if (ref->name.empty()) return "<unset>";
  return ref->namespace_.empty() ? "*/" + ref->name : fmt::format("{}/{}", ref->namespace_, ref->name);
}

void print(const admissionregistrationv1::ValidatingAdmissionPolicy& object, Row& row) {
  row.set("Validations", static_cast<int64_t>(object.spec.validations.size()));
  const auto& kind = object.spec.paramKind;
  row.set("ParamKind", kind ? fmt::format("{}/{}", kind->apiVersion, kind->kind) : "<unset>");
}

void print(const admissionregistrationv1::ValidatingAdmissionPolicyBinding& object, Row& row) {
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
  std::string none = "<none>";
  std::string shares = none, queues = none, hand = none, limit = none;
  if (object.spec.limited) {
    if (object.spec.limited->nominalConcurrencyShares)
      shares = std::to_string(*object.spec.limited->nominalConcurrencyShares);
    if (const auto& queuing = object.spec.limited->limitResponse.queuing) {
      queues = std::to_string(queuing->queues);
      hand = std::to_string(queuing->handSize);
      limit = std::to_string(queuing->queueLengthLimit);
    }
  } else if (object.spec.exempt && object.spec.exempt->nominalConcurrencyShares) {
    shares = std::to_string(*object.spec.exempt->nominalConcurrencyShares);
  }
  row.set("Type", object.spec.type);
  row.set("NominalConcurrencyShares", std::move(shares));
  row.set("Queues", std::move(queues));
  row.set("HandSize", std::move(hand));
  row.set("QueueLengthLimit", std::move(limit));
}

void print(const nodev1::RuntimeClass& object, Row& row) { row.set("Handler", object.handler); }

}  // namespace

std::span<const PrinterEntry> admin_printers() {
  static const PrinterEntry kTable[] = {
      XEBEC_PRINTER(admissionregistrationv1::MutatingWebhookConfiguration),
      XEBEC_PRINTER(admissionregistrationv1::ValidatingWebhookConfiguration),
      XEBEC_PRINTER(admissionregistrationv1::ValidatingAdmissionPolicy),
      XEBEC_PRINTER(admissionregistrationv1::ValidatingAdmissionPolicyBinding),
      XEBEC_PRINTER(apiextensionsv1::CustomResourceDefinition),
      XEBEC_PRINTER(apiregistrationv1::APIService),
      XEBEC_PRINTER(flowcontrolv1::FlowSchema),
      XEBEC_PRINTER(flowcontrolv1::PriorityLevelConfiguration),
      XEBEC_PRINTER(nodev1::RuntimeClass)};
  return kTable;
}

}  // namespace xebec::apiserver
