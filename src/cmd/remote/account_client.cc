#include "cmd/remote/account_client.h"

#include "api/gen/authenticationv1.h"
#include "api/gen/corev1.h"

namespace xebec::cmd {
namespace {

constexpr std::string_view kNamespace = "kube-system";
constexpr int64_t kLifetime = 3600;  // seconds

}  // namespace

// One fetch at a time; whoever waits for it looks again when it is over, however it ended.
class AccountTokens::Fetching {
 public:
  explicit Fetching(AccountTokens& tokens) : tokens_(tokens) {}
  Fetching(const Fetching&) = delete;
  ~Fetching() {
    {
      std::lock_guard lock(tokens_.mutex_);
      tokens_.fetching_ = false;
    }
    tokens_.fetched_.notify_all();
  }

 private:
  AccountTokens& tokens_;
};

Task<Result<std::string>> AccountTokens::get(CancelToken cancel) {
  for (;;) {
    OneShot<bool> over;
    {
      std::lock_guard lock(mutex_);
      if (!token_.text.empty() && token_.fresh(clock_.now())) co_return token_.text;
      if (!fetching_) {
        fetching_ = true;
        break;
      }
      over = fetched_.subscribe();
    }
    CancelRegistration registration = cancel.on_cancel([over] { over.set(false); });
    bool look_again = co_await over;
    if (!look_again) co_return fail(errors::cancelled());
  }
  Fetching fetching(*this);
  Result<Token> fetched = co_await fetch(cancel);
  std::lock_guard lock(mutex_);
  if (fetched) token_ = *fetched;
  // An old token is better than none.
  if (!token_.text.empty() && clock_.now() < token_.expires) co_return token_.text;
  co_return fail(std::move(fetched).error());
}

void AccountTokens::forget(const std::string& token) {
  std::lock_guard lock(mutex_);
  if (token_.text == token) token_ = Token();
}

Task<Result<AccountTokens::Token>> AccountTokens::fetch(CancelToken cancel) {
  Context context;
  context.cancel = std::move(cancel);
  authenticationv1::TokenRequest request;
  request.spec.expirationSeconds = kLifetime;
  std::string ns(kNamespace);
  Result<authenticationv1::TokenRequest> answer =
      co_await owner_.create_token(context, ns, account_, request);
  if (!answer && answer.error().is(reason::kNotFound)) {
    CO_TRY_VOID(co_await make_account(context));
    answer = co_await owner_.create_token(context, ns, account_, request);
  }
  if (!answer) co_return fail(std::move(answer).error());
  Token token;
  token.text = answer->status.token;
  token.fetched = clock_.now();
  token.expires = WallTime(std::chrono::seconds(answer->status.expirationTimestamp.unix_seconds()));
  co_return token;
}

Task<Result<void>> AccountTokens::make_account(Context context) {
  corev1::ServiceAccount account;
  account.metadata.namespace_ = kNamespace;
  account.metadata.name = account_;
  Result<corev1::ServiceAccount> made = co_await owner_.create(std::move(context), account);
  if (made || made.error().is(reason::kAlreadyExists)) co_return Result<void>();
  co_return fail(std::move(made).error());
}

Task<Result<http::Response>> AccountClient::send(Context context, http::Request request) {
  CO_TRY(std::string token, co_await tokens_->get(context.cancel));
  request.headers.set("Authorization", "Bearer " + token);
  Result<http::Response> response = co_await transport_->send(std::move(context), std::move(request));
  if (response && response->status == 401) tokens_->forget(token);
  co_return response;
}

Task<Result<std::unique_ptr<http::ByteStream>>> AccountClient::upgrade(Context context, http::Request request,
                                                                       http::Headers& answered) {
  CO_TRY(std::string token, co_await tokens_->get(context.cancel));
  request.headers.set("Authorization", "Bearer " + token);
  co_return co_await transport_->upgrade(std::move(context), std::move(request), answered);
}

}  // namespace xebec::cmd
