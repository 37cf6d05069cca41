#include "kubelet/node/huge_pages.h"

#include <fmt/format.h>

#include "api/gen/corev1.h"
#include "kubelet/problem.h"

namespace xebec::kubelet {
namespace {

constexpr std::string_view kResource = "hugepages-";
constexpr std::string_view kMedium = "HugePages";

std::string text_of(int64_t size) {
  return std::string(api::Quantity(size, api::Quantity::Format::BinarySI).str());
}

}  // namespace

std::string huge_page_resource(int64_t size) { return std::string(kResource) + text_of(size); }

std::string huge_page_cgroup_name(int64_t size) {
  std::string text = text_of(size);
  if (text.ends_with('i')) text.pop_back();
  return text + "B";
}

std::optional<int64_t> huge_page_size(std::string_view resource) {
  if (!resource.starts_with(kResource)) return std::nullopt;
  Result<api::Quantity> size = api::Quantity::parse(resource.substr(kResource.size()));
  if (!size || size->value() <= 0) return std::nullopt;
  return size->value();
}

Result<int64_t> huge_page_size_of_medium(const corev1::Pod& pod, const std::string& medium) {
  int64_t wanted = 0;
  if (medium != kMedium) {
    Result<api::Quantity> size = api::Quantity::parse(std::string_view(medium).substr(kMedium.size() + 1));
    if (!size) return fail(problem(fmt::format("unknown storage medium \"{}\"", medium)));
    wanted = size->value();
  }
  int64_t found = 0;
  for (const auto* list : {&pod.spec.initContainers, &pod.spec.containers}) {
    for (const corev1::Container& container : *list) {
      for (const auto& [name, quantity] : container.resources.requests) {
        std::optional<int64_t> size = huge_page_size(name);
        if (!size || (wanted != 0 && *size != wanted)) continue;
        if (found != 0 && found != *size) {
          return fail(problem(fmt::format(
              "medium: {} can't be used if container requests multiple huge page sizes", medium)));
        }
        found = *size;
      }
    }
  }
  if (found != 0) return found;
  return fail(problem(fmt::format(
      "medium {}: hugePages storage requested, but there is no resource request for huge pages", medium)));
}

}  // namespace xebec::kubelet
