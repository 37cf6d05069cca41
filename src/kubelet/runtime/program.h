// Running other programs by posix_spawn, without blocking the executor and without threads: exits are polled.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "base/task.h"

namespace xebec::containerd {

struct ProgramOutput {
  int exit_code = 0;  // 128 + signal when killed
  std::string text;   // stdout and stderr together
};

// Runs to the end; killed at the time limit (Timeout). A non-zero exit code is not an error here.
Task<Result<ProgramOutput>> run_program(std::vector<std::string> command, Duration limit);
// The same, where a non-zero exit code is an error that says what the program said.
Task<Result<std::string>> check_program(std::vector<std::string> command, Duration limit);

// Starts a program in a session of its own that outlives this process. Output is appended to `log_path`.
Result<pid_t> spawn_daemon(const std::vector<std::string>& command, const std::string& log_path,
                           const std::string& working_dir);

// Full path of a program in PATH and the system's own folders; empty when there is none.
std::string find_program(const std::string& name);

}  // namespace xebec::containerd
