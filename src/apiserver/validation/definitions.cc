#include "apiserver/validation/definitions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apiserver/validation/admission.h"

namespace xebec::apiserver::validation {
namespace {

namespace v1 = apiextensionsv1;

constexpr std::string_view kApproval = "api-approved.kubernetes.io";
constexpr size_t kLongestWarning = 256, kMostSelectableFields = 8;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// The messages of a name rule are one error.
void check_joined(Errors& errors, const Path& path, std::string_view value, const api::Messages& wrong,
                  std::string_view intro = {}) {
  if (!wrong.empty())
    errors.push_back(field::invalid_string(path, value, fmt::format("{}{}", intro, fmt::join(wrong, ","))));
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

void check_json_path(Errors& errors, const Path& path, std::string_view text) {
  if (!text.starts_with('.'))
    errors.push_back(field::invalid_string(path, text, "must be a simple json path starting with ."));
}

// ".spec.replicas", say.
void check_path_under(Errors& errors, const Path& path, const std::string& text, std::string_view root) {
  const size_t before = errors.size();
  check_json_path(errors, path, text);
  if (errors.size() == before && !text.starts_with(fmt::format("{}.", root)))
    errors.push_back(
        field::invalid_string(path, text, fmt::format("should be a json path under {}", root)));
}

void check_scale(Errors& errors, const Path& path, const v1::CustomResourceSubresourceScale& scale) {
  auto check = [&](std::string_view field, const std::string& text, std::string_view root) {
    if (text.empty())
      errors.push_back(field::required(path.child(field)));
    else
      check_path_under(errors, path.child(field), text, root);
  };
  check("specReplicasPath", scale.specReplicasPath, ".spec");
  check("statusReplicasPath", scale.statusReplicasPath, ".status");
  if (!scale.labelSelectorPath.value_or("").empty())
    check_path_under(errors, path.child("labelSelectorPath"), *scale.labelSelectorPath, ".status");
}

void check_column(Errors& errors, const Path& path, const v1::CustomResourceColumnDefinition& column) {
  static constexpr std::string_view kTypes[] = {"boolean", "date", "integer", "number", "string"};
  static constexpr std::string_view kFormats[] = {"byte",  "date",  "date-time", "double",
                                                  "float", "int32", "int64",     "password"};
  auto is_in = [](const auto& list, std::string_view one) {
    return std::find(std::begin(list), std::end(list), one) != std::end(list);
  };
  check_required(errors, path.child("name"), column.name);
  const std::string types = fmt::format("must be one of {}", fmt::join(kTypes, ","));
  if (column.type.empty())
    errors.push_back(field::required(path.child("type"), types));
  else if (!is_in(kTypes, column.type))
    errors.push_back(field::invalid_string(path.child("type"), column.type, types));
  if (!column.format.empty() && !is_in(kFormats, column.format)) {
    errors.push_back(field::invalid_string(path.child("format"), column.format,
                                           fmt::format("must be one of {}", fmt::join(kFormats, ","))));
  }
  if (column.jsonPath.empty())
    errors.push_back(field::required(path.child("JSONPath")));
  else
    check_json_path(errors, path.child("JSONPath"), column.jsonPath);
}

void check_warning(Errors& errors, const Path& path, const v1::CustomResourceDefinitionVersion& version) {
  if (!version.deprecationWarning) return;
  const std::string& warning = *version.deprecationWarning;
  auto refuse = [&](std::string_view detail) {
    errors.push_back(field::invalid_string(path, warning, detail));
  };
  if (!version.deprecated) return refuse("can only be set for deprecated versions");
  if (warning.size() > kLongestWarning) refuse("must be <= 256 characters long");
  if (warning.empty()) refuse("must not be an empty string");
  const auto odd = std::find_if(warning.begin(), warning.end(),
                                [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (odd != warning.end()) {
    refuse(fmt::format(
        "must only contain printable UTF-8 characters; non-printable character found at index {}",
        odd - warning.begin()));
  }
}

void check_selectable(Errors& errors, const Path& path, const std::vector<v1::SelectableField>& fields) {
  std::set<std::string_view> seen;
  for (size_t i = 0; i < fields.size(); ++i) {
    const Path at = path.index(i).child("jsonPath");
    if (fields[i].jsonPath.empty())
      errors.push_back(field::required(at));
    else if (!seen.insert(fields[i].jsonPath).second)
      errors.push_back(field::duplicate(at, fields[i].jsonPath));
    if (fields[i].jsonPath.starts_with(".metadata"))
      errors.push_back(
          field::invalid_string(at, fields[i].jsonPath, "must not point to fields in metadata"));
  }
  if (seen.size() > kMostSelectableFields)
    errors.push_back(field::too_many(path, static_cast<int64_t>(seen.size()), kMostSelectableFields));
}

// What all versions have alike stands above them in upstream's internal type, and so in its errors.
struct Places {
  bool schema, subresources, columns, selectable;
};

Places places_of(const std::vector<v1::CustomResourceDefinitionVersion>& versions) {
  Places out{true, true, true, true};
  for (const auto& version : versions) {
    out.schema = out.schema && version.schema == versions[0].schema;
    out.subresources = out.subresources && version.subresources == versions[0].subresources;
    out.columns = out.columns && version.additionalPrinterColumns == versions[0].additionalPrinterColumns;
    out.selectable = out.selectable && version.selectableFields == versions[0].selectableFields;
  }
  return out;
}

// The parts of a version that all have alike (`common`), or the others; they stand at `at`.
void check_version_parts(Errors& errors, const Path& at, const Places& alike, bool common,
                         const v1::CustomResourceDefinitionVersion& version) {
  if (alike.schema == common && version.schema && version.schema->openAPIV3Schema) {
    const Path path = at.child(common ? "validation" : "schema").child("openAPIV3Schema");
    if (version.schema->openAPIV3Schema->nullable)
      errors.push_back(field::forbidden(path.child("nullable"), "nullable cannot be true at the root"));
    check_schema_keys(errors, path, *version.schema->openAPIV3Schema);
  }
  if (alike.subresources == common && version.subresources && version.subresources->scale)
    check_scale(errors, at.child("subresources").child("scale"), *version.subresources->scale);
  if (alike.columns == common)
    for (size_t i = 0; i < version.additionalPrinterColumns.size(); ++i)
      check_column(errors, at.child("additionalPrinterColumns").index(i),
                   version.additionalPrinterColumns[i]);
  if (alike.selectable == common)
    check_selectable(errors, at.child("selectableFields"), version.selectableFields);
}

std::string versions_text(std::vector<v1::CustomResourceDefinitionVersion> versions, const Places& alike) {
  for (auto& version : versions) {
    if (alike.schema) version.schema.reset();
    if (alike.subresources) version.subresources.reset();
    if (alike.columns) version.additionalPrinterColumns.clear();
    if (alike.selectable) version.selectableFields.clear();
  }
  return go_json(versions);
}

void check_versions(Errors& errors, const Path& path,
                    const std::vector<v1::CustomResourceDefinitionVersion>& versions) {
  const Places alike = places_of(versions);
  for (size_t i = 0; i < versions.size(); ++i)
    if (!versions[i].schema || !versions[i].schema->openAPIV3Schema)
      errors.push_back(field::required(path.index(i).child("schema").child("openAPIV3Schema"),
                                       "schemas are required"));
  std::set<std::string_view> names;
  int stored = 0;
  for (size_t i = 0; i < versions.size(); ++i) {
    const Path at = path.index(i);
    stored += versions[i].storage;
    names.insert(versions[i].name);
    check_joined(errors, at.child("name"), versions[i].name, api::is_dns1035_label(versions[i].name));
    check_warning(errors, at.child("deprecationWarning"), versions[i]);
    check_version_parts(errors, at, alike, false, versions[i]);
  }
  auto refuse = [&](std::string_view detail) {
    errors.push_back(field::invalid(path, versions_text(versions, alike), detail));
  };
  if (names.size() < versions.size()) refuse("must contain unique version names");
  if (stored != 1) refuse("must have exactly one version marked as storage version");
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

void check_conversion(Errors& errors, const Path& path, const v1::CustomResourceConversion& conversion) {
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
    return void(errors.push_back(
        field::invalid(path, go_json(stored), "must have at least one stored version")));
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

std::string approval_of(const Definition& definition) {
  const std::string* value = definition.metadata.annotations.get(kApproval);
  return value == nullptr ? "" : *value;
}

void check_approval(Errors& errors, const Definition& definition, const Definition* old) {
  if (!is_protected_group(definition.spec.group)) return;
  const std::string approval = approval_of(definition);
  if (old != nullptr && approval == approval_of(*old)) return;
  const Path path = Path("metadata").child("annotations").key(kApproval);
  constexpr std::string_view kWhy = "https://github.com/kubernetes/enhancements/pull/1111";
  if (approval.empty()) {
    errors.push_back(field::required(
        path, fmt::format("protected groups must have approval annotation \"{}\", see {}", kApproval, kWhy)));
  } else if (!approval.starts_with("unapproved") && approval.find("://") == std::string::npos) {
    errors.push_back(field::invalid_string(
        path, approval,
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
  check_versions(errors, path.child("versions"), spec.versions);
  check_required(errors, names.child("plural"), spec.names.plural);
  check_required(errors, names.child("singular"), spec.names.singular);
  check_required(errors, names.child("kind"), spec.names.kind);
  check_required(errors, names.child("listKind"), spec.names.listKind);
  check_names(errors, names, spec.names);
  if (!spec.versions.empty())
    check_version_parts(errors, path, places_of(spec.versions), true, spec.versions[0]);
  if (spec.conversion) {
    if (spec.conversion->strategy != "None" && spec.preserveUnknownFields) {
      errors.push_back(field::invalid_string(path.child("conversion").child("strategy"),
                                             spec.conversion->strategy,
                                             "must be None if spec.preserveUnknownFields is true"));
    }
    check_conversion(errors, path.child("conversion"), *spec.conversion);
  }
  if (old != nullptr) {
    const auto& conditions = old->status.conditions;
    const bool established = std::any_of(conditions.begin(), conditions.end(), [](const auto& condition) {
      return condition.type == "Established" && condition.status == "True";
    });
    auto check_kept = [&](const Path& at, const std::string& now, const std::string& before) {
      check_immutable(errors, at, now == before, field::quote(now));
    };
    if (established) {
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
