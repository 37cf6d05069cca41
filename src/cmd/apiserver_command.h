// `xebec apiserver`: an API server alone, over a local store, with its own certificates.
#pragma once

#include "cmd/command.h"

namespace xebec::cmd {

std::function<int()> declare_apiserver(CLI::App& app);

}  // namespace xebec::cmd
