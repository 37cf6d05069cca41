#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apiserver/validation/admission.h"

namespace xebec::apiserver::validation {
namespace {

namespace v1 = admissionregistrationv1;

// What objects of old versions may keep.
struct HookOptions {
  bool no_side_effects = true;
  bool known_versions = true;
  bool unique_names = true;
  bool check_conditions = true;
  SelectorValues selectors = SelectorValues::kChecked;
};

// "a.example.com": at least three labels.
void check_hook_name(Errors& errors, const Path& path, std::string_view name) {
  if (name.empty()) return void(errors.push_back(field::required(path)));
  if (const api::Messages wrong = api::is_dns1123_subdomain(name); !wrong.empty()) {
    errors.push_back(field::invalid_string(path, name, fmt::format("{}", fmt::join(wrong, ","))));
  } else if (std::count(name.begin(), name.end(), '.') < 2) {
    errors.push_back(field::invalid_string(
        path, name, "should be a domain with at least three segments separated by dots"));
  }
}

bool is_known_version(const std::string& version) { return version == "v1" || version == "v1beta1"; }
bool has_known_version(const std::vector<std::string>& versions) {
  return std::any_of(versions.begin(), versions.end(), is_known_version);
}

void check_review_versions(Errors& errors, const Path& path, const std::vector<std::string>& versions,
                           bool known) {
  if (versions.empty())
    return void(errors.push_back(field::required(path, "must specify one of v1, v1beta1")));
  std::set<std::string_view> seen;
  for (size_t i = 0; i < versions.size(); ++i) {
    if (seen.insert(versions[i]).second)
      check_messages(errors, path.index(i), versions[i], api::is_dns1035_label(versions[i]));
    else
      errors.push_back(field::invalid_string(path.index(i), versions[i], "duplicate version"));
  }
  if (known && !has_known_version(versions))
    errors.push_back(field::invalid(path, go_json(versions), "must include at least one of v1, v1beta1"));
}

void check_side_effects(Errors& errors, const Path& path, const std::optional<std::string>& effects,
                        bool none) {
  if (none) {
    if (!effects) errors.push_back(field::required(path, "must specify one of None, NoneOnDryRun"));
    check_enum(errors, path, effects, {"None", "NoneOnDryRun"});
  } else {
    if (!effects)
      errors.push_back(field::required(path, "must specify one of None, NoneOnDryRun, Some, Unknown"));
    check_enum(errors, path, effects, {"None", "NoneOnDryRun", "Some", "Unknown"});
  }
}

void check_client(Errors& errors, const Path& path, const v1::WebhookClientConfig& client) {
  if (client.url.has_value() == client.service.has_value())
    errors.push_back(field::required(path, "exactly one of url or service is required"));
  else if (client.url)
    check_webhook_url(errors, path.child("url"), *client.url);
  else
    check_webhook_service(errors, path.child("service"), *client.service);
}

void check_reinvocation(Errors&, const Path&, const v1::ValidatingWebhook&) {}
void check_reinvocation(Errors& errors, const Path& path, const v1::MutatingWebhook& hook) {
  check_enum(errors, path.child("reinvocationPolicy"), hook.reinvocationPolicy, {"IfNeeded", "Never"});
}

template <class Hook>
void check_hook(Errors& errors, const Path& path, const Hook& hook, const HookOptions& options) {
  check_hook_name(errors, path.child("name"), hook.name);
  for (size_t i = 0; i < hook.rules.size(); ++i)
    check_rule(errors, path.child("rules").index(i), hook.rules[i]);
  check_enum(errors, path.child("failurePolicy"), hook.failurePolicy, {"Fail", "Ignore"});
  check_enum(errors, path.child("matchPolicy"), hook.matchPolicy, {"Equivalent", "Exact"});
  check_side_effects(errors, path.child("sideEffects"), hook.sideEffects, options.no_side_effects);
  if (const int32_t timeout = hook.timeoutSeconds.value_or(1); timeout < 1 || timeout > 30) {
    errors.push_back(field::invalid_int(path.child("timeoutSeconds"), timeout,
                                        "the timeout value must be between 1 and 30 seconds"));
  }
  if (hook.namespaceSelector)
    check_label_selector(errors, path.child("namespaceSelector"), *hook.namespaceSelector, options.selectors);
  if (hook.objectSelector)
    check_label_selector(errors, path.child("objectSelector"), *hook.objectSelector, options.selectors);
  check_reinvocation(errors, path, hook);
  check_client(errors, path.child("clientConfig"), hook.clientConfig);
  if (options.check_conditions)
    check_match_conditions(errors, path.child("matchConditions"), hook.matchConditions);
  check_review_versions(errors, path.child("admissionReviewVersions"), hook.admissionReviewVersions,
                        options.known_versions);
}

template <class Configuration>
Errors check_hooks(const Configuration& configuration, const HookOptions& options) {
  Errors errors;
  std::set<std::string_view> seen;
  for (size_t i = 0; i < configuration.webhooks.size(); ++i) {
    const Path at = Path("webhooks").index(i);
    const auto& hook = configuration.webhooks[i];
    check_hook(errors, at, hook, options);
    if (options.unique_names && !hook.name.empty() && !seen.insert(hook.name).second)
      errors.push_back(field::duplicate(at.child("name"), hook.name));
  }
  return errors;
}

template <class Configuration>
HookOptions update_options(const Configuration& configuration, const Configuration& old) {
  HookOptions out;
  std::set<std::string_view> names;
  for (const auto& hook : old.webhooks) {
    const std::string effects = hook.sideEffects.value_or("");
    if (effects != "None" && effects != "NoneOnDryRun") out.no_side_effects = false;
    if (!hook.admissionReviewVersions.empty() && !has_known_version(hook.admissionReviewVersions))
      out.known_versions = false;
    if (!names.insert(hook.name).second) out.unique_names = false;
    for (const metav1::LabelSelector* selector : {hook.namespaceSelector.get(), hook.objectSelector.get()})
      if (values_after(selector) == SelectorValues::kAny) out.selectors = SelectorValues::kAny;
  }
  out.check_conditions = !std::equal(
      configuration.webhooks.begin(), configuration.webhooks.end(), old.webhooks.begin(), old.webhooks.end(),
      [](const auto& a, const auto& b) { return a.matchConditions == b.matchConditions; });
  return out;
}

}  // namespace

Errors validate_validating_hooks(const ValidatingHooks& hooks) { return check_hooks(hooks, {}); }
Errors validate_validating_hooks_update(const ValidatingHooks& hooks, const ValidatingHooks& old) {
  return check_hooks(hooks, update_options(hooks, old));
}
Errors validate_mutating_hooks(const MutatingHooks& hooks) { return check_hooks(hooks, {}); }
Errors validate_mutating_hooks_update(const MutatingHooks& hooks, const MutatingHooks& old) {
  return check_hooks(hooks, update_options(hooks, old));
}

}  // namespace xebec::apiserver::validation
