// --controllers: which controllers run (k8s.io/controller-manager/app, IsControllerEnabled).
#pragma once

#include <span>
#include <string>

#include "controllers/controller.h"

namespace xebec::controllers {

// "*" enables all but those that have to be named, "NAME" one, "-NAME" disables one; the first that names the
// controller decides.
bool is_enabled(std::span<const std::string> selection, const Registration& controller);

// An error for a name that no controller has.
Result<void> check_controllers(std::span<const std::string> selection);

}  // namespace xebec::controllers
