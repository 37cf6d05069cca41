// Image names as containerd completes them.
#pragma once

#include <string>

namespace xebec::cri {

// "busybox" -> "docker.io/library/busybox:latest"; a digest or a tag that is there is kept.
std::string full_image_name(const std::string& image);

}  // namespace xebec::cri
