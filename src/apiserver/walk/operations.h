// Every operation of every resource, from the resource table: what can be done at which
// path. Beside them stands what upstream serves and this server does not, with the reason.
#pragma once

#include <map>
#include <set>

#include "apiserver/walk/walk.h"

namespace xebec::apiserver::testing {

struct Operation {
  std::string method;  // upper case
  std::string path;    // with {namespace} and {name}
  const api::Resource* resource = nullptr;
  const api::Subresource* subresource = nullptr;
  bool item = false;  // of one object, or of a subresource
  bool watch = false;

  bool connects() const {
    if (!subresource) return false;
    const std::set<std::string_view> names = {"attach", "exec", "portforward", "proxy"};
    return names.contains(subresource->name);
  }
  bool reads() const { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }
};

// Versions that are not served, and why.
inline std::string why_not_served(const api::Resource& resource) {
  if (resource.group == "resource.k8s.io" &&
      (resource.version == "v1alpha1" || resource.version == "v1alpha2"))
    return "claims were about classes and opaque parameters; no release could convert them to what came "
           "after";
  return "";
}

// What upstream publishes and is not served here.
inline std::string why_not_served(std::string_view path) {
  if (path.starts_with("/logs"))
    return "the log files of the host: nothing is logged to files, and --enable-logs-handler is deprecated";
  return "";
}

namespace detail {

inline std::string method_of(std::string_view verb) {
  if (verb == "get" || verb == "list") return "GET";
  if (verb == "create") return "POST";
  if (verb == "update") return "PUT";
  if (verb == "patch") return "PATCH";
  return "DELETE";
}

class Operations {
 public:
  void add(const api::Resource& resource) {
    resource_ = &resource;
    const std::string group(resource.group), version(resource.version), plural(resource.plural);
    root_ = (group.empty() ? "/api/" : "/apis/" + group + "/") + version;
    const std::string scope = resource.namespaced ? "/namespaces/{namespace}/" : "/";
    for (std::string_view verb : resource.verbs) {
      if (verb == "watch") continue;
      const bool item = verb == "get" || verb == "update" || verb == "patch" || verb == "delete";
      push(method_of(verb), root_ + scope + plural + (item ? "/{name}" : ""), item);
      if (verb == "list" && resource.namespaced) push("GET", root_ + "/" + plural, false);
    }
    if (resource.has_verb("watch")) watches(scope, plural);
    for (const api::Subresource& sub : resource.subresources) subresource(sub, root_ + scope + plural);
    subresource_ = nullptr;
  }
  std::vector<Operation> take() { return std::move(out_); }

 private:
  void watches(const std::string& scope, const std::string& plural) {
    const std::string base = root_ + "/watch";
    push("GET", base + scope + plural, false, true);
    push("GET", base + scope + plural + "/{name}", true, true);
    if (resource_->namespaced) push("GET", base + "/" + plural, false, true);
  }
  void subresource(const api::Subresource& sub, const std::string& collection) {
    subresource_ = &sub;
    const std::string path = collection + "/{name}/" + std::string(sub.name);
    for (std::string_view verb : sub.verbs) push(method_of(verb), path, true);
    if (sub.name != "proxy") return;
    for (std::string_view method : {"HEAD", "OPTIONS"}) push(std::string(method), path, true);
    for (std::string_view method : {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
      push(std::string(method), path + "/{path}", true);
  }
  void push(std::string method, std::string path, bool item, bool watch = false) {
    out_.push_back({std::move(method), std::move(path), resource_, subresource_, item, watch});
  }

  std::string root_;
  const api::Resource* resource_ = nullptr;
  const api::Subresource* subresource_ = nullptr;
  std::vector<Operation> out_;
};

}  // namespace detail

inline std::vector<Operation> operations_of(const api::Resource& resource) {
  detail::Operations operations;
  operations.add(resource);
  return operations.take();
}

}  // namespace xebec::apiserver::testing
