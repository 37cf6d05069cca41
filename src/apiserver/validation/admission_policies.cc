#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apiserver/validation/admission.h"
#include "apiserver/validation/conditions.h"

namespace xebec::apiserver::validation {
namespace {

namespace v1 = admissionregistrationv1;

constexpr size_t kMostAuditAnnotations = 20, kLongestAuditExpression = 5 * 1024;

std::string joined(const api::Messages& messages) { return fmt::format("{}", fmt::join(messages, ",")); }

bool is_cel_identifier(std::string_view name) {
  static constexpr std::string_view kReserved[] = {
      "true",     "false",   "null",      "in",       "as",  "break",  "const",
      "continue", "else",    "for",       "function", "if",  "import", "let",
      "loop",     "package", "namespace", "return",   "var", "void",   "while"};
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  auto any = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), any) &&
         std::find(std::begin(kReserved), std::end(kReserved), name) == std::end(kReserved);
}

void check_param_version(Errors& errors, const Path& path, std::string_view text) {
  if (text.empty()) return void(errors.push_back(field::required(path)));
  auto refuse = [&](std::string_view value, std::string_view detail) {
    errors.push_back(field::invalid_string(path, value, detail));
  };
  if (std::count(text.begin(), text.end(), '/') > 1)
    return refuse(text, fmt::format("unexpected GroupVersion string: {}", text));
  const size_t slash = text.find('/');
  const bool grouped = slash != std::string_view::npos;
  const std::string_view group = grouped ? text.substr(0, slash) : std::string_view();
  const std::string_view version = grouped ? text.substr(slash + 1) : text;
  if (!group.empty())
    if (const auto wrong = api::is_dns1123_subdomain(group); !wrong.empty()) refuse(group, joined(wrong));
  if (version.empty()) return refuse(text, "version must be specified");
  if (const auto wrong = api::is_dns1035_label(version); !wrong.empty()) refuse(version, joined(wrong));
}

void check_param_kind(Errors& errors, const Path& path, const v1::ParamKind& param) {
  check_param_version(errors, path.child("apiVersion"), param.apiVersion);
  if (param.kind.empty()) return void(errors.push_back(field::required(path.child("kind"))));
  std::string lower = param.kind;
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (const auto wrong = api::is_dns1035_label(lower); !wrong.empty()) {
    errors.push_back(field::invalid_string(
        path.child("kind"), param.kind, "may have mixed case, but should otherwise match: " + joined(wrong)));
  }
}

void check_param_ref(Errors& errors, const Path& path, const v1::ParamRef& ref) {
  constexpr std::string_view kExclusive = "name and selector are mutually exclusive";
  const bool both = !ref.name.empty() && ref.selector.has_value();
  if (!ref.name.empty())
    check_messages(errors, path.child("name"), ref.name, api::name_is_path_segment(ref.name, false));
  if (both) errors.push_back(field::forbidden(path.child("name"), kExclusive));
  if (ref.selector) check_label_selector(errors, path.child("selector"), *ref.selector);
  if (both) errors.push_back(field::forbidden(path.child("selector"), kExclusive));
  if (ref.name.empty() && !ref.selector)
    errors.push_back(field::required(path, "one of name or selector must be specified"));
  check_required_enum(errors, path.child("parameterNotFoundAction"), ref.parameterNotFoundAction.value_or(""),
                      {"Deny", "Allow"});
}

void check_variables(Errors& errors, const Path& path, const std::vector<v1::Variable>& variables) {
  for (size_t i = 0; i < variables.size(); ++i) {
    const Path at = path.index(i);
    if (is_blank(variables[i].name))
      errors.push_back(field::required(at.child("name"), "name is not specified"));
    else if (!is_cel_identifier(variables[i].name))
      errors.push_back(
          field::invalid_string(at.child("name"), variables[i].name, "must be a valid CEL identifier"));
    if (is_blank(variables[i].expression))
      errors.push_back(field::required(at.child("expression"), "expression is not specified"));
  }
}

void check_validations(Errors& errors, const Path& path, const std::vector<v1::Validation>& validations) {
  constexpr std::string_view kBlank = "must be non-empty if specified";
  for (size_t i = 0; i < validations.size(); ++i) {
    const Path at = path.index(i);
    const v1::Validation& validation = validations[i];
    if (is_blank(validation.expression))
      errors.push_back(field::required(at.child("expression"), "expression is not specified"));
    if (!validation.messageExpression.empty() && is_blank(validation.messageExpression))
      errors.push_back(
          field::invalid_string(at.child("messageExpression"), validation.messageExpression, kBlank));
    const std::string_view message = validation.message;
    // Line breaks at the ends are cut off.
    const size_t first = message.find_first_not_of(" \t\n\v\f\r"),
                 last = message.find_last_not_of(" \t\n\v\f\r");
    if (!message.empty() && is_blank(message))
      errors.push_back(field::invalid_string(at.child("message"), message, kBlank));
    else if (!message.empty() && message.substr(first, last - first).find_first_of("\n\r") != message.npos)
      errors.push_back(field::invalid_string(at.child("message"), message, "must not contain line breaks"));
    check_enum(errors, at.child("reason"), validation.reason,
               {"Forbidden", "Invalid", "RequestEntityTooLarge"});
  }
}

void check_audit_annotations(Errors& errors, const Path& path, std::string_view policy,
                             const std::vector<v1::AuditAnnotation>& annotations) {
  if (annotations.size() > kMostAuditAnnotations) {
    errors.push_back(
        field::invalid(path, go_json(annotations),
                       fmt::format("must not have more than {} auditAnnotations", kMostAuditAnnotations)));
  }
  std::set<std::string_view> seen;
  for (size_t i = 0; i < annotations.size(); ++i) {
    const Path at = path.index(i), key = at.child("key"), expression = at.child("valueExpression");
    const v1::AuditAnnotation& annotation = annotations[i];
    if (policy.empty())
      errors.push_back(field::invalid_string(key, annotation.key, "requires metadata.name be non-empty"));
    else
      check_qualified_name(errors, key, fmt::format("{}/{}", policy, annotation.key));
    if (is_blank(annotation.valueExpression))
      errors.push_back(field::required(expression, "valueExpression is not specified"));
    else if (annotation.valueExpression.size() > kLongestAuditExpression)
      errors.push_back(field::required(
          expression, fmt::format("must not exceed {} bytes in length", kLongestAuditExpression)));
    if (!seen.insert(annotation.key).second) errors.push_back(field::duplicate(key, annotation.key));
  }
}

// What both kinds of policies have.
template <class Spec>
void check_policy(Errors& errors, const Path& path, const Spec& spec, bool conditions) {
  if (!spec.failurePolicy) errors.push_back(field::required(path.child("failurePolicy")));
  check_enum(errors, path.child("failurePolicy"), spec.failurePolicy, {"Fail", "Ignore"});
  if (spec.paramKind) check_param_kind(errors, path.child("paramKind"), *spec.paramKind);
  const Path constraints = path.child("matchConstraints");
  if (spec.matchConstraints) {
    check_match_resources(errors, constraints, *spec.matchConstraints);
    if (spec.matchConstraints->resourceRules.empty())
      errors.push_back(field::required(constraints.child("resourceRules")));
  } else {
    errors.push_back(field::required(constraints));
  }
  if (conditions) check_match_conditions(errors, path.child("matchConditions"), spec.matchConditions);
  check_variables(errors, path.child("variables"), spec.variables);
}

template <class Spec>
bool changes_conditions(const Spec& spec, const Spec& old) {
  return !(spec.paramKind == old.paramKind && spec.matchConditions == old.matchConditions);
}

Errors check_validating_policy(const ValidatingPolicy& policy, bool conditions) {
  Errors errors;
  const Path path("spec");
  const auto& spec = policy.spec;
  check_policy(errors, path, spec, conditions);
  if (spec.validations.empty() && spec.auditAnnotations.empty()) {
    constexpr std::string_view kOne = "validations or auditAnnotations must contain at least one item";
    errors.push_back(field::required(path.child("validations"), kOne));
    errors.push_back(field::required(path.child("auditAnnotations"), kOne));
    return errors;
  }
  check_validations(errors, path.child("validations"), spec.validations);
  check_audit_annotations(errors, path.child("auditAnnotations"), policy.metadata.name,
                          spec.auditAnnotations);
  return errors;
}

// There is nothing to mutate in what is deleted.
void check_mutating_operations(Errors& errors, const Path& path, const v1::MatchResources& match) {
  for (const auto& rule : match.resourceRules)
    for (const std::string_view operation : rule.operations)
      check_enum(errors, path.child("resourceRules").child("operations"), operation,
                 {"*", "CONNECT", "CREATE", "UPDATE"});
}

void check_patch(Errors& errors, const Path& path, const auto& patch, std::string_view type) {
  if (!patch)
    errors.push_back(field::required(path, fmt::format("must be specified when patchType is {}", type)));
  else if (is_blank(patch->expression))
    errors.push_back(field::required(path.child("expression")));
}

void check_mutation(Errors& errors, const Path& path, const v1::Mutation& mutation) {
  const std::string& type = mutation.patchType;
  check_required_enum(errors, path.child("patchType"), type, {"ApplyConfiguration", "JSONPatch"});
  auto refuse = [&](std::string_view field) {
    errors.push_back(field::invalid_string(path.child(field), fmt::format("{{{}}}", field),
                                           fmt::format("must not be specified when patchType is {}", type)));
  };
  if (type == "JSONPatch") {
    check_patch(errors, path.child("jsonPatch"), mutation.jsonPatch, type);
    if (mutation.applyConfiguration) refuse("applyConfiguration");
  } else if (type == "ApplyConfiguration") {
    check_patch(errors, path.child("applyConfiguration"), mutation.applyConfiguration, type);
    if (mutation.jsonPatch) refuse("jsonPatch");
  }
}

Errors check_mutating_policy(const MutatingPolicy& policy, bool conditions) {
  Errors errors;
  const Path path("spec");
  const auto& spec = policy.spec;
  check_policy(errors, path, spec, conditions);
  if (spec.matchConstraints)
    check_mutating_operations(errors, path.child("matchConstraints"), *spec.matchConstraints);
  if (spec.mutations.empty())
    errors.push_back(field::required(path.child("mutations"), "mutations must contain at least one item"));
  for (size_t i = 0; i < spec.mutations.size(); ++i)
    check_mutation(errors, path.child("mutations").index(i), spec.mutations[i]);
  check_required_enum(errors, path.child("reinvocationPolicy"), spec.reinvocationPolicy,
                      {"IfNeeded", "Never"});
  return errors;
}

// What both kinds of bindings have.
template <class Spec>
void check_binding(Errors& errors, const Path& path, const Spec& spec) {
  const Path name = path.child("policyName");
  if (spec.policyName.empty())
    errors.push_back(field::required(name));
  else
    check_dns_subdomain(errors, name, spec.policyName);
  if (spec.paramRef) check_param_ref(errors, path.child("paramRef"), *spec.paramRef);
  if (spec.matchResources) check_match_resources(errors, path.child("matchResources"), *spec.matchResources);
}

void check_actions(Errors& errors, const Path& path, const std::vector<std::string>& actions) {
  std::set<std::string_view> seen;
  for (size_t i = 0; i < actions.size(); ++i) {
    const std::string_view action = actions[i];
    check_enum(errors, path.index(i), action, {"Audit", "Deny", "Warn"});
    if (!seen.insert(action).second) errors.push_back(field::duplicate(path.index(i), action));
  }
  if (seen.contains("Deny") && seen.contains("Warn")) {
    errors.push_back(
        field::invalid(path, go_json(actions),
                       "must not contain both Deny and Warn (repeating the same validation failure "
                       "information in the API response and headers serves no purpose)"));
  }
  if (seen.empty()) errors.push_back(field::required(path, "at least one validation action is required"));
}

}  // namespace

Errors validate_validating_policy(const ValidatingPolicy& policy) {
  return check_validating_policy(policy, true);
}

Errors validate_validating_policy_update(const ValidatingPolicy& policy, const ValidatingPolicy& old) {
  return check_validating_policy(policy, changes_conditions(policy.spec, old.spec));
}

Errors validate_validating_policy_status(const ValidatingPolicy& policy, const ValidatingPolicy&) {
  Errors errors;
  const Path path("status");
  if (policy.status.typeChecking) {
    const auto& warnings = policy.status.typeChecking->expressionWarnings;
    for (size_t i = 0; i < warnings.size(); ++i) {
      const Path at = path.child("typeChecking").child("expressionWarnings").index(i);
      check_required(errors, at.child("warning"), warnings[i].warning);
      if (is_blank(warnings[i].fieldRef)) errors.push_back(field::required(at.child("fieldRef")));
    }
  }
  check_conditions(errors, path.child("conditions"), policy.status.conditions);
  return errors;
}

Errors validate_mutating_policy(const MutatingPolicy& policy) { return check_mutating_policy(policy, true); }

Errors validate_mutating_policy_update(const MutatingPolicy& policy, const MutatingPolicy& old) {
  return check_mutating_policy(policy, changes_conditions(policy.spec, old.spec));
}

Errors validate_validating_binding(const ValidatingBinding& binding) {
  Errors errors;
  check_binding(errors, Path("spec"), binding.spec);
  check_actions(errors, Path("spec").child("validationActions"), binding.spec.validationActions);
  return errors;
}

Errors validate_validating_binding_update(const ValidatingBinding& binding, const ValidatingBinding&) {
  return validate_validating_binding(binding);
}

Errors validate_mutating_binding(const MutatingBinding& binding) {
  Errors errors;
  const Path path("spec");
  check_binding(errors, path, binding.spec);
  if (binding.spec.matchResources)
    check_mutating_operations(errors, path.child("matchResources"), *binding.spec.matchResources);
  return errors;
}

Errors validate_mutating_binding_update(const MutatingBinding& binding, const MutatingBinding&) {
  return validate_mutating_binding(binding);
}

}  // namespace xebec::apiserver::validation
