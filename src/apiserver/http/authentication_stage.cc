#include "apiserver/http/authentication_stage.h"

#include "apiserver/authn/protocol_token.h"
#include "apiserver/http/respond.h"

namespace xebec::apiserver {

Task<http::Response> AuthenticationStage::handle(Context context, std::shared_ptr<Exchange> exchange) {
  if (!context.user) {
    const MonotonicTime start = Executor::current()->now();
    Result<std::shared_ptr<const UserInfo>> user =
        co_await authenticator_->authenticate(context, exchange->request);
    metrics_.authenticated(user, Executor::current()->now() - start);
    if (!user) logger_.info("Unable to authenticate the request", {{"err", user.error().message}});
    if (!user || !*user) co_return error_response(exchange->request, errors::unauthorized());
    context.user = *user;
  }
  // Nothing behind this point needs the secret.
  exchange->request.headers.erase("Authorization");
  drop_protocol_token(exchange->request.headers);
  co_return co_await next_->handle(std::move(context), std::move(exchange));
}

}  // namespace xebec::apiserver
