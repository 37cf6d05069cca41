// What a process has used, from /proc.
#pragma once

#include <sys/types.h>

namespace xebec::load {

double cpu_seconds(pid_t pid);  // of all its threads; 0 when it is gone
double resident_mib(pid_t pid);

}  // namespace xebec::load
