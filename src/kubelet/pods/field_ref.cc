#include "kubelet/pods/field_ref.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "api/gen/corev1.h"
#include "base/go_quote.h"
#include "kubelet/problem.h"

namespace xebec::kubelet {
namespace {

std::string format_map(const api::FlatMap<std::string>& map) {
  std::string out;
  for (const auto& [key, value] : map) {
    if (!out.empty()) out += "\n";
    out += key + "=" + go_quote(value);
  }
  return out;
}

// metadata.labels['key']
std::optional<std::string_view> subscript(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix) || !path.ends_with("']")) return std::nullopt;
  path.remove_prefix(prefix.size());
  if (!path.starts_with("['") || path.size() < 4) return std::nullopt;
  return path.substr(2, path.size() - 4);
}

int64_t divide_up(int64_t value, int64_t divisor) {
  return divisor <= 0 ? value : (value + divisor - 1) / divisor;
}

}  // namespace

Result<std::string> field_value(const corev1::Pod& pod, std::string_view path, const PodFacts& facts) {
  const metav1::ObjectMeta& meta = pod.metadata;
  if (auto key = subscript(path, "metadata.labels")) return meta.labels.value_or(*key, "");
  if (auto key = subscript(path, "metadata.annotations")) return meta.annotations.value_or(*key, "");
  if (path == "metadata.name") return meta.name;
  if (path == "metadata.namespace") return meta.namespace_;
  if (path == "metadata.uid") return meta.uid;
  if (path == "metadata.labels") return format_map(meta.labels);
  if (path == "metadata.annotations") return format_map(meta.annotations);
  if (path == "spec.nodeName") return pod.spec.nodeName;
  if (path == "spec.serviceAccountName") return pod.spec.serviceAccountName;
  if (path == "status.hostIP") return facts.host_ips.empty() ? std::string() : facts.host_ips[0];
  if (path == "status.hostIPs") return fmt::format("{}", fmt::join(facts.host_ips, ","));
  if (path == "status.podIP") return facts.pod_ips.empty() ? std::string() : facts.pod_ips[0];
  if (path == "status.podIPs") return fmt::format("{}", fmt::join(facts.pod_ips, ","));
  return fail(problem(fmt::format("unsupported fieldPath: {}", path)));
}

const corev1::Container* find_container(const corev1::Pod& pod, std::string_view name) {
  for (const corev1::Container& c : pod.spec.containers) {
    if (c.name == name) return &c;
  }
  for (const corev1::Container& c : pod.spec.initContainers) {
    if (c.name == name) return &c;
  }
  return nullptr;
}

Result<std::string> resource_value(const corev1::Pod& pod, const corev1::Container* container,
                                   const corev1::ResourceFieldSelector& selector,
                                   const api::FlatMap<api::Quantity>& allocatable) {
  if (!selector.containerName.empty()) container = find_container(pod, selector.containerName);
  if (container == nullptr) {
    return fail(problem(fmt::format("container {} not found", selector.containerName)));
  }
  std::string_view path = selector.resource;
  bool limit = path.starts_with("limits.");
  if (!limit && !path.starts_with("requests.")) {
    return fail(problem(fmt::format("unsupported container resource : {}", path)));
  }
  std::string_view name = path.substr(path.find('.') + 1);
  const api::FlatMap<api::Quantity>& list =
      limit ? container->resources.limits : container->resources.requests;
  const api::Quantity* quantity = list.get(name);
  if (quantity == nullptr && limit) quantity = allocatable.get(name);
  api::Quantity zero;
  if (quantity == nullptr) quantity = &zero;
  bool no_divisor = selector.divisor.is_zero();
  if (name == "cpu") {
    int64_t divisor = no_divisor ? 1000 : selector.divisor.milli_value();
    return std::to_string(divide_up(quantity->milli_value(), divisor));
  }
  return std::to_string(divide_up(quantity->value(), no_divisor ? 1 : selector.divisor.value()));
}

}  // namespace xebec::kubelet
