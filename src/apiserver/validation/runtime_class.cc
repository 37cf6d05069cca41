// Validation of node.k8s.io (k8s.io/kubernetes/pkg/apis/node/validation).
#include <tuple>

#include "apiserver/validation/coordination.h"
#include "apiserver/validation/object_meta.h"
#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

void check_unique_tolerations(Errors& errors, const Path& path,
                              const std::vector<corev1::Toleration>& tolerations) {
  check_tolerations(errors, path, tolerations);
  std::set<std::tuple<std::string, std::string, std::string, std::string>> seen;
  for (size_t i = 0; i < tolerations.size(); ++i) {
    const corev1::Toleration& t = tolerations[i];
    if (seen.emplace(t.key, t.operator_, t.value, t.effect).second) continue;
    field::Error error = field::duplicate(path.index(i), "");
    error.body = "Duplicate value: " + go_json(t);
    errors.push_back(std::move(error));
  }
}

}  // namespace

Errors validate_runtime_class(const nodev1::RuntimeClass& runtime_class) {
  Errors errors;
  if (runtime_class.handler.empty()) {
    errors.push_back(field::required(Path("handler")));
  } else {
    check_dns_label(errors, Path("handler"), runtime_class.handler);
  }
  if (runtime_class.overhead) {
    corev1::ResourceRequirements resources;
    resources.limits = runtime_class.overhead->podFixed;
    check_container_resources(errors, Path("overhead"), resources, {});
  }
  if (!runtime_class.scheduling) return errors;
  const Path scheduling("scheduling");
  field::append(errors,
                validate_labels(runtime_class.scheduling->nodeSelector, scheduling.child("nodeSelector")));
  check_unique_tolerations(errors, scheduling.child("tolerations"), runtime_class.scheduling->tolerations);
  return errors;
}

Errors validate_runtime_class_update(const nodev1::RuntimeClass& runtime_class,
                                     const nodev1::RuntimeClass& old) {
  Errors errors = validate_runtime_class(runtime_class);
  check_immutable(errors, Path("handler"), runtime_class.handler == old.handler,
                  field::quote(runtime_class.handler));
  return errors;
}

}  // namespace xebec::apiserver::validation
