// Defaults of flowcontrol (k8s.io/kubernetes/pkg/apis/flowcontrol/*/defaults.go).
#include "api/defaults/groups.h"
#include "api/defaults/util.h"
#include "api/gen/flowcontrolv1.h"
#include "api/gen/flowcontrolv1alpha1.h"
#include "api/gen/flowcontrolv1beta1.h"
#include "api/gen/flowcontrolv1beta2.h"
#include "api/gen/flowcontrolv1beta3.h"

namespace xebec::api {
namespace {

template <class Schema>
void set_flow_schema_defaults(Schema& schema) {
  if (schema.spec.matchingPrecedence == 0) schema.spec.matchingPrecedence = 1000;
}

// All but the concurrency shares.
template <class Level>
void set_level_defaults(Level& level) {
  if (auto& exempt = level.spec.exempt) {
    default_to(exempt->nominalConcurrencyShares, 0);
    default_to(exempt->lendablePercent, 0);
  }
  if (!level.spec.limited) return;
  default_to(level.spec.limited->lendablePercent, 0);
  if (auto& queuing = level.spec.limited->limitResponse.queuing) {
    if (queuing->handSize == 0) queuing->handSize = 8;
    if (queuing->queues == 0) queuing->queues = 64;
    if (queuing->queueLengthLimit == 0) queuing->queueLengthLimit = 50;
  }
}

// Before v1 no shares meant the default, unless an annotation said otherwise
// (api/conversion/priority_level.cc).
template <class Level>
void set_shares(Level& level, int32_t& shares) {
  if (shares == 0 &&
      !level.metadata.annotations.contains("flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares"))
    shares = 30;
}

template <class Level>
void set_assured_level_defaults(Level& level) {
  set_level_defaults(level);
  if (level.spec.limited) set_shares(level, level.spec.limited->assuredConcurrencyShares);
}

}  // namespace

void add_flowcontrol_defaults(DefaultsTable& table) {
  add_defaults<flowcontrolv1::FlowSchema, flowcontrolv1beta3::FlowSchema, flowcontrolv1beta2::FlowSchema,
               flowcontrolv1beta1::FlowSchema, flowcontrolv1alpha1::FlowSchema>(
      table, [](auto& schema) { set_flow_schema_defaults(schema); });
  add_defaults<flowcontrolv1::PriorityLevelConfiguration>(table, [](auto& level) {
    set_level_defaults(level);
    if (level.spec.limited) default_to(level.spec.limited->nominalConcurrencyShares, 30);
  });
  add_defaults<flowcontrolv1beta3::PriorityLevelConfiguration>(table, [](auto& level) {
    set_level_defaults(level);
    if (level.spec.limited) set_shares(level, level.spec.limited->nominalConcurrencyShares);
  });
  add_defaults<flowcontrolv1beta2::PriorityLevelConfiguration, flowcontrolv1beta1::PriorityLevelConfiguration,
               flowcontrolv1alpha1::PriorityLevelConfiguration>(
      table, [](auto& level) { set_assured_level_defaults(level); });
}

}  // namespace xebec::api
