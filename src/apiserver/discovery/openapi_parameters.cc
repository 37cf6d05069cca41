#include "apiserver/discovery/openapi_parameters.h"

#include "api/descriptions.h"
#include "api/gen/corev1.h"
#include "api/gen/metav1.h"

namespace xebec::apiserver {
namespace {

constexpr OpenApiParameter kPretty{"pretty", "string"}, kDryRun{"dryRun", "string"},
    kFieldManager{"fieldManager", "string"}, kFieldValidation{"fieldValidation", "string"},
    kForce{"force", "boolean"};

constexpr OpenApiParameter kRead[] = {kPretty};
constexpr OpenApiParameter kWrite[] = {kDryRun, kFieldManager, kFieldValidation, kPretty};
constexpr OpenApiParameter kPatch[] = {kDryRun, kFieldManager, kFieldValidation, kForce, kPretty};
constexpr OpenApiParameter kDelete[] = {kDryRun,
                                        {"gracePeriodSeconds", "integer"},
                                        {"ignoreStoreReadErrorWithClusterBreakingPotential", "boolean"},
                                        {"orphanDependents", "boolean"},
                                        kPretty,
                                        {"propagationPolicy", "string"}};
constexpr OpenApiParameter kList[] = {{"allowWatchBookmarks", "boolean"},
                                      {"continue", "string"},
                                      {"fieldSelector", "string"},
                                      {"labelSelector", "string"},
                                      {"limit", "integer"},
                                      kPretty,
                                      {"resourceVersion", "string"},
                                      {"resourceVersionMatch", "string"},
                                      {"sendInitialEvents", "boolean"},
                                      {"timeoutSeconds", "integer"},
                                      {"watch", "boolean"}};
constexpr OpenApiParameter kDeleteCollection[] = {
    {"continue", "string"},
    kDryRun,
    {"fieldSelector", "string"},
    {"gracePeriodSeconds", "integer"},
    {"ignoreStoreReadErrorWithClusterBreakingPotential", "boolean"},
    {"labelSelector", "string"},
    {"limit", "integer"},
    {"orphanDependents", "boolean"},
    kPretty,
    {"propagationPolicy", "string"},
    {"resourceVersion", "string"},
    {"resourceVersionMatch", "string"},
    {"sendInitialEvents", "boolean"},
    {"timeoutSeconds", "integer"}};
constexpr OpenApiParameter kLog[] = {{"container", "string"},
                                     {"follow", "boolean"},
                                     {"insecureSkipTLSVerifyBackend", "boolean"},
                                     {"limitBytes", "integer"},
                                     kPretty,
                                     {"previous", "boolean"},
                                     {"sinceSeconds", "integer"},
                                     {"stream", "string"},
                                     {"tailLines", "integer"},
                                     {"timestamps", "boolean"}};
constexpr OpenApiParameter kAttach[] = {{"container", "string"},
                                        {"stderr", "boolean"},
                                        {"stdin", "boolean"},
                                        {"stdout", "boolean"},
                                        {"tty", "boolean"}};
constexpr OpenApiParameter kExec[] = {{"command", "string"}, {"container", "string"}, {"stderr", "boolean"},
                                      {"stdin", "boolean"},  {"stdout", "boolean"},   {"tty", "boolean"}};
constexpr OpenApiParameter kPorts[] = {{"ports", "integer"}};
constexpr OpenApiParameter kProxyPath[] = {{"path", "string"}};

std::string_view described(const api::Message& type, std::string_view name) {
  const api::Field* field = type.find(name);
  return field ? api::description(type, *field) : std::string_view();
}

}  // namespace

std::span<const OpenApiParameter> openapi_query(std::string_view action, std::string_view subresource) {
  if (action == "list" || action == "watch" || action == "watchlist") return kList;
  if (action == "post" || action == "put") return kWrite;
  if (action == "patch") return kPatch;
  if (action == "delete") return kDelete;
  if (action == "deletecollection") return kDeleteCollection;
  if (action == "get") return subresource == "log" ? std::span<const OpenApiParameter>(kLog) : kRead;
  if (action != "connect") return {};
  if (subresource == "exec") return kExec;
  if (subresource == "attach") return kAttach;
  return subresource == "portforward" ? std::span<const OpenApiParameter>(kPorts) : kProxyPath;
}

std::string_view openapi_query_description(std::string_view action, std::string_view subresource,
                                           std::string_view name) {
  if (name == "pretty") return "\"true\" has the answer indented for people to read.";
  if (action == "list" || action == "watch" || action == "watchlist")
    return described(metav1::ListOptions::kDescriptor, name);
  if (action == "post") return described(metav1::CreateOptions::kDescriptor, name);
  if (action == "put") return described(metav1::UpdateOptions::kDescriptor, name);
  if (action == "patch") return described(metav1::PatchOptions::kDescriptor, name);
  if (action == "delete" || action == "deletecollection") {
    std::string_view text = described(metav1::DeleteOptions::kDescriptor, name);
    return text.empty() ? described(metav1::ListOptions::kDescriptor, name) : text;
  }
  if (subresource == "log") return described(corev1::PodLogOptions::kDescriptor, name);
  if (subresource == "exec") return described(corev1::PodExecOptions::kDescriptor, name);
  if (subresource == "attach") return described(corev1::PodAttachOptions::kDescriptor, name);
  if (subresource == "portforward") return described(corev1::PodPortForwardOptions::kDescriptor, name);
  return described(corev1::PodProxyOptions::kDescriptor, name);
}

}  // namespace xebec::apiserver
