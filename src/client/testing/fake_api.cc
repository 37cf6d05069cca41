#include "client/testing/fake_api.h"

#include <fmt/format.h>

#include <charconv>

#include "api/gen/corev1.h"
#include "api/gen/metav1.h"
#include "client/testing/fake_discovery.h"
#include "client/testing/fake_watch.h"
#include "client/wire.h"
#include "codec/json.h"
#include "codec/patch.h"
#include "codec/view.h"

namespace xebec::client::testing {
namespace {

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    size_t end = path.find('/');
    parts.push_back(http::percent_decode(path.substr(0, end), false));
    path = end == std::string_view::npos ? std::string_view() : path.substr(end);
  }
  return parts;
}

int64_t number(const std::optional<std::string>& text) {
  int64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

ResourceName name_of(const api::Resource& resource) { return {resource.group, resource.plural}; }

metav1::Status to_api(const Status& status) {
  metav1::Status out;
  out.status = "Failure";
  out.message = status.message;
  out.reason = status.reason;
  out.code = status.code;
  metav1::StatusDetails& details = out.details.ensure();
  details.name = status.details.name;
  details.group = status.details.group;
  details.kind = status.details.kind;
  details.retryAfterSeconds = status.details.retry_after_seconds;
  return out;
}

// One field of an object goes over to another of the same type.
void carry(const char* field_name, const api::Object& from, api::Object& to) {
  const api::Field* field = to.type().find(field_name);
  if (field == nullptr || field->kind != api::Kind::Message || field->rep != api::Rep::Value) return;
  api::assign_value(field->kind, field->message, field->ptr(to.data()), field->ptr(from.data()));
}

bool same(const char* field_name, const api::Object& a, const api::Object& b) {
  const api::Field* field = a.type().find(field_name);
  if (field == nullptr || field->kind != api::Kind::Message || field->rep != api::Rep::Value) return true;
  return api::equal_value(field->kind, field->message, field->ptr(a.data()), field->ptr(b.data()));
}

}  // namespace

FakeApi::FakeApi(const api::Scheme& scheme, const Clock& clock) : scheme_(scheme), clock_(clock) {}
FakeApi::~FakeApi() = default;

http::Response FakeApi::error_response(const Status& status) {
  metav1::Status body = to_api(status);
  http::Response response;
  response.status = status.code;
  response.headers.add("Content-Type", wire::kJson);
  if (status.details.retry_after_seconds > 0) {
    response.headers.add("Retry-After", std::to_string(status.details.retry_after_seconds));
  }
  api::GroupVersion version;
  version.version = "v1";
  response.set_body(wire::encode(api::type_of<metav1::Status>(), &body, version, true));
  return response;
}

Task<http::Response> FakeApi::handle(Context context, http::Request request) {
  requests_.push_back(request.method + " " + request.path +
                      (request.query.empty() ? "" : "?" + request.query));
  if (hook_) {
    std::optional<http::Response> response = hook_(request);
    if (response) co_return std::move(*response);
  }
  Result<http::Response> response = co_await dispatch(std::move(context), std::move(request));
  if (response.has_value()) co_return std::move(*response);
  co_return error_response(response.error());
}

Result<FakeApi::Address> FakeApi::address(const http::Request& request) const {
  std::vector<std::string> parts = split_path(request.path);
  size_t at = 0;
  auto take = [&] { return at < parts.size() ? parts[at++] : std::string(); };
  Address address;
  std::string root = take(), group;
  if (root == "apis") group = take();
  std::string version = take(), plural = take();
  if (plural == "namespaces" && at + 1 < parts.size() &&
      scheme_.resource(group, version, parts[at + 1]) != nullptr) {
    address.ns = take();
    plural = take();
  }
  address.resource = scheme_.resource(group, version, plural);
  address.name = take();
  address.subresource = take();
  if (address.resource != nullptr && address.resource->message != nullptr) return address;
  return fail(errors::generic(404, "get", {}, "", "404 page not found", 0));
}

Task<Result<http::Response>> FakeApi::dispatch(Context context, http::Request request) {
  if (request.method == "GET" && (request.path == "/api" || request.path == "/apis"))
    co_return discovery_response(scheme_, request.path == "/api");
  CO_TRY(Address to, address(request));
  Reply reply;
  std::string_view accept = request.headers.get("Accept");
  reply.protobuf = accept.starts_with(wire::kProtobuf);
  reply.metadata_only = accept.find("as=PartialObjectMetadata") != std::string_view::npos;
  if (request.method == "GET" && to.name.empty()) {
    if (request.param("watch")) co_return watch(to, request, reply, context.cancel);
    co_return list_(to, request, reply);
  }
  if (request.method == "GET") {
    auto found = objects_.find(key_of(*to.resource, to.ns, to.name));
    if (found == objects_.end()) co_return fail(errors::not_found(name_of(*to.resource), to.name));
    co_return answer(*found->second, reply);
  }
  if (request.method == "POST" && !to.name.empty()) co_return subresource_post(to, request);
  if (request.method == "POST") co_return create(to, request, reply);
  if (request.method == "PUT") co_return update(to, request, reply);
  if (request.method == "PATCH") co_return patch(to, request, reply);
  if (request.method == "DELETE" && to.name.empty()) co_return remove_collection(to, request, reply);
  if (request.method == "DELETE") co_return remove_(to, request, reply);
  co_return fail(errors::method_not_supported(name_of(*to.resource), request.method));
}

http::Response FakeApi::answer(const api::Object& object, Reply reply, int status) const {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", reply.protobuf ? wire::kProtobuf : wire::kJson);
  api::Object partial;
  const api::Object* shown = &object;
  if (reply.metadata_only && object.meta() != nullptr) {
    partial = only_metadata(object);
    shown = &partial;
  }
  response.set_body(
      wire::encode(shown->type(), shown->data(), shown->gvk().group_version(), !reply.protobuf));
  return response;
}

std::string FakeApi::key_of(const api::Resource& resource, std::string_view ns, std::string_view name) const {
  std::string key = fmt::format("{}/{}/{}/", resource.group, resource.version, resource.plural);
  if (resource.namespaced && !ns.empty()) key.append(ns).append("/");
  return key.append(name);
}

namespace {
Result<Selection> selection_of(const http::Request& request, std::string prefix) {
  Selection selection;
  selection.prefix = std::move(prefix);
  TRY(selection.labels, api::LabelSelector::parse(request.param("labelSelector").value_or("")));
  TRY(selection.fields, api::FieldSelector::parse(request.param("fieldSelector").value_or("")));
  return selection;
}
}  // namespace

// A continue token is "<revision>:<last key>".
Result<http::Response> FakeApi::list_(const Address& to, const http::Request& request, Reply reply) {
  TRY(Selection selection, selection_of(request, key_of(*to.resource, to.ns, {})));
  int64_t limit = number(request.param("limit")), revision = revision_;
  std::string after;
  if (std::optional<std::string> token = request.param("continue"); token && !token->empty()) {
    size_t colon = token->find(':');
    revision = number(token->substr(0, colon));
    after = token->substr(colon + 1);
    if (revision < compacted_) {
      return fail(
          errors::expired("The provided continue parameter is too old to display a consistent list result."));
    }
  }
  const api::Message& type =
      reply.metadata_only ? api::type_of<metav1::PartialObjectMetadataList>() : *to.resource->list_message;
  api::Object list(type);
  const api::Field& items = *type.items();
  void* vector = items.ptr(list.data());
  list.list_meta()->resourceVersion = std::to_string(revision);
  auto at = after.empty() ? objects_.lower_bound(selection.prefix) : objects_.upper_bound(after);
  for (; at != objects_.end() && at->first.starts_with(selection.prefix); ++at) {
    if (!selection.matches(*at->second)) continue;
    if (limit > 0 && static_cast<int64_t>(items.list->size(vector)) == limit) {
      list.list_meta()->continue_ = fmt::format("{}:{}", revision, std::prev(at)->first);
      break;
    }
    api::Object shown = reply.metadata_only ? only_metadata(*at->second) : api::Object();
    const void* from = reply.metadata_only ? shown.data() : at->second->data();
    items.message->assign(items.list->append(vector), from);
  }
  return answer(list, reply);
}

Result<http::Response> FakeApi::watch(const Address& to, const http::Request& request, Reply reply,
                                      CancelToken token) {
  TRY(Selection selection, selection_of(request, key_of(*to.resource, to.ns, {})));
  std::optional<std::string> version = request.param("resourceVersion");
  int64_t from = version && !version->empty() ? number(version) : revision_;
  if (from < compacted_) {
    return fail(errors::expired(fmt::format("too old resource version: {} ({})", from, compacted_)));
  }
  std::optional<MonotonicTime> end;
  if (int64_t seconds = number(request.param("timeoutSeconds")); seconds > 0) {
    end = Executor::current()->now() + std::chrono::seconds(seconds);
  }
  http::Response response;
  response.headers.add("Content-Type",
                       reply.protobuf ? std::string(wire::kProtobuf) + ";stream=watch" : "application/json");
  response.body = std::make_unique<FakeWatch>(
      *this, *to.resource, std::move(selection), from, reply.protobuf, reply.metadata_only,
      request.param("allowWatchBookmarks") == "true", std::move(token), end);
  return response;
}

Result<http::Response> FakeApi::create(const Address& to, const http::Request& request, Reply reply) {
  TRY(api::Object object,
      wire::decode(*to.resource->message, request.headers.get("Content-Type"), request.body));
  metav1::ObjectMeta* meta = object.meta();
  if (!to.resource->stored()) return answer(object, reply, 201);
  if (to.resource->namespaced) meta->namespace_ = to.ns;
  if (meta->name.empty() && !meta->generateName.empty())
    meta->name = fmt::format("{}{:05}", meta->generateName, ++made_);
  if (meta->name.empty()) return fail(errors::bad_request("name or generateName is required"));
  std::string key = key_of(*to.resource, to.ns, meta->name);
  if (objects_.contains(key)) return fail(errors::already_exists(name_of(*to.resource), meta->name));
  meta->uid = fmt::format("00000000-0000-4000-8000-{:012}", ++made_);
  meta->creationTimestamp = api::Time::from_unix(
      std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch()).count());
  meta->generation = 1;
  return answer(commit(key, std::move(object)), reply, 201);
}

// What a write may not change stays as it was.
api::Object FakeApi::prepare_update(const Address& to, const api::Object& old, api::Object next) const {
  if (to.subresource == "status" || to.subresource == "approval") {
    api::Object merged = old.clone();
    carry("status", next, merged);
    return merged;
  }
  if (to.resource->subresource("status") != nullptr) carry("status", old, next);
  const metav1::ObjectMeta& before = *old.meta();
  metav1::ObjectMeta& meta = *next.meta();
  meta.uid = before.uid;
  meta.creationTimestamp = before.creationTimestamp;
  meta.deletionTimestamp = before.deletionTimestamp;
  meta.generation = before.generation + (same("spec", old, next) ? 0 : 1);
  return next;
}

Result<const api::Object*> FakeApi::store(const Address& to, api::Object next) {
  std::string key = key_of(*to.resource, to.ns, to.name);
  auto found = objects_.find(key);
  if (found == objects_.end()) return fail(errors::not_found(name_of(*to.resource), to.name));
  const metav1::ObjectMeta& meta = *next.meta();
  const metav1::ObjectMeta& before = *found->second->meta();
  if (!meta.uid.empty() && meta.uid != before.uid) {
    return fail(
        errors::conflict(name_of(*to.resource), to.name,
                         fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}",
                                     meta.uid, before.uid)));
  }
  if (!meta.resourceVersion.empty() && meta.resourceVersion != before.resourceVersion) {
    return fail(errors::modified(name_of(*to.resource), to.name));
  }
  return &commit(key, prepare_update(to, *found->second, std::move(next)));
}

Result<http::Response> FakeApi::update(const Address& to, const http::Request& request, Reply reply) {
  TRY(api::Object object,
      wire::decode(*to.resource->message, request.headers.get("Content-Type"), request.body));
  TRY(const api::Object* stored, store(to, std::move(object)));
  return answer(*stored, reply);
}

Result<http::Response> FakeApi::patch(const Address& to, const http::Request& request, Reply reply) {
  auto found = objects_.find(key_of(*to.resource, to.ns, to.name));
  if (found == objects_.end()) return fail(errors::not_found(name_of(*to.resource), to.name));
  const api::Message& type = *to.resource->message;
  codec::Value tree =
      codec::to_value(type, found->second->data(), found->second->gvk().api_version(), type.kinds[0].kind);
  std::string_view format = request.headers.get("Content-Type");
  if (format == "application/json-patch+json") {
    TRY_VOID(codec::apply_json_patch(request.body, tree));
  } else if (format == "application/merge-patch+json") {
    TRY_VOID(codec::apply_merge_patch(request.body, tree));
  } else if (format == "application/strategic-merge-patch+json") {
    TRY_VOID(codec::apply_strategic_merge_patch(type, request.body, tree));
  } else {
    return fail(errors::unsupported_media_type("the fake API does not know apply"));
  }
  api::Object next(type);
  TRY_VOID(codec::from_value(type, tree, next.data()));
  TRY(const api::Object* stored, store(to, std::move(next)));
  return answer(*stored, reply);
}

Result<void> FakeApi::delete_one(const Address& to, const http::Request& request) {
  std::string key = key_of(*to.resource, to.ns, to.name);
  auto found = objects_.find(key);
  if (found == objects_.end()) return fail(errors::not_found(name_of(*to.resource), to.name));
  const metav1::ObjectMeta& meta = *found->second->meta();
  if (!request.body.empty()) {
    TRY(api::Object body, wire::decode(api::type_of<metav1::DeleteOptions>(),
                                       request.headers.get("Content-Type"), request.body));
    const auto& preconditions = body.get<metav1::DeleteOptions>().preconditions;
    if (preconditions && preconditions->uid.value_or(meta.uid) != meta.uid) {
      return fail(errors::conflict(
          name_of(*to.resource), to.name,
          fmt::format("the UID in the precondition ({}) does not match the UID in record ({}). "
                      "The object might have been deleted and then recreated",
                      *preconditions->uid, meta.uid)));
    }
    if (preconditions &&
        preconditions->resourceVersion.value_or(meta.resourceVersion) != meta.resourceVersion) {
      return fail(errors::modified(name_of(*to.resource), to.name));
    }
  }
  if (meta.finalizers.empty()) {
    erase(key);
  } else if (!meta.deletionTimestamp) {
    api::Object marked = found->second->clone();
    marked.meta()->deletionTimestamp = api::Time::from_unix(
        std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch()).count());
    commit(key, std::move(marked));
  }
  return {};
}

Result<http::Response> FakeApi::remove_(const Address& to, const http::Request& request, Reply reply) {
  TRY_VOID(delete_one(to, request));
  metav1::Status done;
  done.status = "Success";
  return answer(api::Object::of(std::move(done)), reply);
}

Result<http::Response> FakeApi::remove_collection(const Address& to, const http::Request& request,
                                                  Reply reply) {
  TRY(Selection selection, selection_of(request, key_of(*to.resource, to.ns, {})));
  std::vector<Address> chosen;
  for (auto at = objects_.lower_bound(selection.prefix);
       at != objects_.end() && at->first.starts_with(selection.prefix); ++at) {
    if (!selection.matches(*at->second)) continue;
    chosen.push_back({to.resource, at->second->meta()->namespace_, at->second->meta()->name, {}});
  }
  for (const Address& one : chosen) {
    TRY_VOID(delete_one(one, request));
  }
  metav1::Status done;
  done.status = "Success";
  return answer(api::Object::of(std::move(done)), reply);
}

// Bindings and evictions of Pods.
Result<http::Response> FakeApi::subresource_post(const Address& to, const http::Request& request) {
  auto found = objects_.find(key_of(*to.resource, to.ns, to.name));
  if (found == objects_.end()) return fail(errors::not_found(name_of(*to.resource), to.name));
  if (to.subresource == "binding" && found->second->is<corev1::Pod>()) {
    TRY(api::Object body,
        wire::decode(api::type_of<corev1::Binding>(), request.headers.get("Content-Type"), request.body));
    api::Object bound = found->second->clone();
    corev1::Pod& pod = bound.get<corev1::Pod>();
    if (!pod.spec.nodeName.empty()) {
      return fail(errors::conflict(
          {"", "pods/binding"}, to.name,
          fmt::format("pod {} is already assigned to node \"{}\"", to.name, pod.spec.nodeName)));
    }
    pod.spec.nodeName = body.get<corev1::Binding>().target.name;
    commit(found->first, std::move(bound));
  } else if (to.subresource == "eviction" && found->second->is<corev1::Pod>()) {
    erase(std::string(found->first));
  } else {
    return fail(errors::method_not_supported(name_of(*to.resource), "create"));
  }
  metav1::Status done;
  done.status = "Success";
  Reply reply;
  return answer(api::Object::of(std::move(done)), reply, 201);
}

const api::Object& FakeApi::commit(const std::string& key, api::Object next) {
  std::shared_ptr<const api::Object> before;
  if (auto found = objects_.find(key); found != objects_.end()) before = found->second;
  metav1::ObjectMeta& meta = *next.meta();
  meta.resourceVersion = std::to_string(revision_ + 1);
  auto after = std::make_shared<const api::Object>(std::move(next));
  objects_[key] = after;
  log(key, std::move(before), after);
  // The last finalizer gone from a marked object ends it.
  // It lives on in the log.
  if (after->meta()->deletionTimestamp && after->meta()->finalizers.empty()) erase(key);
  return *after;
}

void FakeApi::erase(const std::string& key) {
  std::shared_ptr<const api::Object> before = objects_.at(key);
  objects_.erase(key);
  log(key, std::move(before), nullptr);
}

void FakeApi::log(std::string key, std::shared_ptr<const api::Object> before,
                  std::shared_ptr<const api::Object> after) {
  changes_.push_back({++revision_, std::move(key), std::move(before), std::move(after)});
  changed_.notify_all();
}

void FakeApi::end_watches() {
  ++ended_;
  changed_.notify_all();
}

void FakeApi::break_watches() {
  ++broken_;
  changed_.notify_all();
}

void FakeApi::compact() {
  // A revision of its own, so that what clients have seen so far is too old.
  compacted_ = ++revision_;
  changes_.clear();
}

void FakeApi::bookmark() {
  ++bookmarks_;
  changed_.notify_all();
}

const api::Resource& FakeApi::resource_of(const api::Message& type) const {
  const api::TypeName& kind = type.kinds[0];
  return *scheme_.resource_of_kind(kind.group, kind.version, kind.kind);
}

api::Object FakeApi::put_object(api::Object object) {
  const api::Resource& resource = resource_of(object.type());
  metav1::ObjectMeta& meta = *object.meta();
  std::string key = key_of(resource, meta.namespace_, meta.name);
  if (auto found = objects_.find(key); found != objects_.end()) meta.uid = found->second->meta()->uid;
  if (meta.uid.empty()) meta.uid = fmt::format("00000000-0000-4000-8000-{:012}", ++made_);
  return commit(key, std::move(object)).clone();
}

const api::Object* FakeApi::find_object(const api::Message& type, std::string_view ns,
                                        std::string_view name) const {
  auto found = objects_.find(key_of(resource_of(type), ns, name));
  return found == objects_.end() ? nullptr : found->second.get();
}

std::vector<const api::Object*> FakeApi::find_objects(const api::Message& type, std::string_view ns) const {
  std::string prefix = key_of(resource_of(type), ns, {});
  std::vector<const api::Object*> found;
  for (auto at = objects_.lower_bound(prefix); at != objects_.end() && at->first.starts_with(prefix); ++at) {
    found.push_back(at->second.get());
  }
  return found;
}

void FakeApi::remove_object(const api::Message& type, std::string_view ns, std::string_view name) {
  erase(key_of(resource_of(type), ns, name));
}

}  // namespace xebec::client::testing
