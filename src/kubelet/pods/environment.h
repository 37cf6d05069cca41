// The environment of a container: env, envFrom, services; and $(VAR) expansion.
// Source: k8s.io/kubernetes pkg/kubelet/kubelet_pods.go, pkg/kubelet/envvars,
// third_party/forked/golang/expansion.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/gen/corev1.h"
#include "base/task.h"
#include "client/rest.h"
#include "kubelet/cri/types.h"
#include "kubelet/pods/field_ref.h"

namespace xebec::kubelet {

// $(NAME) becomes its value where there is one; $$ is a dollar sign. `missing` is told of names that have no
// value, or an empty one.
std::string expand(std::string_view text, const std::map<std::string, std::string>& values,
                   const std::function<void(const std::string& name)>& missing = {});

// The variables services are known by: FOO_SERVICE_HOST, FOO_PORT_80_TCP_ADDR ...; `kubernetes` of the
// default namespace is always there, others of the pod's namespace when `links`.
std::map<std::string, std::string> service_variables(
    const std::vector<std::shared_ptr<const corev1::Service>>& services, std::string_view ns, bool links);

struct EnvironmentInputs {
  client::Rest rest;
  CancelToken token;
  std::shared_ptr<const corev1::Pod> pod;
  corev1::Container container;
  PodFacts facts;
  api::FlatMap<api::Quantity> allocatable;
  std::map<std::string, std::string> services;
};
// In the order of the spec, services last. Errors: a ConfigMap or Secret that is missing and not optional.
Task<Result<std::vector<cri::EnvVar>>> make_environment(EnvironmentInputs inputs);

}  // namespace xebec::kubelet
