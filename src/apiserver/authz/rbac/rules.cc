#include "apiserver/authz/rbac/rules.h"

#include <fmt/format.h>

namespace xebec::apiserver::rbac {
namespace {

using Strings = std::vector<std::string>;

bool has(const Strings& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

bool has_or_all(const Strings& list, std::string_view wanted) { return has(list, "*") || has(list, wanted); }

bool resource_matches(const Strings& resources, std::string_view resource, std::string_view subresource) {
  std::string combined =
      subresource.empty() ? std::string(resource) : fmt::format("{}/{}", resource, subresource);
  for (const std::string& allowed : resources) {
    if (allowed == "*" || allowed == combined) return true;
    // "*/scale" stands for that subresource of every resource.
    if (!subresource.empty() && allowed.size() == subresource.size() + 2 && allowed.starts_with("*/") &&
        allowed.ends_with(subresource)) {
      return true;
    }
  }
  return false;
}

bool url_matches(const Strings& urls, std::string_view path) {
  for (const std::string& url : urls) {
    if (url == "*" || url == path) return true;
    if (url.ends_with('*')) {
      std::string_view prefix(url);
      while (prefix.ends_with('*')) prefix.remove_suffix(1);
      if (path.starts_with(prefix)) return true;
    }
  }
  return false;
}

// One verb of one resource (or URL): what the escalation check compares.
std::vector<rbacv1::PolicyRule> break_down(const rbacv1::PolicyRule& rule) {
  std::vector<rbacv1::PolicyRule> parts;
  for (const std::string& group : rule.apiGroups) {
    for (const std::string& resource : rule.resources) {
      for (const std::string& verb : rule.verbs) {
        rbacv1::PolicyRule part;
        part.verbs = {verb};
        part.apiGroups = {group};
        part.resources = {resource};
        if (rule.resourceNames.empty()) parts.push_back(part);
        for (const std::string& name : rule.resourceNames) {
          part.resourceNames = {name};
          parts.push_back(part);
        }
      }
    }
  }
  for (const std::string& url : rule.nonResourceURLs) {
    for (const std::string& verb : rule.verbs) {
      rbacv1::PolicyRule part;
      part.verbs = {verb};
      part.nonResourceURLs = {url};
      parts.push_back(std::move(part));
    }
  }
  return parts;
}

bool covers_resource(const Strings& owned, std::string_view wanted) {
  if (has_or_all(owned, wanted)) return true;
  size_t slash = wanted.find('/');
  return slash != std::string_view::npos && has(owned, fmt::format("*{}", wanted.substr(slash)));
}

bool covers_url(const Strings& owned, std::string_view wanted) {
  for (const std::string& url : owned) {
    if (url == "*" || url == wanted) return true;
    if (url.ends_with('*') && wanted.starts_with(std::string_view(url).substr(0, url.size() - 1)))
      return true;
  }
  return false;
}

bool covers(const rbacv1::PolicyRule& owned, const rbacv1::PolicyRule& part) {
  if (!has_or_all(owned.verbs, part.verbs[0])) return false;
  if (!part.nonResourceURLs.empty()) return covers_url(owned.nonResourceURLs, part.nonResourceURLs[0]);
  if (!has_or_all(owned.apiGroups, part.apiGroups[0])) return false;
  if (!covers_resource(owned.resources, part.resources[0])) return false;
  if (owned.resourceNames.empty()) return true;
  return !part.resourceNames.empty() && has(owned.resourceNames, part.resourceNames[0]);
}

void append_list(std::string& out, std::string_view name, const Strings& values) {
  if (values.empty()) return;
  if (out.size() > 1) out += ", ";
  out += fmt::format("{}:[", name);
  for (size_t i = 0; i < values.size(); ++i) out += fmt::format("{}\"{}\"", i == 0 ? "" : " ", values[i]);
  out += ']';
}

}  // namespace

bool rule_allows(const rbacv1::PolicyRule& rule, const AuthorizationAttributes& request) {
  if (!has_or_all(rule.verbs, request.verb)) return false;
  if (!request.is_resource) return url_matches(rule.nonResourceURLs, request.path);
  if (!has_or_all(rule.apiGroups, request.group)) return false;
  if (!resource_matches(rule.resources, request.resource, request.subresource)) return false;
  return rule.resourceNames.empty() || has(rule.resourceNames, request.name);
}

bool rules_allow(std::span<const rbacv1::PolicyRule> rules, const AuthorizationAttributes& request) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const rbacv1::PolicyRule& rule) { return rule_allows(rule, request); });
}

std::vector<rbacv1::PolicyRule> uncovered(std::span<const rbacv1::PolicyRule> owned,
                                          std::span<const rbacv1::PolicyRule> wanted) {
  std::vector<rbacv1::PolicyRule> missing;
  for (const rbacv1::PolicyRule& rule : wanted) {
    for (rbacv1::PolicyRule& part : break_down(rule)) {
      bool covered = std::any_of(owned.begin(), owned.end(),
                                 [&](const rbacv1::PolicyRule& have) { return covers(have, part); });
      if (!covered) missing.push_back(std::move(part));
    }
  }
  return missing;
}

std::vector<rbacv1::PolicyRule> compacted(std::vector<rbacv1::PolicyRule> rules) {
  auto simple = [](const rbacv1::PolicyRule& rule) {
    return rule.apiGroups.size() == 1 && rule.resources.size() == 1 && rule.resourceNames.size() <= 1 &&
           rule.nonResourceURLs.empty();
  };
  auto same = [](const rbacv1::PolicyRule& a, const rbacv1::PolicyRule& b) {
    return a.apiGroups == b.apiGroups && a.resources == b.resources && a.resourceNames == b.resourceNames;
  };
  std::vector<rbacv1::PolicyRule> out;
  for (rbacv1::PolicyRule& rule : rules) {
    auto known = std::find_if(out.begin(), out.end(), [&](const rbacv1::PolicyRule& other) {
      return simple(other) && simple(rule) && same(other, rule);
    });
    if (known == out.end()) {
      out.push_back(std::move(rule));
      continue;
    }
    for (std::string& verb : rule.verbs)
      if (!has(known->verbs, verb)) known->verbs.push_back(std::move(verb));
  }
  return out;
}

std::string compact_string(const rbacv1::PolicyRule& rule) {
  std::string out = "{";
  append_list(out, "APIGroups", rule.apiGroups);
  append_list(out, "Resources", rule.resources);
  append_list(out, "NonResourceURLs", rule.nonResourceURLs);
  append_list(out, "ResourceNames", rule.resourceNames);
  append_list(out, "Verbs", rule.verbs);
  out += '}';
  return out;
}

}  // namespace xebec::apiserver::rbac
