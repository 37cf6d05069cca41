#include "apiserver/reviews/access_reviews.h"

#include "api/field_error.h"
#include "api/gen/authorizationv1.h"
#include "apiserver/reviews/user_info.h"
#include "apiserver/validation/check.h"
#include "apiserver/validation/go_value.h"

namespace xebec::apiserver {
namespace {

constexpr std::string_view kGroup = "authorization.k8s.io";

using ResourceBox = api::Box<authorizationv1::ResourceAttributes>;
using NonResourceBox = api::Box<authorizationv1::NonResourceAttributes>;

AuthorizationAttributes attributes_of(std::shared_ptr<const UserInfo> user, const ResourceBox& resource,
                                      const NonResourceBox& non_resource) {
  AuthorizationAttributes out;
  out.user = std::move(user);
  if (resource) {
    out.verb = resource->verb;
    out.namespace_ = resource->namespace_;
    out.group = resource->group;
    out.version = resource->version.empty() ? "*" : resource->version;
    out.resource = resource->resource;
    out.subresource = resource->subresource;
    out.name = resource->name;
  } else if (non_resource) {
    out.is_resource = false;
    out.verb = non_resource->verb;
    out.path = non_resource->path;
  }
  return out;
}

field::Errors validate_attributes(const ResourceBox& resource, const NonResourceBox& non_resource) {
  field::Path spec("spec");
  field::Errors errors;
  if (resource && non_resource) {
    errors.push_back(field::invalid(spec.child("nonResourceAttributes"), validation::go_json(non_resource),
                                    "cannot be specified in combination with resourceAttributes"));
  }
  if (!resource && !non_resource) {
    errors.push_back(
        field::invalid(spec.child("resourceAttributes"), validation::go_json(non_resource),
                       "exactly one of nonResourceAttributes or resourceAttributes must be specified"));
  }
  return errors;
}

void check_requirement(field::Errors& errors, const field::Path& path,
                       const metav1::FieldSelectorRequirement& r) {
  validation::check_required(errors, path.child("key"), r.key, "must be specified");
  validation::check_operator_values(errors, path, r.operator_, r.values);
}

void check_requirement(field::Errors& errors, const field::Path& path,
                       const metav1::LabelSelectorRequirement& r) {
  validation::check_label_requirement(errors, path, r, validation::SelectorValues::kChecked,
                                      validation::SelectorOperators::kAny);
}

template <class Selector>
void check_selector(field::Errors& errors, const field::Path& path, const api::Box<Selector>& selector) {
  if (!selector) return;
  if (!selector->rawSelector.empty() && !selector->requirements.empty()) {
    errors.push_back(field::invalid_string(path.child("rawSelector"), selector->rawSelector,
                                           "may not specified at the same time as requirements"));
  }
  if (selector->rawSelector.empty() && selector->requirements.empty()) {
    errors.push_back(
        field::required(path.child("requirements"),
                        "when " + path.text() + " is specified, requirements or rawSelector is required"));
  }
  for (size_t i = 0; i < selector->requirements.size(); ++i)
    check_requirement(errors, path.child("requirements").index(i), selector->requirements[i]);
}

void check_selectors(field::Errors& errors, const ResourceBox& resource) {
  if (!resource) return;
  const field::Path path = field::Path("spec").child("resourceAttributes");
  check_selector(errors, path.child("fieldSelector"), resource->fieldSelector);
  check_selector(errors, path.child("labelSelector"), resource->labelSelector);
}

// A review is asked for, not named; of a local one the namespace is part of the question.
void check_metadata(field::Errors& errors, metav1::ObjectMeta meta, bool local) {
  metav1::ObjectMeta shown = meta;
  if (local) meta.namespace_.clear();
  meta.managedFields.clear();
  if (meta == metav1::ObjectMeta()) return;
  errors.push_back(field::invalid(field::Path("metadata"), validation::go_json(shown),
                                  local ? "must be empty except for namespace" : "must be empty"));
}

void answer(const Verdict& verdict, authorizationv1::SubjectAccessReviewStatus& status) {
  status.allowed = verdict.decision == Decision::kAllow;
  status.denied = verdict.decision == Decision::kDeny;
  status.reason = verdict.reason;
  status.evaluationError = verdict.evaluation_error;
}

std::shared_ptr<const UserInfo> subject_of(const authorizationv1::SubjectAccessReviewSpec& spec) {
  UserInfo user;
  user.name = spec.user;
  user.uid = spec.uid;
  user.groups = spec.groups;
  for (const auto& [key, values] : spec.extra) user.extra[key] = values.items;
  return std::make_shared<const UserInfo>(std::move(user));
}

// T: SubjectAccessReview or LocalSubjectAccessReview.
template <class T>
class SubjectReview final : public VirtualResource {
 public:
  SubjectReview(std::shared_ptr<Authorizer> authorizer, std::string_view kind)
      : authorizer_(std::move(authorizer)), kind_(kind) {}

  Task<Result<api::Object>> create(Context, VirtualCreate request) override {
    T& review = request.object.get<T>();
    field::Errors errors = validate(review.spec);
    const bool local = !request.namespace_.empty();
    check_metadata(errors, review.metadata, local);
    if (local) check_local(errors, review.spec, request.namespace_);
    if (!errors.empty()) co_return fail(errors::invalid({kGroup, kind_}, "", field::causes(errors)));
    answer(authorizer_->authorize(attributes_of(subject_of(review.spec), review.spec.resourceAttributes,
                                                review.spec.nonResourceAttributes)),
           review.status);
    co_return std::move(request.object);
  }

 private:
  static field::Errors validate(const authorizationv1::SubjectAccessReviewSpec& spec) {
    field::Errors errors = validate_attributes(spec.resourceAttributes, spec.nonResourceAttributes);
    field::Path path("spec");
    if (spec.user.empty() && spec.groups.empty()) {
      errors.push_back(field::invalid_string(path.child("user"), spec.user,
                                             "at least one of user or group must be specified"));
    }
    check_selectors(errors, spec.resourceAttributes);
    return errors;
  }
  static void check_local(field::Errors& errors, const authorizationv1::SubjectAccessReviewSpec& spec,
                          const std::string& namespace_) {
    const field::Path path("spec");
    if (spec.resourceAttributes && spec.resourceAttributes->namespace_ != namespace_) {
      errors.push_back(field::invalid_string(path.child("resourceAttributes").child("namespace"),
                                             spec.resourceAttributes->namespace_,
                                             "must match metadata.namespace"));
    }
    if (spec.nonResourceAttributes) {
      errors.push_back(field::invalid(path.child("nonResourceAttributes"),
                                      validation::go_json(spec.nonResourceAttributes),
                                      "disallowed on this kind of request"));
    }
  }

  std::shared_ptr<Authorizer> authorizer_;
  std::string kind_;
};

class SelfAccessReview final : public VirtualResource {
 public:
  explicit SelfAccessReview(std::shared_ptr<Authorizer> authorizer) : authorizer_(std::move(authorizer)) {}

  Task<Result<api::Object>> create(Context context, VirtualCreate request) override {
    auto& review = request.object.get<authorizationv1::SelfSubjectAccessReview>();
    const auto& spec = review.spec;
    field::Errors errors = validate_attributes(spec.resourceAttributes, spec.nonResourceAttributes);
    check_selectors(errors, spec.resourceAttributes);
    check_metadata(errors, review.metadata, false);
    if (!errors.empty()) {
      co_return fail(errors::invalid({kGroup, "SelfSubjectAccessReview"}, "", field::causes(errors)));
    }
    answer(authorizer_->authorize(
               attributes_of(context.user, spec.resourceAttributes, spec.nonResourceAttributes)),
           review.status);
    co_return std::move(request.object);
  }

 private:
  std::shared_ptr<Authorizer> authorizer_;
};

class SelfRulesReview final : public VirtualResource {
 public:
  explicit SelfRulesReview(std::shared_ptr<const rbac::Policy> policy) : policy_(std::move(policy)) {}

  Task<Result<api::Object>> create(Context context, VirtualCreate request) override {
    auto& review = request.object.get<authorizationv1::SelfSubjectRulesReview>();
    if (review.spec.namespace_.empty()) co_return fail(errors::bad_request("no namespace on request"));
    rbac::ResolvedRules resolved = policy_->rules_of(*context.user, review.spec.namespace_);
    for (rbacv1::PolicyRule& rule : resolved.rules) add(std::move(rule), review.status);
    for (const std::string& error : resolved.errors) {
      if (!review.status.evaluationError.empty()) review.status.evaluationError += ", ";
      review.status.evaluationError += error;
    }
    co_return std::move(request.object);
  }

 private:
  static void add(rbacv1::PolicyRule rule, authorizationv1::SubjectRulesReviewStatus& status) {
    if (!rule.resources.empty()) {
      authorizationv1::ResourceRule& out = status.resourceRules.emplace_back();
      out.verbs = rule.verbs;
      out.apiGroups = std::move(rule.apiGroups);
      out.resources = std::move(rule.resources);
      out.resourceNames = std::move(rule.resourceNames);
    }
    if (!rule.nonResourceURLs.empty()) {
      authorizationv1::NonResourceRule& out = status.nonResourceRules.emplace_back();
      out.verbs = std::move(rule.verbs);
      out.nonResourceURLs = std::move(rule.nonResourceURLs);
    }
  }

  std::shared_ptr<const rbac::Policy> policy_;
};

class SelfReview final : public VirtualResource {
 public:
  Task<Result<api::Object>> create(Context context, VirtualCreate request) override {
    request.object.get<authenticationv1::SelfSubjectReview>().status.userInfo = to_api(*context.user);
    co_return std::move(request.object);
  }
};

class TokenReviewResource final : public VirtualResource {
 public:
  TokenReviewResource(std::shared_ptr<const service_account::TokenChecker> tokens,
                      std::vector<std::string> audiences, std::shared_ptr<Authenticator> others)
      : tokens_(std::move(tokens)), api_audiences_(std::move(audiences)), others_(std::move(others)) {}

  Task<Result<api::Object>> create(Context context, VirtualCreate request) override {
    auto& review = request.object.get<authenticationv1::TokenReview>();
    if (review.spec.token.empty()) {
      co_return fail(errors::bad_request("token is required for TokenReview in authentication"));
    }
    std::vector<std::string> audiences =
        review.spec.audiences.empty() ? api_audiences_ : review.spec.audiences;
    auto checked = co_await tokens_->check(context, review.spec.token, std::move(audiences));
    review.status = {};
    if (checked && !*checked) {
      // Such a token is good for whatever accepts tokens of this server.
      CO_TRY(std::shared_ptr<const UserInfo> user, co_await bearer_of(std::move(context), review.spec.token));
      if (user) {
        review.status.authenticated = true;
        review.status.user = to_api(*user);
        co_return std::move(request.object);
      }
    }
    if (!checked) {
      review.status.error = "[invalid bearer token, " + checked.error().message + "]";
    } else if (!*checked) {
      review.status.error = "invalid bearer token";
    } else {
      review.status.authenticated = true;
      review.status.user = to_api(*(*checked)->user);
      review.status.audiences = (*checked)->audiences;
    }
    co_return std::move(request.object);
  }

 private:
  Task<Result<std::shared_ptr<const UserInfo>>> bearer_of(Context context, std::string token) {
    if (!others_) co_return std::shared_ptr<const UserInfo>();
    http::Request request;
    request.headers.add("Authorization", "Bearer " + token);
    co_return co_await others_->authenticate(context, request);
  }

  std::shared_ptr<const service_account::TokenChecker> tokens_;
  std::vector<std::string> api_audiences_;
  std::shared_ptr<Authenticator> others_;
};

}  // namespace

void add_reviews(const ReviewDependencies& deps, VirtualResources& resources) {
  resources["authorization.k8s.io/subjectaccessreviews"] =
      std::make_unique<SubjectReview<authorizationv1::SubjectAccessReview>>(deps.authorizer,
                                                                            "SubjectAccessReview");
  resources["authorization.k8s.io/localsubjectaccessreviews"] =
      std::make_unique<SubjectReview<authorizationv1::LocalSubjectAccessReview>>(deps.authorizer,
                                                                                 "LocalSubjectAccessReview");
  resources["authorization.k8s.io/selfsubjectaccessreviews"] =
      std::make_unique<SelfAccessReview>(deps.authorizer);
  resources["authorization.k8s.io/selfsubjectrulesreviews"] = std::make_unique<SelfRulesReview>(deps.policy);
  resources["authentication.k8s.io/selfsubjectreviews"] = std::make_unique<SelfReview>();
  resources["authentication.k8s.io/tokenreviews"] =
      std::make_unique<TokenReviewResource>(deps.tokens, deps.api_audiences, deps.other_tokens);
}

}  // namespace xebec::apiserver
