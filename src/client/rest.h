// Rest: calls of the Kubernetes API, typed, dynamic or about metadata only, over any http::Client.
//
// A Rest is a handle: copies are cheap and share one core; thread-safe. Calls run on the caller's executor.
// Objects are protobuf on the wire (JSON as the answer's fallback, and for patches). What is sent is encoded
// before the call returns its Task, so arguments need not outlive the call. Errors are the server's Status,
// word for word; without one, errors::generic. Answers 429 (and 5xx with Retry-After) are retried as
// client-go does: up to 10 times after the time the server names. Source: k8s.io/client-go/rest,
// kubernetes/typed, dynamic and metadata.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/object.h"
#include "api/scheme.h"
#include "base/context.h"
#include "base/result.h"
#include "base/task.h"
#include "client/options.h"
#include "client/watch.h"
#include "http/message.h"

namespace xebec::codec {
class Value;
}
namespace xebec::corev1 {
struct Binding;
struct Namespace;
}  // namespace xebec::corev1
namespace xebec::policyv1 {
struct Eviction;
}
namespace xebec::authenticationv1 {
struct TokenRequest;
}
namespace xebec::autoscalingv1 {
struct Scale;
}
namespace xebec::metav1 {
struct PartialObjectMetadata;
}

namespace xebec::client {

// One page of a list (or all of it).
template <class T>
struct List {
  List() {}
  std::vector<T> items;
  std::string resource_version;
  std::string continue_;  // token of the next page; empty at the end
  int64_t remaining = 0;  // as far as the server knows
};

// A resource as discovery reports it.
struct DiscoveredResource {
  DiscoveredResource() {}
  api::GroupVersionResource gvr;
  std::string kind;
  bool namespaced = false;
  // Its version is the group's preferred one (the first that has the resource). Nothing of extensions/v1beta1
  // is: the same objects have newer names.
  bool preferred = false;
  std::vector<std::string> verbs;
  std::vector<std::string> subresources;
  bool has_verb(std::string_view verb) const;
};

struct Discovery {
  Discovery() {}
  std::vector<DiscoveredResource> resources;     // in the server's order
  std::vector<api::GroupVersion> failed_groups;  // could not be discovered now (stale aggregated APIs)
};

// What a type-erased call is about. `message` is the type of the answer (of one object).
struct Target {
  Target(const api::Resource& resource);  // NOLINT: a Resource is a target
  Target(api::GroupVersionResource gvr, const api::Message* message)
      : gvr(std::move(gvr)), message(message) {}
  api::GroupVersionResource gvr;
  const api::Message* message;                 // nullptr: answers are not decoded to a type
  const api::Message* list_message = nullptr;  // the List kind
  bool known = false;                          // from the scheme: `namespaced` is meaningful
  bool namespaced = false;
  bool metadata_only = false;  // ask for PartialObjectMetadata
};

class Rest {
 public:
  struct Config {
    Config() {}
    std::string user_agent = "xebec";
    bool prefer_json = false;  // talk JSON, for debugging
    int max_retries = 10;
  };

  // `scheme` outlives all copies.
  Rest(std::shared_ptr<http::Client> transport, const api::Scheme& scheme, Config config = Config());

  // ---- Typed. `ns` is empty for cluster-scoped kinds, and for lists over all namespaces. ----
  template <class T>
  Task<Result<T>> get(Context context, std::string ns, std::string name,
                      GetOptions options = GetOptions()) const {
    return as<T>(
        get_object(std::move(context), target_of<T>(), std::move(ns), std::move(name), std::move(options)));
  }
  template <class T>
  Task<Result<List<T>>> list(Context context, std::string ns, ListOptions options = ListOptions()) const {
    return as_list<T>(list_object(std::move(context), target_of<T>(), std::move(ns), std::move(options)));
  }
  // Every page; for callers that want the whole list in bounded requests (500 items each).
  template <class T>
  Task<Result<List<T>>> list_all(Context context, std::string ns, ListOptions options = ListOptions()) const {
    return list_pages<T>(*this, std::move(context), std::move(ns), std::move(options));
  }
  // The namespace and name are those of the object's metadata.
  template <class T>
  Task<Result<T>> create(Context context, const T& object, WriteOptions options = WriteOptions()) const {
    return as<T>(
        write_object(std::move(context), "POST", target_of<T>(), type_of<T>(), &object, std::move(options)));
  }
  template <class T>
  Task<Result<T>> update(Context context, const T& object, WriteOptions options = WriteOptions()) const {
    return as<T>(
        write_object(std::move(context), "PUT", target_of<T>(), type_of<T>(), &object, std::move(options)));
  }
  template <class T>
  Task<Result<T>> update_status(Context context, const T& object,
                                WriteOptions options = WriteOptions()) const {
    options.subresource = "status";
    return update(std::move(context), object, std::move(options));
  }
  // `body` is JSON (YAML is allowed for apply). options.subresource names what is patched.
  template <class T>
  Task<Result<T>> patch(Context context, std::string ns, std::string name, PatchType type, std::string body,
                        WriteOptions options = WriteOptions()) const {
    return as<T>(patch_object(std::move(context), target_of<T>(), std::move(ns), std::move(name), type,
                              std::move(body), std::move(options)));
  }
  template <class T>
  Task<Result<void>> delete_(Context context, std::string ns, std::string name,
                             DeleteOptions options = DeleteOptions()) const {
    return delete_object(std::move(context), target_of<T>(), std::move(ns), std::move(name),
                         std::move(options));
  }
  template <class T>
  Task<Result<void>> delete_collection(Context context, std::string ns,
                                       DeleteOptions options = DeleteOptions(),
                                       ListOptions selection = ListOptions()) const {
    return delete_objects(std::move(context), target_of<T>(), std::move(ns), std::move(options),
                          std::move(selection));
  }
  template <class T>
  Task<Result<std::unique_ptr<WatchStream>>> watch(Context context, std::string ns,
                                                   WatchOptions options = WatchOptions()) const {
    return watch_object(std::move(context), target_of<T>(), std::move(ns), std::move(options));
  }

  // ---- Subresources. ----
  // POST pods/{name}/binding; the binding's metadata names the pod.
  Task<Result<void>> bind(Context context, const corev1::Binding& binding) const;
  // POST pods/{name}/eviction; 429 means that a disruption budget forbids it now (not retried here).
  Task<Result<void>> evict(Context context, const policyv1::Eviction& eviction) const;
  // PUT namespaces/{name}/finalize: writes spec.finalizers.
  Task<Result<corev1::Namespace>> finalize(Context context, const corev1::Namespace& ns) const;
  // POST serviceaccounts/{name}/token.
  Task<Result<authenticationv1::TokenRequest>> create_token(
      Context context, std::string ns, std::string service_account,
      const authenticationv1::TokenRequest& request) const;
  Task<Result<autoscalingv1::Scale>> get_scale(Context context, api::GroupVersionResource gvr, std::string ns,
                                               std::string name) const;
  Task<Result<autoscalingv1::Scale>> update_scale(Context context, api::GroupVersionResource gvr,
                                                  const autoscalingv1::Scale& scale) const;

  // ---- Metadata only, for any resource: PartialObjectMetadata. ----
  Task<Result<metav1::PartialObjectMetadata>> get_metadata(Context context, api::GroupVersionResource gvr,
                                                           std::string ns, std::string name) const;
  Task<Result<List<metav1::PartialObjectMetadata>>> list_metadata(Context context,
                                                                  api::GroupVersionResource gvr,
                                                                  std::string ns,
                                                                  ListOptions options = ListOptions()) const;
  Task<Result<metav1::PartialObjectMetadata>> patch_metadata(Context context, api::GroupVersionResource gvr,
                                                             std::string ns, std::string name, PatchType type,
                                                             std::string body,
                                                             WriteOptions options = WriteOptions()) const;
  Target metadata_target(api::GroupVersionResource gvr) const;

  // ---- Dynamic, for any resource: trees. ----
  Task<Result<codec::Value>> get_value(Context context, api::GroupVersionResource gvr, std::string ns,
                                       std::string name, std::string subresource = std::string()) const;
  Task<Result<codec::Value>> list_value(Context context, api::GroupVersionResource gvr, std::string ns,
                                        ListOptions options = ListOptions()) const;
  // `body` is JSON or YAML.
  Task<Result<codec::Value>> create_value(Context context, api::GroupVersionResource gvr, std::string ns,
                                          std::string body, WriteOptions options = WriteOptions()) const;
  Task<Result<codec::Value>> update_value(Context context, api::GroupVersionResource gvr, std::string ns,
                                          std::string name, std::string body,
                                          WriteOptions options = WriteOptions()) const;
  Task<Result<codec::Value>> patch_value(Context context, api::GroupVersionResource gvr, std::string ns,
                                         std::string name, PatchType type, std::string body,
                                         WriteOptions options = WriteOptions()) const;
  // Deletes need no type: also for typed and metadata-only users.
  Task<Result<void>> delete_resource(Context context, api::GroupVersionResource gvr, std::string ns,
                                     std::string name, DeleteOptions options = DeleteOptions()) const;
  Task<Result<void>> delete_collection(Context context, api::GroupVersionResource gvr, std::string ns,
                                       DeleteOptions options = DeleteOptions(),
                                       ListOptions selection = ListOptions()) const;

  // ---- Discovery. ----
  // Aggregated discovery, or group by group where the server has none.
  Task<Result<Discovery>> discover(Context context) const;

  // ---- Type-erased core. ----
  Task<Result<api::Object>> get_object(Context context, Target target, std::string ns, std::string name,
                                       GetOptions options = GetOptions()) const;
  // The List kind's object.
  Task<Result<api::Object>> list_object(Context context, Target target, std::string ns,
                                        ListOptions options = ListOptions()) const;
  Task<Result<api::Object>> write_object(Context context, std::string method, Target target,
                                         const api::Message& type, const void* object,
                                         WriteOptions options) const;
  // POST of a body of one type to {ns}/{name}/{subresource}, answered by another.
  Task<Result<api::Object>> post_subresource(Context context, Target target, std::string ns, std::string name,
                                             std::string subresource, const api::Message& body_type,
                                             const void* body, const api::Message* answer) const;
  Task<Result<api::Object>> patch_object(Context context, Target target, std::string ns, std::string name,
                                         PatchType type, std::string body, WriteOptions options) const;
  Task<Result<void>> delete_object(Context context, Target target, std::string ns, std::string name,
                                   DeleteOptions options) const;
  Task<Result<void>> delete_objects(Context context, Target target, std::string ns, DeleteOptions options,
                                    ListOptions selection) const;
  Task<Result<std::unique_ptr<WatchStream>>> watch_object(Context context, Target target, std::string ns,
                                                          WatchOptions options) const;
  // Any request; an HTTP failure is returned as an error. The user agent is added.
  Task<Result<http::Response>> raw(Context context, http::Request request) const;

  template <class T>
  Target target_of() const {
    return target_of(api::type_of<T>());
  }
  // The resource that serves the type's first kind. A kind without a resource gives calls that fail with 404.
  Target target_of(const api::Message& type) const;
  const api::Scheme& scheme() const;
  http::Client& transport() const;

 private:
  struct Core;
  struct Call;

  template <class T>
  static const api::Message& type_of() {
    return api::type_of<T>();
  }
  template <class T>
  static Task<Result<T>> as(Task<Result<api::Object>> call) {
    CO_TRY(api::Object object, co_await std::move(call));
    co_return std::move(object.get<T>());
  }
  template <class T>
  static Task<Result<List<T>>> as_list(Task<Result<api::Object>> call) {
    CO_TRY(api::Object object, co_await std::move(call));
    List<T> list;
    list.items = std::move(*static_cast<std::vector<T>*>(
        list_parts(object, list.resource_version, list.continue_, list.remaining)));
    co_return list;
  }
  template <class T>
  static Task<Result<List<T>>> list_pages(Rest rest, Context context, std::string ns, ListOptions options) {
    List<T> all;
    if (options.limit == 0) options.limit = 500;
    for (;;) {
      CO_TRY(List<T> page, co_await rest.list<T>(context, ns, options));
      for (T& item : page.items) all.items.push_back(std::move(item));
      all.resource_version = std::move(page.resource_version);
      if (page.continue_.empty()) co_return all;
      options.continue_ = std::move(page.continue_);
      options.resource_version.clear();
      options.resource_version_match.clear();
    }
  }
  // Address of the items vector of a List object; fills in what its ListMeta says.
  static void* list_parts(api::Object& list, std::string& resource_version, std::string& continue_token,
                          int64_t& remaining);

  static Task<Result<http::Response>> send(std::shared_ptr<const Core> core, Context context,
                                           Result<Call> call);
  static Task<Result<api::Object>> run(std::shared_ptr<const Core> core, Context context, Result<Call> call);
  static Task<Result<void>> run_void(std::shared_ptr<const Core> core, Context context, Result<Call> call);
  static Task<Result<codec::Value>> run_value(std::shared_ptr<const Core> core, Context context,
                                              Result<Call> call);
  static Task<Result<std::unique_ptr<WatchStream>>> run_watch(std::shared_ptr<const Core> core,
                                                              Context context, Result<Call> call);

  std::shared_ptr<const Core> core_;
};

}  // namespace xebec::client
