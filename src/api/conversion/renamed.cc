// Kinds of which an old version calls or places one thing differently: RuntimeClass of v1alpha1
// (k8s.io/kubernetes pkg/apis/node/v1alpha1/conversion.go), access reviews of v1beta1 ("group"),
// LeaseCandidates of v1alpha1 and StorageVersionMigrations of v1alpha1 (which upstream dropped without a
// conversion).
#include "api/conversion/kinds.h"
#include "api/gen/authorizationv1.h"
#include "api/gen/authorizationv1beta1.h"
#include "api/gen/coordinationv1alpha1.h"
#include "api/gen/coordinationv1beta1.h"
#include "api/gen/nodev1.h"
#include "api/gen/nodev1alpha1.h"
#include "api/gen/storagemigrationv1alpha1.h"
#include "api/gen/storagemigrationv1beta1.h"

namespace xebec::api::conversion {
namespace {

// --- RuntimeClass: everything was in a spec ---

void class_to_new(const nodev1alpha1::RuntimeClass& from, nodev1::RuntimeClass& to) {
  to.metadata = from.metadata;
  to.handler = from.spec.runtimeHandler;
  if (from.spec.overhead) convert_fields(*from.spec.overhead, to.overhead.emplace());
  if (from.spec.scheduling) convert_fields(*from.spec.scheduling, to.scheduling.emplace());
}
void class_to_old(const nodev1::RuntimeClass& from, nodev1alpha1::RuntimeClass& to) {
  to.metadata = from.metadata;
  to.spec.runtimeHandler = from.handler;
  if (from.overhead) convert_fields(*from.overhead, to.spec.overhead.emplace());
  if (from.scheduling) convert_fields(*from.scheduling, to.spec.scheduling.emplace());
}

// --- access reviews ---

template <class Old, class New>
void review_to_new(const Old& from, New& to) {
  convert_fields(from, to);
  to.spec.groups = from.spec.group;
}
template <class Old, class New>
void review_to_old(const New& from, Old& to) {
  convert_fields(from, to);
  to.spec.group = from.spec.groups;
}

// --- LeaseCandidate: several strategies, the best first ---

using OldCandidate = coordinationv1alpha1::LeaseCandidate;
using Candidate = coordinationv1beta1::LeaseCandidate;

void candidate_to_new(const OldCandidate& from, Candidate& to) {
  convert_fields(from, to);
  if (!from.spec.preferredStrategies.empty()) to.spec.strategy = from.spec.preferredStrategies[0];
}
void candidate_to_old(const Candidate& from, OldCandidate& to) {
  convert_fields(from, to);
  if (!from.spec.strategy.empty()) to.spec.preferredStrategies.push_back(from.spec.strategy);
}

// --- StorageVersionMigration ---

using OldMigration = storagemigrationv1alpha1::StorageVersionMigration;
using Migration = storagemigrationv1beta1::StorageVersionMigration;

void migration_to_new(const OldMigration& from, Migration& to) {
  convert_fields(from, to);
  for (size_t i = 0; i < from.status.conditions.size(); ++i)
    to.status.conditions[i].lastTransitionTime = from.status.conditions[i].lastUpdateTime;
}
void migration_to_old(const Migration& from, OldMigration& to) {
  convert_fields(from, to);
  for (size_t i = 0; i < from.status.conditions.size(); ++i)
    to.status.conditions[i].lastUpdateTime = from.status.conditions[i].lastTransitionTime;
}

template <class Old, class New, void (*to_new)(const Old&, New&), void (*to_old)(const New&, Old&)>
void append(std::vector<ConversionEntry>& table) {
  table.push_back(entry<Old, New, to_new>());
  table.push_back(entry<New, Old, to_old>());
}

template <class Old, class New>
void append_review(std::vector<ConversionEntry>& table) {
  append<Old, New, review_to_new<Old, New>, review_to_old<Old, New>>(table);
}

}  // namespace

void append_renamed(std::vector<ConversionEntry>& table) {
  append<nodev1alpha1::RuntimeClass, nodev1::RuntimeClass, class_to_new, class_to_old>(table);
  append_review<authorizationv1beta1::SubjectAccessReview, authorizationv1::SubjectAccessReview>(table);
  append_review<authorizationv1beta1::LocalSubjectAccessReview, authorizationv1::LocalSubjectAccessReview>(
      table);
  append<OldCandidate, Candidate, candidate_to_new, candidate_to_old>(table);
  append<OldMigration, Migration, migration_to_new, migration_to_old>(table);
}

}  // namespace xebec::api::conversion
