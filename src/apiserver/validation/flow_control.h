// Validation of flowcontrol.apiserver.k8s.io (k8s.io/kubernetes/pkg/apis/flowcontrol/validation).
#pragma once

#include "api/gen/flowcontrolv1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

// flow_schema.cc
Errors validate_flow_schema(const flowcontrolv1::FlowSchema& schema);
Errors validate_flow_schema_update(const flowcontrolv1::FlowSchema& schema,
                                   const flowcontrolv1::FlowSchema& old);
Errors validate_flow_schema_status_update(const flowcontrolv1::FlowSchema& schema,
                                          const flowcontrolv1::FlowSchema& old);
// priority_level.cc
using PriorityLevel = flowcontrolv1::PriorityLevelConfiguration;
Errors validate_priority_level(const PriorityLevel& level);
Errors validate_priority_level_update(const PriorityLevel& level, const PriorityLevel& old);
Errors validate_priority_level_status_update(const PriorityLevel& level, const PriorityLevel& old);

// Of either kind's status: one of a type.
template <class Condition>
void check_flow_conditions(Errors& errors, const std::vector<Condition>& conditions) {
  std::set<std::string_view> seen;
  for (size_t i = 0; i < conditions.size(); ++i) {
    const Path type = Path("status").child("conditions").index(i).child("type");
    if (!seen.insert(conditions[i].type).second) errors.push_back(field::duplicate(type, conditions[i].type));
    check_required(errors, type, conditions[i].type, "must not be empty");
  }
}

}  // namespace xebec::apiserver::validation
