#include "apiserver/validation/definitions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "apiserver/validation/admission.h"

namespace xebec::apiserver::validation {
namespace {

namespace v1 = apiextensionsv1;

constexpr std::string_view kApproval = "api-approved.kubernetes.io";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

void check_names(Errors& errors, const Path& path, const v1::CustomResourceDefinitionNames& names) {
  constexpr std::string_view kMixed = "may have mixed case, but should otherwise match: ";
  auto check = [&](std::string_view field, const std::string& name, bool mixed) {
    if (name.empty()) return;
    check_joined(errors, path.child(field), name, api::is_dns1035_label(mixed ? lower(name) : name),
                 mixed ? kMixed : "");
  };
  check("plural", names.plural, false);
  check("singular", names.singular, false);
  check("kind", names.kind, true);
  check("listKind", names.listKind, true);
  for (size_t i = 0; i < names.shortNames.size(); ++i)
    check_joined(errors, path.child("shortNames").index(i), names.shortNames[i],
                 api::is_dns1035_label(names.shortNames[i]));
  if (!names.kind.empty() && names.kind == names.listKind) {
    errors.push_back(field::invalid_string(path.child("listKind"), names.listKind,
                                           "kind and listKind may not be the same"));
  }
  for (size_t i = 0; i < names.categories.size(); ++i)
    check_joined(errors, path.child("categories").index(i), names.categories[i],
                 api::is_dns1035_label(names.categories[i]));
}

bool is_known_review(const std::string& version) { return version == "v1" || version == "v1beta1"; }

void check_reviews(Errors& errors, const Path& path, const std::vector<std::string>& versions) {
  if (versions.empty()) return void(errors.push_back(field::required(path)));
  std::set<std::string_view> seen;
  for (size_t i = 0; i < versions.size(); ++i) {
    if (seen.insert(versions[i]).second)
      check_messages(errors, path.index(i), versions[i], api::is_dns1035_label(versions[i]));
    else
      errors.push_back(field::invalid_string(path.index(i), versions[i], "duplicate version"));
  }
  if (std::none_of(versions.begin(), versions.end(), is_known_review))
    errors.push_back(field::invalid(path, go_json(versions), "must include at least one of v1, v1beta1"));
}

bool is_established(const Definition& definition) {
  return std::any_of(
      definition.status.conditions.begin(), definition.status.conditions.end(),
      [](const auto& condition) { return condition.type == "Established" && condition.status == "True"; });
}

std::string_view ca_bundle_of(const Definition& definition) {
  const auto& conversion = definition.spec.conversion;
  if (!conversion || !conversion->webhook || !conversion->webhook->clientConfig) return {};
  return conversion->webhook->clientConfig->caBundle.view();
}

// Until it is served it may wait for who fills the bundle in; what could not be used then stays as it is.
bool allows_bad_bundle(const Definition* old) {
  if (old == nullptr || !is_established(*old)) return true;
  if (ca_bundle_of(*old).empty()) return false;
  Errors errors;
  check_ca_bundle(errors, Path("caBundle"), ca_bundle_of(*old));
  return !errors.empty();
}

void check_conversion(Errors& errors, const Path& path, const v1::CustomResourceConversion& conversion,
                      bool bad_bundle) {
  const Path client = path.child("webhookClientConfig"), reviews = path.child("conversionReviewVersions");
  const v1::WebhookClientConfig* config =
      conversion.webhook && conversion.webhook->clientConfig ? &*conversion.webhook->clientConfig : nullptr;
  const std::vector<std::string> versions =
      conversion.webhook ? conversion.webhook->conversionReviewVersions : std::vector<std::string>();
  check_required_enum(errors, path.child("strategy"), conversion.strategy, {"None", "Webhook"});
  if (conversion.strategy != "Webhook") {
    constexpr std::string_view kUnused = "should not be set when strategy is not set to Webhook";
    if (config != nullptr) errors.push_back(field::forbidden(client, kUnused));
    if (!versions.empty()) errors.push_back(field::forbidden(reviews, kUnused));
    return;
  }
  if (config == nullptr) {
    errors.push_back(field::required(client, "required when strategy is set to Webhook"));
  } else if (config->url.has_value() == config->service.has_value()) {
    errors.push_back(field::required(client, "exactly one of url or service is required"));
  } else if (config->url) {
    check_webhook_url(errors, client.child("url"), *config->url);
  } else {
    admissionregistrationv1::ServiceReference service;
    service.name = config->service->name;
    service.namespace_ = config->service->namespace_;
    service.path = config->service->path;
    service.port = config->service->port;
    check_webhook_service(errors, client.child("service"), service);
  }
  if (config != nullptr && !config->caBundle.empty() && !bad_bundle)
    check_ca_bundle(errors, client.child("caBundle"), config->caBundle.view());
  check_reviews(errors, reviews, versions);
}

void check_group(Errors& errors, const Path& path, const std::string& group) {
  if (group.empty()) return void(errors.push_back(field::required(path)));
  if (const auto wrong = api::is_dns1123_subdomain(group); !wrong.empty())
    check_joined(errors, path, group, wrong);
  else if (group.find('.') == std::string::npos)
    errors.push_back(field::invalid_string(path, group, "should be a domain with at least one dot"));
}

void check_stored(Errors& errors, const Definition& definition) {
  const Path path = Path("status").child("storedVersions");
  const auto& stored = definition.status.storedVersions;
  const auto& versions = definition.spec.versions;
  if (stored.empty())
    return void(
        errors.push_back(field::invalid(path, go_json(stored), "must have at least one stored version")));
  for (const auto& version : versions)
    if (version.storage && std::find(stored.begin(), stored.end(), version.name) == stored.end())
      errors.push_back(
          field::invalid(path, go_json(stored), "must have the storage version " + version.name));
  for (size_t i = 0; i < stored.size(); ++i) {
    const bool known = std::any_of(versions.begin(), versions.end(),
                                   [&](const auto& version) { return version.name == stored[i]; });
    if (known) continue;
    errors.push_back(field::invalid_string(
        path.index(i), stored[i],
        fmt::format("missing from spec.versions; {0} was previously a storage version, and must remain in "
                    "spec.versions until a storage migration ensures no data remains persisted in {0} and "
                    "removes {0} from status.storedVersions",
                    stored[i])));
  }
}

bool is_protected_group(std::string_view group) {
  return group == "k8s.io" || group.ends_with(".k8s.io") || group == "kubernetes.io" ||
         group.ends_with(".kubernetes.io");
}

enum class Approval { kInvalid, kApproved, kBypassed, kMissing };

// An absolute URL with a host, as url.ParseRequestURI takes it.
bool is_url(std::string_view text) {
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view scheme = text.substr(0, colon), rest = text.substr(colon + 3);
  const auto in_scheme = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '-' || c == '.';
  };
  const auto strange = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; };
  return std::isalpha(static_cast<unsigned char>(scheme[0])) && std::ranges::all_of(scheme, in_scheme) &&
         !rest.empty() && rest[0] != '/' && std::ranges::none_of(text, strange);
}

std::string approval_text(const Definition& definition) {
  const std::string* value = definition.metadata.annotations.get(kApproval);
  return value == nullptr ? "" : *value;
}

Approval approval_of(const Definition& definition) {
  const std::string text = approval_text(definition);
  if (text.empty()) return Approval::kMissing;
  if (text.starts_with("unapproved")) return Approval::kBypassed;
  return is_url(text) ? Approval::kApproved : Approval::kInvalid;
}

// As long as it is no other state than it was, whoever changes something else is not bothered with it.
void check_approval(Errors& errors, const Definition& definition, const Definition* old) {
  if (!is_protected_group(definition.spec.group)) return;
  const Approval approval = approval_of(definition);
  if (old != nullptr && approval == approval_of(*old)) return;
  const Path path = Path("metadata").child("annotations").key(kApproval);
  constexpr std::string_view kWhy = "https://github.com/kubernetes/enhancements/pull/1111";
  if (approval == Approval::kMissing) {
    errors.push_back(field::required(
        path, fmt::format("protected groups must have approval annotation \"{}\", see {}", kApproval, kWhy)));
  } else if (approval == Approval::kInvalid) {
    errors.push_back(field::invalid_string(
        path, approval_text(definition),
        fmt::format("protected groups must have approval annotation \"{}\" with either a URL or a reason "
                    "starting with \"unapproved\", see {}",
                    kApproval, kWhy)));
  }
}

void check_definition(Errors& errors, const Definition& definition, const Definition* old) {
  const Path path("spec"), names = path.child("names");
  const auto& spec = definition.spec;
  if (const std::string name = fmt::format("{}.{}", spec.names.plural, spec.group);
      !definition.metadata.name.empty() && definition.metadata.name != name) {
    errors.push_back(field::invalid_string(Path("metadata").child("name"), definition.metadata.name,
                                           "must be spec.names.plural+\".\"+spec.group"));
  }
  check_group(errors, path.child("group"), spec.group);
  check_required_enum(errors, path.child("scope"), spec.scope, {"Cluster", "Namespaced"});
  SchemaRules rules = schema_rules_after(old);
  check_versions(errors, path.child("versions"), spec.versions, rules);
  check_required(errors, names.child("plural"), spec.names.plural);
  check_required(errors, names.child("singular"), spec.names.singular);
  check_required(errors, names.child("kind"), spec.names.kind);
  check_required(errors, names.child("listKind"), spec.names.listKind);
  check_names(errors, names, spec.names);
  rules.status = std::any_of(spec.versions.begin(), spec.versions.end(), has_status);
  if (!spec.versions.empty())
    check_version_parts(errors, path, places_of(spec.versions), true, spec.versions[0], rules);
  if (spec.conversion) {
    if (spec.conversion->strategy != "None" && spec.preserveUnknownFields) {
      errors.push_back(field::invalid_string(path.child("conversion").child("strategy"),
                                             spec.conversion->strategy,
                                             "must be None if spec.preserveUnknownFields is true"));
    }
    check_conversion(errors, path.child("conversion"), *spec.conversion, allows_bad_bundle(old));
  }
  if (old != nullptr) {
    auto check_kept = [&](const Path& at, const std::string& now, const std::string& before) {
      check_immutable(errors, at, now == before, field::quote(now));
    };
    if (is_established(*old)) {
      check_kept(path.child("scope"), spec.scope, old->spec.scope);
      check_kept(names.child("kind"), spec.names.kind, old->spec.names.kind);
    }
    check_kept(path.child("group"), spec.group, old->spec.group);
    check_kept(names.child("plural"), spec.names.plural, old->spec.names.plural);
  }
  check_names(errors, Path("status").child("acceptedNames"), definition.status.acceptedNames);
  check_stored(errors, definition);
  check_approval(errors, definition, old);
  if (spec.preserveUnknownFields && (old == nullptr || !old->spec.preserveUnknownFields)) {
    errors.push_back(field::invalid(path.child("preserveUnknownFields"), "true",
                                    "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
                                    "spec.versions[*].schema instead"));
  }
}

}  // namespace

void check_joined(Errors& errors, const Path& path, std::string_view value, const api::Messages& wrong,
                  std::string_view intro) {
  if (!wrong.empty())
    errors.push_back(field::invalid_string(path, value, fmt::format("{}{}", intro, fmt::join(wrong, ","))));
}

Errors validate_definition(const Definition& definition) {
  Errors errors;
  check_definition(errors, definition, nullptr);
  return errors;
}

Errors validate_definition_update(const Definition& definition, const Definition& old) {
  Errors errors;
  check_definition(errors, definition, &old);
  return errors;
}

Errors validate_definition_status_update(const Definition& definition, const Definition&) {
  Errors errors;
  check_names(errors, Path("status").child("acceptedNames"), definition.status.acceptedNames);
  return errors;
}

}  // namespace xebec::apiserver::validation
