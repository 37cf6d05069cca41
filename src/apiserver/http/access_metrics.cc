#include "apiserver/http/access_metrics.h"

namespace xebec::apiserver {
namespace {

// 15 of them, each twice the one before, from 1 ms.
constexpr double kSeconds[] = {0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128,
                               0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384};

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// Names of users are neither for metrics nor without number.
std::string compressed(const std::string& name) {
  for (std::string_view known :
       {"admin", "client", "kube_proxy", "kubelet", "system:serviceaccount:kube-system:default"}) {
    if (name == known) return name;
  }
  return name.find('@') == std::string::npos ? "other" : "email_id";
}

std::string label(const Verdict& verdict) {
  if (verdict.decision == Decision::kAllow) return "allowed";
  if (!verdict.evaluation_error.empty()) return "error";
  return verdict.decision == Decision::kDeny ? "denied" : "no-opinion";
}

}  // namespace

AccessMetrics::AccessMetrics(Metrics& metrics)
    : users_(metrics.counter("authenticated_user_requests",
                             "[ALPHA] Counter of authenticated requests broken out by username.",
                             {"username"})),
      authentications_(metrics.counter("authentication_attempts",
                                       "[ALPHA] Counter of authenticated attempts.", {"result"})),
      authentication_seconds_(metrics.histogram(
          "authentication_duration_seconds",
          "[ALPHA] Authentication duration in seconds broken out by result.", kSeconds, {"result"})),
      authorizations_(metrics.counter("authorization_attempts_total",
                                      "[ALPHA] Counter of authorization attempts broken down by result. It "
                                      "can be either 'allowed', 'denied', 'no-opinion' or 'error'.",
                                      {"result"})),
      authorization_seconds_(metrics.histogram(
          "authorization_duration_seconds", "[ALPHA] Authorization duration in seconds broken out by result.",
          kSeconds, {"result"})) {}

void AccessMetrics::authenticated(const Result<std::shared_ptr<const UserInfo>>& user, Duration taken) {
  const std::string result = !user ? "error" : !*user ? "failure" : "success";
  if (user && *user) users_.with({compressed((*user)->name)}).add();
  authentications_.with({result}).add();
  authentication_seconds_.with({result}).observe(seconds(taken));
}

void AccessMetrics::authorized(const Verdict& verdict, Duration taken) {
  const std::string result = label(verdict);
  authorizations_.with({result}).add();
  authorization_seconds_.with({result}).observe(seconds(taken));
}

}  // namespace xebec::apiserver
