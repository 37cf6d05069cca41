#include <fmt/format.h>

#include <algorithm>

#include "apiserver/validation/flow_control.h"

namespace xebec::apiserver::validation {
namespace {

namespace v1 = flowcontrolv1;
using Texts = std::vector<std::string>;

constexpr int32_t kHighestPrecedence = 10000;
constexpr std::string_view kVerbs[] = {"create", "delete", "deletecollection", "get",  "list",
                                       "patch",  "proxy",  "update",           "watch"};

bool has_wildcard(const Texts& texts) { return std::find(texts.begin(), texts.end(), "*") != texts.end(); }

// At least one; `*` stands alone among `what`. False when it does not stand at all.
bool check_some(Errors& errors, const Path& path, const Texts& texts, std::string_view missing,
                std::string_view what) {
  if (texts.empty()) {
    errors.push_back(field::required(path, missing));
    return true;
  }
  if (!has_wildcard(texts)) return false;
  if (texts.size() > 1) {
    errors.push_back(field::invalid(path, go_json(texts),
                                    fmt::format("if '*' is present, must not specify other {}", what)));
  }
  return true;
}

void check_verbs(Errors& errors, const Path& path, const Texts& verbs) {
  if (check_some(errors, path, verbs, "verbs must contain at least one value", "verbs")) return;
  auto known = [](const std::string& verb) {
    return std::find(std::begin(kVerbs), std::end(kVerbs), verb) != std::end(kVerbs);
  };
  if (std::all_of(verbs.begin(), verbs.end(), known)) return;
  errors.push_back(not_supported_value(
      path, go_json(verbs),
      {"create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"}));
}

void check_service_account(Errors& errors, const Path& path, const v1::ServiceAccountSubject& account) {
  if (account.name.empty())
    errors.push_back(field::required(path.child("name")));
  else if (account.name != "*")
    check_dns_subdomain(errors, path.child("name"), account.name);
  if (account.namespace_.empty())
    errors.push_back(field::required(path.child("namespace"), "must specify namespace for service account"));
  else
    check_dns_label(errors, path.child("namespace"), account.namespace_);
}

// Of the three ways to name someone the kind's is there, and no other.
void check_subject(Errors& errors, const Path& path, const v1::Subject& subject) {
  const bool user = subject.kind == "User", group = subject.kind == "Group";
  const bool account = subject.kind == "ServiceAccount";
  if (!user && !group && !account)
    return check_enum(errors, path.child("kind"), std::string_view(subject.kind),
                      {"Group", "ServiceAccount", "User"});
  auto need = [&](std::string_view field, bool is_set) {
    if (is_set) return true;
    errors.push_back(field::required(
        path.child(field), fmt::format("{} is required when subject kind is '{}'", field, subject.kind)));
    return false;
  };
  auto refuse = [&](std::string_view field, std::string_view kind) {
    errors.push_back(field::forbidden(
        path.child(field), fmt::format("{} is forbidden when subject kind is not '{}'", field, kind)));
  };
  if (account && need("serviceAccount", subject.serviceAccount.has_value()))
    check_service_account(errors, path.child("serviceAccount"), *subject.serviceAccount);
  if (user && need("user", subject.user.has_value()))
    check_required(errors, path.child("user").child("name"), subject.user->name);
  if (group && need("group", subject.group.has_value()))
    check_required(errors, path.child("group").child("name"), subject.group->name);
  if (!account && subject.serviceAccount) refuse("serviceAccount", "ServiceAccount");
  if (!user && subject.user) refuse("user", "User");
  if (!group && subject.group) refuse("group", "Group");
}

void check_resource_rule(Errors& errors, const Path& path, const v1::ResourcePolicyRule& rule) {
  check_verbs(errors, path.child("verbs"), rule.verbs);
  check_some(errors, path.child("apiGroups"), rule.apiGroups,
             "resource rules must supply at least one api group", "api groups");
  check_some(errors, path.child("resources"), rule.resources,
             "resource rules must supply at least one resource", "resources");
  const Path namespaces = path.child("namespaces");
  if (rule.namespaces.empty() && rule.clusterScope) return;
  if (check_some(errors, namespaces, rule.namespaces,
                 "resource rules that are not cluster scoped must supply at least one namespace",
                 "namespaces"))
    return;
  for (size_t i = 0; i < rule.namespaces.size(); ++i)
    for (const std::string& wrong : api::is_dns1123_label(rule.namespaces[i]))
      errors.push_back(
          field::invalid_string(namespaces.index(i), rule.namespaces[i],
                                "each member of this list must be '*' or a DNS-1123 label; " + wrong));
}

// "/healthz", "/apis/*".
std::string_view wrong_url(std::string_view url) {
  if (url.empty()) return "must not be empty";
  if (url == "/") return {};
  if (!url.starts_with('/')) return "must start with slash";
  if (url.find(' ') != std::string_view::npos) return "must not contain white-space";
  if (url.find("//") != std::string_view::npos) return "must not contain double slash";
  const auto wildcards = std::count(url.begin(), url.end(), '*');
  if (wildcards > 1 || (wildcards == 1 && !url.ends_with("/*")))
    return "wildcard can only do suffix matching";
  return {};
}

void check_url_rule(Errors& errors, const Path& path, const v1::NonResourcePolicyRule& rule) {
  check_verbs(errors, path.child("verbs"), rule.verbs);
  const Path urls = path.child("nonResourceURLs");
  if (check_some(errors, urls, rule.nonResourceURLs, "nonResourceURLs must contain at least one value",
                 "non-resource URLs"))
    return;
  for (size_t i = 0; i < rule.nonResourceURLs.size(); ++i)
    if (const auto wrong = wrong_url(rule.nonResourceURLs[i]); !wrong.empty())
      errors.push_back(field::invalid_string(urls.index(i), rule.nonResourceURLs[i], wrong));
}

void check_rule(Errors& errors, const Path& path, const v1::PolicyRulesWithSubjects& rule) {
  if (rule.subjects.empty())
    errors.push_back(field::required(path.child("subjects"), "subjects must contain at least one value"));
  for (size_t i = 0; i < rule.subjects.size(); ++i)
    check_subject(errors, path.child("subjects").index(i), rule.subjects[i]);
  if (rule.resourceRules.empty() && rule.nonResourceRules.empty()) {
    errors.push_back(
        field::required(path, "at least one of resourceRules and nonResourceRules has to be non-empty"));
  }
  for (size_t i = 0; i < rule.resourceRules.size(); ++i)
    check_resource_rule(errors, path.child("resourceRules").index(i), rule.resourceRules[i]);
  for (size_t i = 0; i < rule.nonResourceRules.size(); ++i)
    check_url_rule(errors, path.child("nonResourceRules").index(i), rule.nonResourceRules[i]);
}

void check_precedence(Errors& errors, const Path& path, int32_t precedence, std::string_view schema) {
  auto refuse = [&](std::string_view detail) {
    errors.push_back(field::invalid_int(path, precedence, detail));
  };
  if (precedence <= 0) refuse("must be a positive value");
  if (precedence > kHighestPrecedence) refuse(fmt::format("must not be greater than {}", kHighestPrecedence));
  if (precedence == 1 && schema != "exempt")
    refuse("only the schema named 'exempt' may have matchingPrecedence 1");
}

// Every request of these groups.
v1::PolicyRulesWithSubjects everything_of(std::initializer_list<const char*> groups) {
  v1::PolicyRulesWithSubjects rule;
  for (const char* group : groups) {
    v1::Subject& subject = rule.subjects.emplace_back();
    subject.kind = "Group";
    subject.group.emplace().name = group;
  }
  v1::ResourcePolicyRule& resources = rule.resourceRules.emplace_back();
  resources.verbs = resources.apiGroups = resources.resources = resources.namespaces = {"*"};
  resources.clusterScope = true;
  v1::NonResourcePolicyRule& urls = rule.nonResourceRules.emplace_back();
  urls.verbs = urls.nonResourceURLs = {"*"};
  return rule;
}

// The two that every cluster has.
std::optional<v1::FlowSchemaSpec> mandatory_spec(std::string_view name) {
  v1::FlowSchemaSpec spec;
  spec.priorityLevelConfiguration.name = name;
  if (name == "exempt") {
    spec.matchingPrecedence = 1;
    spec.rules = {everything_of({"system:masters"})};
    return spec;
  }
  if (name != "catch-all") return std::nullopt;
  spec.matchingPrecedence = kHighestPrecedence;
  spec.distinguisherMethod.emplace().type = "ByUser";
  spec.rules = {everything_of({"system:unauthenticated", "system:authenticated"})};
  return spec;
}

}  // namespace

Errors validate_flow_schema(const v1::FlowSchema& schema) {
  Errors errors;
  const Path path("spec");
  const v1::FlowSchemaSpec& spec = schema.spec;
  check_precedence(errors, path.child("matchingPrecedence"), spec.matchingPrecedence, schema.metadata.name);
  if (const auto& method = spec.distinguisherMethod) {
    if (method->type != "ByNamespace" && method->type != "ByUser") {
      errors.push_back(not_supported_value(path.child("distinguisherMethod").child("type"), go_json(*method),
                                           {"ByNamespace", "ByUser"}));
    }
  }
  const Path level = path.child("priorityLevelConfiguration").child("name");
  if (spec.priorityLevelConfiguration.name.empty())
    errors.push_back(field::required(level, "must reference a priority level"));
  else
    check_dns_subdomain(errors, level, spec.priorityLevelConfiguration.name);
  for (size_t i = 0; i < spec.rules.size(); ++i)
    check_rule(errors, path.child("rules").index(i), spec.rules[i]);
  const auto fixed = mandatory_spec(schema.metadata.name);
  if (fixed && !(*fixed == spec)) {
    errors.push_back(field::invalid(
        path, go_json(spec), fmt::format("spec of '{}' must equal the fixed value", schema.metadata.name)));
  }
  check_flow_conditions(errors, schema.status.conditions);
  return errors;
}

Errors validate_flow_schema_update(const v1::FlowSchema& schema, const v1::FlowSchema&) {
  return validate_flow_schema(schema);
}

Errors validate_flow_schema_status_update(const v1::FlowSchema& schema, const v1::FlowSchema&) {
  Errors errors;
  check_flow_conditions(errors, schema.status.conditions);
  return errors;
}

}  // namespace xebec::apiserver::validation
