// Defaults of apiextensions (k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/*/defaults.go).
#include "api/defaults/groups.h"
#include "api/defaults/util.h"
#include "api/gen/apiextensionsv1.h"
#include "api/gen/apiextensionsv1beta1.h"

namespace xebec::api {
namespace {

template <class Names>
void set_names(Names& names) {
  if (names.singular.empty()) {
    names.singular = names.kind;
    for (char& c : names.singular)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (names.listKind.empty() && !names.kind.empty()) names.listKind = names.kind + "List";
}

void set_definition_defaults(apiextensionsv1::CustomResourceDefinition& definition) {
  set_names(definition.spec.names);
  auto& conversion = definition.spec.conversion;
  if (!conversion) conversion.emplace().strategy = "None";
  if (conversion->webhook && conversion->webhook->clientConfig && conversion->webhook->clientConfig->service)
    default_to(conversion->webhook->clientConfig->service->port, 443);
}

// A definition could name one version, or several; what it did not know it kept.
void set_definition_defaults(apiextensionsv1beta1::CustomResourceDefinition& definition) {
  auto& spec = definition.spec;
  default_to(spec.scope, "Namespaced");
  set_names(spec.names);
  if (spec.versions.empty() && !spec.version.empty()) {
    auto& version = spec.versions.emplace_back();
    version.name = spec.version;
    version.storage = version.served = true;
  }
  if (spec.version.empty() && !spec.versions.empty()) spec.version = spec.versions[0].name;
  if (!spec.conversion) spec.conversion.emplace().strategy = "None";
  if (spec.conversion->strategy == "Webhook" && spec.conversion->conversionReviewVersions.empty())
    spec.conversion->conversionReviewVersions.emplace_back("v1beta1");
  default_to(spec.preserveUnknownFields, true);
  if (spec.conversion->webhookClientConfig && spec.conversion->webhookClientConfig->service)
    default_to(spec.conversion->webhookClientConfig->service->port, 443);
}

}  // namespace

void add_apiextensions_defaults(DefaultsTable& table) {
  add_defaults<apiextensionsv1::CustomResourceDefinition, apiextensionsv1beta1::CustomResourceDefinition>(
      table, [](auto& definition) { set_definition_defaults(definition); });
}

}  // namespace xebec::api
