// /version: what this server is (k8s.io/apimachinery/pkg/version Info).
#pragma once

#include <string>

#include "apiserver/http/router.h"

namespace xebec::apiserver {

struct VersionInfo {
  std::string major = "1", minor = "36";
  std::string git_version = "v1.36.2+xebec";
  std::string git_commit, git_tree_state = "clean", build_date;
  std::string compiler, platform;

  // What this program was built as.
  static VersionInfo of_this_build();
};

void add_version(Router& router, const VersionInfo& version);

}  // namespace xebec::apiserver
