#include "cmd/build_info.h"

#include "apiserver/discovery/version.h"

namespace xebec::cmd {

void register_build_info(Metrics& metrics) {
  const apiserver::VersionInfo version = apiserver::VersionInfo::of_this_build();
  // There is no Go in it; the label is there for whoever groups by it.
  metrics
      .gauge(
          "kubernetes_build_info",
          "[ALPHA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git "
          "tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on "
          "which it is running.",
          {"build_date", "compiler", "git_commit", "git_tree_state", "git_version", "go_version", "major",
           "minor", "platform"})
      .with({version.build_date, version.compiler, version.git_commit, version.git_tree_state,
             version.git_version, "", version.major, version.minor, version.platform})
      .set(1);
}

}  // namespace xebec::cmd
