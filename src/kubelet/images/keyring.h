// Keyring: which credentials of pull secrets fit an image. A pattern is HOST[:PORT][/PATH]: globs in the
// host, each within one of its labels; the port has to be the same; the path is a prefix. Source:
// k8s.io/kubernetes pkg/credentialprovider/keyring.go.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/gen/corev1.h"
#include "kubelet/cri/types.h"

namespace xebec::kubelet {

class Keyring {
 public:
  // Takes what a secret of type kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg holds; another one,
  // or one that cannot be read, holds nothing.
  void add(const corev1::Secret& secret);
  // In the order they are to be tried: the longest pattern first. The image's name may be short.
  std::vector<cri::AuthConfig> lookup(const std::string& image) const;

 private:
  // By pattern, the last in order first: "r.io/team" before "r.io", names before globs.
  std::map<std::string, std::vector<cri::AuthConfig>, std::greater<>> patterns_;
};

// Both as HOST[:PORT][/PATH].
bool registry_matches(std::string_view pattern, std::string_view repository);

}  // namespace xebec::kubelet
