#include <fmt/format.h>

#include "apiserver/authz/authorizer.h"

namespace xebec::apiserver {
namespace {

class UnionAuthorizer final : public Authorizer {
 public:
  explicit UnionAuthorizer(std::vector<std::unique_ptr<Authorizer>> members) : members_(std::move(members)) {}

  Verdict authorize(const AuthorizationAttributes& attributes) override {
    Verdict joined;
    for (const auto& member : members_) {
      Verdict verdict = member->authorize(attributes);
      if (verdict.decision != Decision::kNoOpinion) return verdict;
      append(joined.reason, verdict.reason);
      append(joined.evaluation_error, verdict.evaluation_error);
    }
    return joined;
  }

 private:
  static void append(std::string& to, const std::string& text) {
    if (text.empty()) return;
    if (!to.empty()) to += '\n';
    to += text;
  }

  std::vector<std::unique_ptr<Authorizer>> members_;
};

}  // namespace

std::unique_ptr<Authorizer> make_union_authorizer(std::vector<std::unique_ptr<Authorizer>> members) {
  return std::make_unique<UnionAuthorizer>(std::move(members));
}

}  // namespace xebec::apiserver
