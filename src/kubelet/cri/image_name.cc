#include "kubelet/cri/image_name.h"

namespace xebec::cri {

std::string full_image_name(const std::string& image) {
  std::string name = image;
  size_t slash = name.find('/');
  std::string first = name.substr(0, slash);
  bool has_registry =
      slash != std::string::npos && (first.find_first_of(".:") != std::string::npos || first == "localhost");
  if (slash == std::string::npos) {
    name = "docker.io/library/" + name;
  } else if (!has_registry) {
    name = "docker.io/" + name;
  }
  size_t colon = name.rfind(':');
  bool tagged = colon != std::string::npos && colon > name.rfind('/');
  return tagged || name.find('@') != std::string::npos ? name : name + ":latest";
}

}  // namespace xebec::cri
