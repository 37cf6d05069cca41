// Requests as a service account of kube-system, by tokens that a component asks for with its own identity
// (k8s.io/controller-manager/pkg/clientbuilder, client_builder_dynamic.go).
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/sync.h"
#include "client/rest.h"
#include "http/message.h"

namespace xebec::cmd {

// The account's present token. Made again when four fifths of its time are over; the account itself is made
// when it is missing. Thread-safe.
class AccountTokens {
 public:
  // `owner` may create tokens and service accounts. `clock` outlives this.
  AccountTokens(client::Rest owner, std::string account, const Clock& clock)
      : owner_(std::move(owner)), account_(std::move(account)), clock_(clock) {}

  Task<Result<std::string>> get(CancelToken cancel);
  // The API server refused it.
  void forget(const std::string& token);

 private:
  class Fetching;
  struct Token {
    std::string text;
    WallTime fetched, expires;
    bool fresh(WallTime now) const { return now < fetched + (expires - fetched) / 5 * 4; }
  };

  Task<Result<Token>> fetch(CancelToken cancel);
  Task<Result<void>> make_account(Context context);

  client::Rest owner_;
  const std::string account_;
  const Clock& clock_;
  std::mutex mutex_;
  Token token_;
  bool fetching_ = false;
  Signal fetched_;
};

// Sends what it is given over another client, with the account's token.
class AccountClient final : public http::Client {
 public:
  // `transport` shows no identity of its own: a client certificate would count for more than a token.
  AccountClient(std::shared_ptr<http::Client> transport, std::shared_ptr<AccountTokens> tokens)
      : transport_(std::move(transport)), tokens_(std::move(tokens)) {}

  Task<Result<http::Response>> send(Context context, http::Request request) override;
  Task<Result<std::unique_ptr<http::ByteStream>>> upgrade(Context context, http::Request request,
                                                          http::Headers& answered) override;

 private:
  std::shared_ptr<http::Client> transport_;
  std::shared_ptr<AccountTokens> tokens_;
};

}  // namespace xebec::cmd
