#include "apiserver/http/authorization_stage.h"

#include <fmt/format.h>

#include "api/field_error.h"
#include "apiserver/http/respond.h"

namespace xebec::apiserver {
namespace {

using field::quote;

std::string forbidden_message(const AuthorizationAttributes& a) {
  std::string user = quote(a.user ? a.user->name : "");
  if (!a.is_resource) return fmt::format("User {} cannot {} path {}", user, a.verb, quote(a.path));
  std::string resource = a.subresource.empty() ? a.resource : fmt::format("{}/{}", a.resource, a.subresource);
  std::string what = fmt::format("User {} cannot {} resource {} in API group {}", user, a.verb,
                                 quote(resource), quote(a.group));
  if (a.namespace_.empty()) return what + " at the cluster scope";
  return fmt::format("{} in the namespace {}", what, quote(a.namespace_));
}

}  // namespace

AuthorizationAttributes attributes_of(const RequestInfo& info, std::shared_ptr<const UserInfo> user) {
  AuthorizationAttributes attributes;
  attributes.user = std::move(user);
  attributes.verb = info.verb;
  attributes.is_resource = info.is_resource;
  attributes.path = info.path;
  if (!info.is_resource) return attributes;
  attributes.namespace_ = info.namespace_;
  attributes.group = info.group;
  attributes.version = info.version;
  attributes.resource = info.resource;
  attributes.subresource = info.subresource;
  attributes.name = info.name;
  attributes.field_selector = info.field_selector;
  attributes.label_selector = info.label_selector;
  return attributes;
}

Status forbidden_status(const AuthorizationAttributes& attributes, std::string_view reason) {
  std::string message = forbidden_message(attributes);
  if (!reason.empty()) message += fmt::format(": {}", reason);
  ResourceName resource{attributes.group, attributes.resource};
  return errors::forbidden(resource, attributes.name, message);
}

Task<http::Response> AuthorizationStage::handle(Context context, std::shared_ptr<Exchange> exchange) {
  const MonotonicTime start = Executor::current()->now();
  AuthorizationAttributes attributes = attributes_of(exchange->info, context.user);
  Verdict verdict = authorizer_->authorize(attributes);
  // An upgrade changes things whatever its method: GET asks for `create` as well.
  if (verdict.decision == Decision::kAllow && attributes.is_resource && attributes.verb == "get" &&
      attributes.resource == "pods" && exchange->request.headers.has("Upgrade") &&
      (attributes.subresource == "exec" || attributes.subresource == "attach" ||
       attributes.subresource == "portforward")) {
    attributes.verb = "create";
    verdict = authorizer_->authorize(attributes);
  }
  metrics_.authorized(verdict, Executor::current()->now() - start);
  if (verdict.decision != Decision::kAllow) {
    http::Response response = error_response(exchange->request, forbidden_status(attributes, verdict.reason));
    response.headers.add("X-Content-Type-Options", "nosniff");
    co_return response;
  }
  co_return co_await next_->handle(std::move(context), std::move(exchange));
}

}  // namespace xebec::apiserver
