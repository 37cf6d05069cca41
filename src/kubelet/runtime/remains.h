// What a containerd can leave behind when it, or its shims, were killed; and taking it away.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"

namespace xebec::containerd {

// Signals every process of the cgroup and those below it, in every hierarchy.
void kill_cgroups(const std::string& cgroup, int signal_number);
// Kills what is left in it, and removes it in every hierarchy. Gives up after some seconds.
Task<void> remove_cgroups(std::string cgroup);
// Kills the shims of the containerd at this socket, and removes their own sockets.
Task<void> end_shims(std::string containerd_socket);
// Pids of those shims.
std::vector<int> shims_of(const std::string& containerd_socket);
// Deepest first, lazily.
void unmount_below(const std::string& folder);
// CNI's cached results of the network's containers.
void remove_network_cache(const std::string& network);

}  // namespace xebec::containerd
