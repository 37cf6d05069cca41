// AtomicWriter: a directory whose files change all at once: DIR/..data -> ..TIMESTAMP, DIR/NAME ->
// ..data/NAME. Source: k8s.io/kubernetes pkg/volume/util/atomic_writer.go.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace xebec::kubelet {

struct ProjectedFile {
  std::string data;
  int mode = 0644;
  std::optional<int64_t> owner = std::nullopt;  // root when not set
  bool operator==(const ProjectedFile&) const = default;
};
using ProjectedFiles = std::map<std::string, ProjectedFile>;  // by relative path

// Makes `dir` hold exactly these files; does nothing when it does already. Files belong to `group` when one
// is given.
Result<void> write_atomically(const std::string& dir, const ProjectedFiles& files,
                              std::optional<int64_t> group, const Clock& clock);
// Error: the path is absolute, empty, or leads out of its directory.
Result<void> check_relative_path(const std::string& path);

}  // namespace xebec::kubelet
