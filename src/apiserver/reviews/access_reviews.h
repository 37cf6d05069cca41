// SubjectAccessReview, LocalSubjectAccessReview, SelfSubjectAccessReview, SelfSubjectRulesReview,
// SelfSubjectReview and TokenReview (k8s.io/kubernetes/pkg/registry/{authorization,authentication}).
#pragma once

#include "apiserver/authn/service_account/authenticator.h"
#include "apiserver/authz/authorizer.h"
#include "apiserver/authz/rbac/policy.h"
#include "apiserver/registry/virtual_resource.h"

namespace xebec::apiserver {

struct ReviewDependencies {
  std::shared_ptr<Authorizer> authorizer;
  std::shared_ptr<const rbac::Policy> policy;
  std::shared_ptr<const service_account::TokenChecker> tokens;
  std::vector<std::string> api_audiences;  // those of a TokenReview that names none
  // Bearers of other tokens than service accounts'; nullptr: there are none.
  std::shared_ptr<Authenticator> other_tokens;
};

void add_reviews(const ReviewDependencies& dependencies, VirtualResources& resources);

}  // namespace xebec::apiserver
