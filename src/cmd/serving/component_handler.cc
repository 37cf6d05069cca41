#include "cmd/serving/component_handler.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/json.h"

namespace xebec::cmd {
namespace {

using User = std::shared_ptr<const UserInfo>;

constexpr std::string_view kMasters = "system:masters";

std::string verb_of(const std::string& method) {
  std::string verb = method;
  std::ranges::transform(verb, verb.begin(), [](unsigned char c) { return std::tolower(c); });
  return verb;
}

User anonymous() {
  auto user = std::make_shared<UserInfo>();
  user->name = "system:anonymous";
  user->groups = {"system:unauthenticated"};
  return user;
}

http::Response text(int status, std::string body, std::string_view type = "text/plain; charset=utf-8") {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", type);
  response.set_body(std::move(body));
  return response;
}

// As a metav1 Status.
http::Response refusal(const Status& status) {
  codec::Value body;
  body["kind"] = codec::Value(std::string("Status"));
  body["apiVersion"] = codec::Value(std::string("v1"));
  body["metadata"] = codec::Value(codec::ValueMap());
  body["status"] = codec::Value(std::string("Failure"));
  body["message"] = codec::Value(status.message);
  body["reason"] = codec::Value(std::string(status.reason));
  body["code"] = codec::Value(static_cast<int64_t>(status.code));
  return text(status.code, codec::encode_json(body), "application/json");
}

Status forbidden(const UserInfo& user, const std::string& verb, const std::string& path) {
  return Status(403, reason::kForbidden,
                fmt::format("forbidden: User \"{}\" cannot {} path \"{}\"", user.name, verb, path));
}

}  // namespace

ComponentHandler::ComponentHandler(ComponentHandlerOptions options,
                                   std::shared_ptr<delegation::Authenticator> authenticator,
                                   std::unique_ptr<delegation::Authorizer> authorizer, Metrics& metrics,
                                   Logger logger)
    : options_(std::move(options)),
      authenticator_(std::move(authenticator)),
      authorizer_(std::move(authorizer)),
      metrics_(metrics),
      logger_(std::move(logger)) {}

void ComponentHandler::set_authenticator(std::shared_ptr<delegation::Authenticator> authenticator) {
  std::lock_guard lock(mutex_);
  authenticator_ = std::move(authenticator);
}

bool ComponentHandler::everybody_may(const std::string& path) const {
  return std::ranges::any_of(options_.always_allow_paths, [&](std::string_view allowed) {
    bool below = allowed.ends_with('*');
    if (below) allowed.remove_suffix(1);
    return below ? path.starts_with(allowed) : path == allowed;
  });
}

Task<Result<void>> ComponentHandler::admit(Context context, const http::Request& request) {
  std::shared_ptr<delegation::Authenticator> authenticator;
  {
    std::lock_guard lock(mutex_);
    authenticator = authenticator_;
  }
  CO_TRY(User user, co_await authenticator->identify(context, request));
  if (!user) user = anonymous();
  if (everybody_may(request.path)) co_return Result<void>();
  if (std::ranges::find(user->groups, kMasters) != user->groups.end()) co_return Result<void>();
  std::string verb = verb_of(request.method);
  bool may = false;
  if (authorizer_) {
    authorizationv1::SubjectAccessReviewSpec what;
    authorizationv1::NonResourceAttributes& attributes = what.nonResourceAttributes.emplace();
    attributes.path = request.path;
    attributes.verb = verb;
    Result<bool> answer = co_await authorizer_->allowed(context, user, std::move(what));
    if (!answer) {
      logger_.error("Cannot ask the API server who may do what", {{"err", answer.error().message}});
      co_return fail(Status(500, reason::kInternalError,
                            "Internal Server Error: \"" + request.path + "\": " + answer.error().message));
    }
    may = *answer;
  }
  if (!may) co_return fail(forbidden(*user, verb, request.path));
  co_return Result<void>();
}

http::Response ComponentHandler::serve(const http::Request& request) const {
  for (const char* name : {"healthz", "livez", "readyz"}) {
    std::string path = std::string("/") + name;
    if (request.path == path) return http::check_health(name, options_.checks, request, logger_);
    for (const http::HealthCheck& check : options_.checks) {
      if (request.path == path + "/" + check.name) return http::check_health(check);
    }
  }
  if (request.path != "/metrics") return text(404, "404 page not found\n");
  return text(200, metrics_.text(), "text/plain; version=0.0.4; charset=utf-8");
}

Task<http::Response> ComponentHandler::handle(Context context, http::Request request) {
  Result<void> admitted = co_await admit(std::move(context), request);
  if (!admitted) co_return refusal(admitted.error());
  co_return serve(request);
}

}  // namespace xebec::cmd
