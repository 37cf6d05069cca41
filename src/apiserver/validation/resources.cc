#include "apiserver/validation/resources.h"

#include <algorithm>

namespace xebec::apiserver::validation {
namespace {

constexpr std::string_view kHugePages = "hugepages-";

constexpr std::string_view kCounted[] = {"configmaps",
                                         "persistentvolumeclaims",
                                         "pods",
                                         "replicationcontrollers",
                                         "resourcequotas",
                                         "secrets",
                                         "services",
                                         "services.loadbalancers",
                                         "services.nodeports"};
constexpr std::string_view kMeasured[] = {"cpu",
                                          "memory",
                                          "ephemeral-storage",
                                          "storage",
                                          "limits.cpu",
                                          "limits.memory",
                                          "limits.ephemeral-storage",
                                          "requests.cpu",
                                          "requests.memory",
                                          "requests.ephemeral-storage",
                                          "requests.storage"};

bool one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool is_huge_page(std::string_view name) { return name.starts_with(kHugePages); }

bool is_native_resource(std::string_view name) {
  return name.find('/') == std::string_view::npos || name.find("kubernetes.io/") != std::string_view::npos;
}

bool is_extended_resource(std::string_view name) {
  if (is_native_resource(name) || name.starts_with("requests.")) return false;
  return api::is_qualified_name("requests." + std::string(name)).empty();
}

bool is_integer_resource(std::string_view name) {
  return one_of(kCounted, name) || is_extended_resource(name);
}

bool is_overcommit_allowed(std::string_view name) { return is_native_resource(name) && !is_huge_page(name); }

bool is_whole_huge_pages(std::string_view name, const api::Quantity& quantity) {
  Result<api::Quantity> page = api::Quantity::parse(name.substr(kHugePages.size()));
  if (!page || page->sign() <= 0 || page->milli_value() % 1000 != 0) return false;
  return quantity.value() % page->value() == 0;
}

void check_resource_name(Errors& errors, const Path& path, std::string_view name) {
  const api::Messages messages = api::is_qualified_name(name);
  check_messages(errors, path, name, messages);
  if (!messages.empty() || name.find('/') != std::string_view::npos) return;
  const bool standard = one_of(kCounted, name) || one_of(kMeasured, name) || is_huge_page(name) ||
                        name.starts_with("requests.hugepages-");
  if (!standard)
    errors.push_back(
        field::invalid_string(path, name, "must be a standard resource type or fully qualified"));
}

void check_container_resource_name(Errors& errors, const Path& path, std::string_view name) {
  check_resource_name(errors, path, name);
  if (name.find('/') == std::string_view::npos) {
    const bool standard =
        name == "cpu" || name == "memory" || name == "ephemeral-storage" || is_huge_page(name);
    if (!standard)
      errors.push_back(field::invalid_string(path, name, "must be a standard resource for containers"));
  } else if (!is_native_resource(name) && !is_extended_resource(name)) {
    errors.push_back(field::invalid_string(path, name, "doesn't follow extended resource name standard"));
  }
}

}  // namespace xebec::apiserver::validation
