// What an image reference says about its tag (k8s.io/kubernetes/pkg/util/parsers).
#pragma once

#include <string>
#include <string_view>

namespace xebec::api {

// The default pull policy: Always for the tag `latest` or none without a digest, else IfNotPresent.
inline std::string default_pull_policy(std::string_view image) {
  if (image.find('@') != std::string_view::npos) return "IfNotPresent";
  size_t slash = image.rfind('/');
  std::string_view last = slash == std::string_view::npos ? image : image.substr(slash + 1);
  size_t colon = last.rfind(':');
  bool latest = colon == std::string_view::npos || last.substr(colon + 1) == "latest";
  return latest ? "Always" : "IfNotPresent";
}

}  // namespace xebec::api
