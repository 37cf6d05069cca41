// Taking a node away from its machine, without the API.
#pragma once

#include <string>

#include "base/logger.h"
#include "cmd/node/node_options.h"

namespace xebec::cmd {

// Ends all Pods and the private containerd of the node below `data_dir`, and removes every trace of them.
Result<void> purge_node(const std::string& data_dir, const std::string& cgroup_root, Logger logger);

}  // namespace xebec::cmd
