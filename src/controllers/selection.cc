#include "controllers/selection.h"

#include <fmt/format.h>

#include <algorithm>

namespace xebec::controllers {
namespace {

bool names(std::string_view text, const Registration& controller) {
  return text == controller.name || (!controller.alias.empty() && text == controller.alias);
}

}  // namespace

bool is_enabled(std::span<const std::string> selection, const Registration& controller) {
  bool all = false;
  for (std::string_view one : selection) {
    if (names(one, controller)) return true;
    if (one.starts_with('-') && names(one.substr(1), controller)) return false;
    all |= one == "*";
  }
  return all && !controller.only_when_named;
}

Result<void> check_controllers(std::span<const std::string> selection) {
  for (std::string_view one : selection) {
    if (one == "*") continue;
    std::string_view name = one.substr(one.starts_with('-') ? 1 : 0);
    if (std::ranges::none_of(registrations(), [&](const auto& known) { return names(name, known); }))
      return fail(errors::bad_request(fmt::format("\"{}\" is not in the list of known controllers", name)));
  }
  return {};
}

}  // namespace xebec::controllers
