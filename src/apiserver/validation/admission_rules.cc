#include <fmt/format.h>

#include <algorithm>

#include "apiserver/validation/admission.h"

namespace xebec::apiserver::validation {
namespace {

using Texts = std::vector<std::string>;

bool has_wildcard(const Texts& texts) { return std::find(texts.begin(), texts.end(), "*") != texts.end(); }

// `*` stands alone among `what`.
void check_alone(Errors& errors, const Path& path, const Texts& texts, std::string_view what) {
  if (texts.empty()) errors.push_back(field::required(path));
  if (texts.size() > 1 && has_wildcard(texts)) {
    errors.push_back(field::invalid(path, go_json(texts),
                                    fmt::format("if '*' is present, must not specify other {}", what)));
  }
}

// "pods", "pods/log", "pods/*", "*/scale", "*", "*/*".
void check_resources(Errors& errors, const Path& path, const Texts& resources) {
  if (resources.empty()) errors.push_back(field::required(path));
  std::set<std::string_view> with_all_parts, of_all_resources;
  bool all = false, plain = false;
  for (size_t i = 0; i < resources.size(); ++i) {
    const std::string_view resource = resources[i];
    if (resource.empty()) {
      errors.push_back(field::required(path.index(i)));
      continue;
    }
    all = all || resource == "*";
    const size_t slash = resource.find('/');
    if (slash == std::string_view::npos) {
      plain = resource != "*";  // of the last one: upstream's rule
      continue;
    }
    const std::string_view name = resource.substr(0, slash), part = resource.substr(slash + 1);
    auto refuse = [&](std::string_view kind) {
      errors.push_back(field::invalid_string(
          path.index(i), resource, fmt::format("if '{}' is present, must not specify {}", kind, resource)));
    };
    if (with_all_parts.contains(name)) refuse(fmt::format("{}/*", name));
    if (of_all_resources.contains(part)) refuse(fmt::format("*/{}", part));
    if (part == "*") with_all_parts.insert(name);
    if (name == "*") of_all_resources.insert(part);
  }
  const bool everything = std::find(resources.begin(), resources.end(), "*/*") != resources.end();
  if (resources.size() > 1 && everything) {
    errors.push_back(
        field::invalid(path, go_json(resources), "if '*/*' is present, must not specify other resources"));
  }
  if (all && plain) {
    errors.push_back(
        field::invalid(path, go_json(resources),
                       "if '*' is present, must not specify other resources without subresources"));
  }
}

void check_named_rule(Errors& errors, const Path& path,
                      const admissionregistrationv1::NamedRuleWithOperations& rule) {
  std::set<std::string_view> seen;
  for (size_t i = 0; i < rule.resourceNames.size(); ++i) {
    const Path at = path.child("resourceNames").index(i);
    const std::string& name = rule.resourceNames[i];
    check_messages(errors, at, name, api::name_is_path_segment(name, false));
    if (!seen.insert(name).second) errors.push_back(field::duplicate(at, name));
  }
  check_rule(errors, path, rule);
}

void check_needed_selector(Errors& errors, const Path& path,
                           const api::Box<metav1::LabelSelector>& selector) {
  if (selector)
    check_label_selector(errors, path, *selector);
  else
    errors.push_back(field::required(path));
}

}  // namespace

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\n\v\f\r") == std::string_view::npos;
}

void check_rule(Errors& errors, const Path& path, const admissionregistrationv1::RuleWithOperations& rule) {
  const Path operations = path.child("operations"), versions = path.child("apiVersions");
  check_alone(errors, operations, rule.operations, "operations");
  for (size_t i = 0; i < rule.operations.size(); ++i) {
    const std::string_view operation = rule.operations[i];
    check_enum(errors, operations.index(i), operation, {"*", "CONNECT", "CREATE", "DELETE", "UPDATE"});
  }
  check_alone(errors, path.child("apiGroups"), rule.apiGroups, "API groups");
  check_alone(errors, versions, rule.apiVersions, "API versions");
  for (size_t i = 0; i < rule.apiVersions.size(); ++i)
    if (rule.apiVersions[i].empty()) errors.push_back(field::required(versions.index(i)));
  check_resources(errors, path.child("resources"), rule.resources);
  check_enum(errors, path.child("scope"), rule.scope, {"*", "Cluster", "Namespaced"});
}

void check_match_resources(Errors& errors, const Path& path,
                           const admissionregistrationv1::MatchResources& match) {
  if (!match.matchPolicy) errors.push_back(field::required(path.child("matchPolicy")));
  check_enum(errors, path.child("matchPolicy"), match.matchPolicy, {"Equivalent", "Exact"});
  check_needed_selector(errors, path.child("namespaceSelector"), match.namespaceSelector);
  check_needed_selector(errors, path.child("objectSelector"), match.objectSelector);
  for (size_t i = 0; i < match.resourceRules.size(); ++i)
    check_named_rule(errors, path.child("resourceRules").index(i), match.resourceRules[i]);
  for (size_t i = 0; i < match.excludeResourceRules.size(); ++i)
    check_named_rule(errors, path.child("excludeResourceRules").index(i), match.excludeResourceRules[i]);
}

void check_match_conditions(Errors& errors, const Path& path,
                            const std::vector<admissionregistrationv1::MatchCondition>& conditions) {
  constexpr int64_t kMost = 64;
  const auto count = static_cast<int64_t>(conditions.size());
  if (count > kMost) errors.push_back(field::too_many(path, count, kMost));
  std::set<std::string_view> seen;
  for (size_t i = 0; i < conditions.size(); ++i) {
    const Path at = path.index(i), name = at.child("name");
    const auto& condition = conditions[i];
    if (is_blank(condition.expression)) errors.push_back(field::required(at.child("expression")));
    if (condition.name.empty()) {
      errors.push_back(field::required(name));
      continue;
    }
    check_qualified_name(errors, name, condition.name);
    if (!seen.insert(condition.name).second) errors.push_back(field::duplicate(name, condition.name));
  }
}

}  // namespace xebec::apiserver::validation
