// Metrics of authentication and authorization (k8s.io/apiserver/pkg/endpoints/filters metrics). Thread-safe.
#pragma once

#include <string_view>

#include "apiserver/authz/authorizer.h"
#include "base/executor.h"
#include "base/metrics.h"
#include "base/result.h"

namespace xebec::apiserver {

class AccessMetrics {
 public:
  // `metrics` outlives this.
  explicit AccessMetrics(Metrics& metrics);

  void authenticated(const Result<std::shared_ptr<const UserInfo>>& user, Duration taken);
  void authorized(const Verdict& verdict, Duration taken);

 private:
  MetricFamily<Counter>& users_;
  MetricFamily<Counter>& authentications_;
  MetricFamily<Histogram>& authentication_seconds_;
  MetricFamily<Counter>& authorizations_;
  MetricFamily<Histogram>& authorization_seconds_;
};

}  // namespace xebec::apiserver
