// The names of kinds and resources, as k8s.io/apimachinery/pkg/runtime/schema.
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace xebec::api {

struct GroupVersion {
  std::string group;
  std::string version;

  // "v1" or "apps/v1": what stands in apiVersion.
  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  // Splits an apiVersion; "v1" is the core group. More than one slash leaves all in `version`.
  static GroupVersion parse(std::string_view api_version);
  auto operator<=>(const GroupVersion&) const = default;
};

struct GroupKind {
  std::string group;
  std::string kind;
  // "Pod" or "Deployment.apps".
  std::string str() const { return group.empty() ? kind : kind + "." + group; }
  auto operator<=>(const GroupKind&) const = default;
};

struct GroupResource {
  std::string group;
  std::string resource;
  // "pods" or "deployments.apps".
  std::string str() const { return group.empty() ? resource : resource + "." + group; }
  auto operator<=>(const GroupResource&) const = default;
};

struct GroupVersionKind {
  std::string group;
  std::string version;
  std::string kind;

  GroupVersion group_version() const { return {group, version}; }
  GroupKind group_kind() const { return {group, kind}; }
  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  static GroupVersionKind from(std::string_view api_version, std::string_view kind);
  // "apps/v1, Kind=Deployment", as upstream prints it.
  std::string str() const { return group + "/" + version + ", Kind=" + kind; }
  auto operator<=>(const GroupVersionKind&) const = default;
};

struct GroupVersionResource {
  std::string group;
  std::string version;
  std::string resource;

  GroupVersion group_version() const { return {group, version}; }
  GroupResource group_resource() const { return {group, resource}; }
  auto operator<=>(const GroupVersionResource&) const = default;
};

}  // namespace xebec::api
