// CustomResourceDefinition of v1beta1: schema, subresources and columns may stand once for all versions
// (k8s.io/apiextensions-apiserver pkg/apis/apiextensions/v1beta1/conversion.go).
#include "api/conversion/kinds.h"

#include "api/gen/apiextensionsv1.h"
#include "api/gen/apiextensionsv1beta1.h"

namespace xebec::api::conversion {
namespace {

using New = apiextensionsv1::CustomResourceDefinition;
using Old = apiextensionsv1beta1::CustomResourceDefinition;

template <class From, class To>
void columns(const From& from, To& to, auto&& copy_path) {
  to.resize(from.size());
  for (size_t i = 0; i < from.size(); ++i) {
    convert_fields(from[i], to[i]);
    copy_path(from[i], to[i]);
  }
}

const auto kPathToNew = [](const auto& from, auto& to) { to.jsonPath = from.JSONPath; };
const auto kPathToOld = [](const auto& from, auto& to) { to.JSONPath = from.jsonPath; };

void to_new(const Old& from, New& to) {
  convert_fields(from, to);
  to.spec.preserveUnknownFields = from.spec.preserveUnknownFields.value_or(true);
  if (to.spec.versions.empty() && !from.spec.version.empty()) {
    auto& version = to.spec.versions.emplace_back();
    version.name = from.spec.version;
    version.served = version.storage = true;
  }
  for (size_t i = 0; i < to.spec.versions.size(); ++i) {
    auto& version = to.spec.versions[i];
    if (i < from.spec.versions.size())
      columns(from.spec.versions[i].additionalPrinterColumns, version.additionalPrinterColumns, kPathToNew);
    if (from.spec.validation && !version.schema)
      convert_fields(*from.spec.validation, version.schema.emplace());
    if (from.spec.subresources && !version.subresources)
      convert_fields(*from.spec.subresources, version.subresources.emplace());
    if (!from.spec.additionalPrinterColumns.empty() && version.additionalPrinterColumns.empty())
      columns(from.spec.additionalPrinterColumns, version.additionalPrinterColumns, kPathToNew);
    if (version.selectableFields.empty()) {
      version.selectableFields.resize(from.spec.selectableFields.size());
      for (size_t j = 0; j < from.spec.selectableFields.size(); ++j)
        convert_fields(from.spec.selectableFields[j], version.selectableFields[j]);
    }
  }
  if (!from.spec.conversion || from.spec.conversion->strategy != "Webhook") return;
  auto& webhook = to.spec.conversion->webhook.emplace();
  webhook.conversionReviewVersions = from.spec.conversion->conversionReviewVersions;
  if (from.spec.conversion->webhookClientConfig)
    convert_fields(*from.spec.conversion->webhookClientConfig, webhook.clientConfig.emplace());
}

// What all versions have in common v1beta1 shows once, at the top.
template <class Part, class Top>
void lift(std::vector<apiextensionsv1beta1::CustomResourceDefinitionVersion>& versions, Part part, Top& top) {
  for (const auto& version : versions)
    if (!(version.*part == versions[0].*part)) return;
  top = versions[0].*part;
  for (auto& version : versions) version.*part = {};
}

void to_old(const New& from, Old& to) {
  using Version = apiextensionsv1beta1::CustomResourceDefinitionVersion;
  convert_fields(from, to);
  to.spec.preserveUnknownFields = from.spec.preserveUnknownFields;
  for (size_t i = 0; i < from.spec.versions.size(); ++i)
    columns(from.spec.versions[i].additionalPrinterColumns, to.spec.versions[i].additionalPrinterColumns,
            kPathToOld);
  if (!from.spec.versions.empty()) {
    to.spec.version = from.spec.versions[0].name;
    lift(to.spec.versions, &Version::schema, to.spec.validation);
    lift(to.spec.versions, &Version::subresources, to.spec.subresources);
    lift(to.spec.versions, &Version::additionalPrinterColumns, to.spec.additionalPrinterColumns);
    lift(to.spec.versions, &Version::selectableFields, to.spec.selectableFields);
  }
  if (!from.spec.conversion || !from.spec.conversion->webhook) return;
  const auto& webhook = *from.spec.conversion->webhook;
  to.spec.conversion->conversionReviewVersions = webhook.conversionReviewVersions;
  if (webhook.clientConfig)
    convert_fields(*webhook.clientConfig, to.spec.conversion->webhookClientConfig.emplace());
}

}  // namespace

void append_definitions(std::vector<ConversionEntry>& table) {
  table.push_back(entry<Old, New, to_new>());
  table.push_back(entry<New, Old, to_old>());
}

}  // namespace xebec::api::conversion
