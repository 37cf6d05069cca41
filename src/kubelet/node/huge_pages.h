// Huge pages by their names: the resource "hugepages-2Mi", the medium "HugePages-2Mi", the control group's
// "2MB".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace xebec::corev1 {
struct Pod;
}

namespace xebec::kubelet {

// 2097152 -> "hugepages-2Mi"
std::string huge_page_resource(int64_t size);
// 2097152 -> "2MB"
std::string huge_page_cgroup_name(int64_t size);
// "hugepages-2Mi" -> 2097152; nothing for another resource.
std::optional<int64_t> huge_page_size(std::string_view resource);
// The size of the pages a volume of this medium is made of: "HugePages-2Mi", or "HugePages" for the one size
// that the pod's containers ask for. Errors in upstream's words.
Result<int64_t> huge_page_size_of_medium(const corev1::Pod& pod, const std::string& medium);

}  // namespace xebec::kubelet
