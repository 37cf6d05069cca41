// The flags of an API server, named as kube-apiserver's where it has them.
#pragma once

#include "cmd/control_plane.h"
#include "cmd/flags/flags.h"

namespace xebec::cmd {

void declare_apiserver_flags(Flags& flags, ControlPlaneOptions& options);

}  // namespace xebec::cmd
