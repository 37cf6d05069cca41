// A request for a resource, resolved against the Scheme, and what its handlers need. One file a verb.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/scheme.h"
#include "apiserver/http/component_status.h"
#include "apiserver/http/encoder.h"
#include "apiserver/http/stage.h"
#include "apiserver/registry/registry.h"
#include "apiserver/registry/virtual_resource.h"
#include "base/clock.h"
#include "base/logger.h"

namespace xebec::apiserver {

class AdmissionChain;
class Authorizer;
struct AuthorizationAttributes;  // authz/authorizer.h
class KubeletProxy;              // kubelet_proxy.h

// Everything outlives the handlers; all of it is thread-safe.
struct ResourceDependencies {
  const api::Scheme* scheme = nullptr;
  const RegistryMap* registries = nullptr;
  const VirtualResources* virtual_resources = nullptr;
  // Who may create what an update finds missing; nullptr: everybody.
  std::shared_ptr<Authorizer> authorizer;
  // For what no registry stores as it is sent: reviews, tokens, bindings, evictions; nullptr: none.
  const AdmissionChain* admission = nullptr;
  KubeletProxy* kubelets = nullptr;  // nullptr: logs, exec and the like answer 503
  // Clients of whatever nodes, Pods and Services are proxied to, by URL; empty: proxying answers 503.
  std::function<Result<std::shared_ptr<http::Client>>(const std::string& url)> target_clients;
  const ComponentChecks* components = nullptr;
  const codec::Transcoder* transcoder = nullptr;
  const Clock* clock = nullptr;
  Rng* rng = nullptr;
  // A watch without a time of its own lasts between this and twice this.
  Duration min_watch = std::chrono::seconds(1800);
  Logger logger;
};

// How the objects of requests relate to stored ones: in another version, or another kind (Scale).
struct Shape {
  const api::Message* type = nullptr;  // what requests hold
  api::GroupVersionKind kind;
  std::function<Result<api::Object>(const api::Object& hub)> read;
  std::function<Result<api::Object>(api::Object sent, const api::Object* current)> write;
};

struct ResourceCall {
  const ResourceDependencies* deps = nullptr;
  std::shared_ptr<Exchange> exchange;
  const api::Resource* resource = nullptr;
  const api::Subresource* subresource = nullptr;  // nullptr: the resource itself
  Registry* registry = nullptr;                   // nullptr for resources that are not stored
  std::string namespace_;                         // empty for cluster-scoped resources
  std::string name;                               // of the path; empty for collections

  const http::Request& request() const { return exchange->request; }
  ResourceName resource_name() const { return {resource->group, resource->plural}; }
  api::GroupVersionResource gvr() const {
    return {std::string(resource->group), std::string(resource->version), std::string(resource->plural)};
  }
  std::string_view subresource_name() const { return subresource ? subresource->name : std::string_view(); }
};

// What the authorizer is asked when the call needs the right to another verb on the same object.
AuthorizationAttributes attributes_of(const Context& context, const ResourceCall& call, std::string verb);
// The shape of the resource itself, in the version of the request.
Shape shape_of(const ResourceCall& call);
// The encoder for what the client accepts of that shape; 406 when it accepts nothing we have.
Result<Encoder> encoder_for(const ResourceCall& call, const Shape& shape, Offered offered);
WriteOptions write_options(const ResourceCall& call, const Shape& shape, const struct WriteQuery& query);
// The same for a write that creates what is missing: its user must be allowed to create, too.
void allow_create(const Context& context, const ResourceCall& call, WriteOptions& options);
// The object gets the namespace of the request; another one is a mistake.
Result<void> settle_namespace(const ResourceCall& call, api::Object& object);
// Admission of a body that is created at the call's path but not stored as it is.
Task<Result<void>> admit_create(Context context, ResourceCall call, api::GroupVersionKind kind,
                                std::shared_ptr<api::Object> object, bool dry_run);
// The object as the client wants it, with the status code.
Result<http::Response> answer(const Encoder& encoder, int code, const api::Object& hub);

using Answer = Task<Result<http::Response>>;

Answer handle_get(Context context, ResourceCall call, Shape shape);
Answer handle_list(Context context, ResourceCall call);
Answer handle_component_status(Context context, ResourceCall call);
Answer handle_watch(Context context, ResourceCall call);
Answer handle_create(Context context, ResourceCall call);
Answer handle_update(Context context, ResourceCall call, Shape shape);
Answer handle_patch(Context context, ResourceCall call, Shape shape);
Answer handle_delete(Context context, ResourceCall call);
Answer handle_delete_collection(Context context, ResourceCall call);

// Subresources that are more than another view of the object.
Answer handle_virtual_create(Context context, ResourceCall call);
Answer handle_binding(Context context, ResourceCall call);
Answer handle_eviction(Context context, ResourceCall call);
Answer handle_rollback(Context context, ResourceCall call);
// nodes/proxy, pods/proxy and services/proxy.
Answer handle_proxy(Context context, ResourceCall call);
Shape scale_shape(const ResourceCall& call);

}  // namespace xebec::apiserver
