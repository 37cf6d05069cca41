// Image names as containerd completes them.
#pragma once

#include <string>

namespace xebec::cri {

// Empty when the text names an image (distribution/reference); otherwise why not, in that library's words.
std::string image_name_problem(const std::string& image);
// "busybox" -> "docker.io/library/busybox:latest"; a digest or a tag that is there is kept.
std::string full_image_name(const std::string& image);

}  // namespace xebec::cri
