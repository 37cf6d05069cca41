#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apiserver/validation/definitions.h"

namespace xebec::apiserver::validation {
namespace {

namespace v1 = apiextensionsv1;

constexpr size_t kLongestWarning = 256, kMostSelectableFields = 8;

void check_json_path(Errors& errors, const Path& path, std::string_view text) {
  if (!text.starts_with('.'))
    errors.push_back(field::invalid_string(path, text, "must be a simple json path starting with ."));
}

// ".spec.replicas", say.
void check_path_under(Errors& errors, const Path& path, const std::string& text, std::string_view root) {
  const size_t before = errors.size();
  check_json_path(errors, path, text);
  if (errors.size() == before && !text.starts_with(fmt::format("{}.", root)))
    errors.push_back(field::invalid_string(path, text, fmt::format("should be a json path under {}", root)));
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
    refuse(
        fmt::format("must only contain printable UTF-8 characters; non-printable character found at index {}",
                    odd - warning.begin()));
  }
}

void check_selectable(Errors& errors, const Path& path, const v1::CustomResourceDefinitionVersion& version) {
  if (!version.schema || !version.schema->openAPIV3Schema) return;  // refused elsewhere
  const auto& fields = version.selectableFields;
  std::set<std::string_view> seen;
  for (size_t i = 0; i < fields.size(); ++i) {
    const Path at = path.index(i).child("jsonPath");
    const std::string& text = fields[i].jsonPath;
    const auto refuse = [&](std::string_view why) { errors.push_back(field::invalid_string(at, text, why)); };
    if (text.empty()) {
      errors.push_back(field::required(at));
      continue;
    }
    const FieldOfPath found = field_of(*version.schema->openAPIV3Schema, text, false);
    if (!found.error.empty()) {
      refuse("is an invalid path: " + found.error);
      continue;
    }
    if (found.root == "metadata") refuse("must not point to fields in metadata");
    const std::string_view type = found.schema != nullptr ? std::string_view(found.schema->type) : "";
    if (type != "string" && type != "boolean" && type != "integer") {
      refuse(
          "must point to a field of type string, boolean or integer. Enum string fields and strings with "
          "formats are allowed.");
    }
    if (!seen.insert(text).second) errors.push_back(field::duplicate(at, text));
  }
  if (seen.size() > kMostSelectableFields)
    errors.push_back(field::too_many(path, static_cast<int64_t>(seen.size()), kMostSelectableFields));
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

}  // namespace

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

bool has_status(const v1::CustomResourceDefinitionVersion& version) {
  return version.subresources && version.subresources->status;
}

void check_version_parts(Errors& errors, const Path& at, const Places& alike, bool common,
                         const v1::CustomResourceDefinitionVersion& version, SchemaRules rules) {
  if (alike.schema == common && version.schema && version.schema->openAPIV3Schema) {
    const Path path = at.child(common ? "validation" : "schema").child("openAPIV3Schema");
    check_schema(errors, path, *version.schema->openAPIV3Schema, rules);
  }
  if (alike.subresources == common && version.subresources && version.subresources->scale)
    check_scale(errors, at.child("subresources").child("scale"), *version.subresources->scale);
  if (alike.columns == common)
    for (size_t i = 0; i < version.additionalPrinterColumns.size(); ++i)
      check_column(errors, at.child("additionalPrinterColumns").index(i),
                   version.additionalPrinterColumns[i]);
  if (alike.selectable == common) check_selectable(errors, at.child("selectableFields"), version);
}

void check_versions(Errors& errors, const Path& path,
                    const std::vector<v1::CustomResourceDefinitionVersion>& versions, SchemaRules rules) {
  const Places alike = places_of(versions);
  for (size_t i = 0; i < versions.size(); ++i)
    if (!versions[i].schema || !versions[i].schema->openAPIV3Schema)
      errors.push_back(
          field::required(path.index(i).child("schema").child("openAPIV3Schema"), "schemas are required"));
  std::set<std::string_view> names;
  int stored = 0;
  for (size_t i = 0; i < versions.size(); ++i) {
    const Path at = path.index(i);
    stored += versions[i].storage;
    names.insert(versions[i].name);
    check_joined(errors, at.child("name"), versions[i].name, api::is_dns1035_label(versions[i].name));
    check_warning(errors, at.child("deprecationWarning"), versions[i]);
    rules.status = has_status(versions[i]);
    check_version_parts(errors, at, alike, false, versions[i], rules);
  }
  auto refuse = [&](std::string_view detail) {
    errors.push_back(field::invalid(path, versions_text(versions, alike), detail));
  };
  if (names.size() < versions.size()) refuse("must contain unique version names");
  if (stored != 1) refuse("must have exactly one version marked as storage version");
}

}  // namespace xebec::apiserver::validation
