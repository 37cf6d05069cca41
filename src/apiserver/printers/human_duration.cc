#include "apiserver/printers/human_duration.h"

#include <fmt/format.h>

namespace xebec::apiserver {
namespace {

// "3m20s", or "3m" when the minor part is zero.
std::string two_units(int64_t major, char major_unit, int64_t minor, char minor_unit) {
  if (minor == 0) return fmt::format("{}{}", major, major_unit);
  return fmt::format("{}{}{}{}", major, major_unit, minor, minor_unit);
}

}  // namespace

std::string human_duration(int64_t seconds) {
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 60 * 2) return fmt::format("{}s", seconds);
  int64_t minutes = seconds / 60;
  if (minutes < 10) return two_units(minutes, 'm', seconds % 60, 's');
  if (minutes < 60 * 3) return fmt::format("{}m", minutes);
  int64_t hours = seconds / 3600;
  if (hours < 8) return two_units(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return fmt::format("{}h", hours);
  if (hours < 24 * 8) return two_units(hours / 24, 'd', hours % 24, 'h');
  if (hours < 24 * 365 * 2) return fmt::format("{}d", hours / 24);
  if (hours < 24 * 365 * 8) return two_units(hours / 24 / 365, 'y', hours / 24 % 365, 'd');
  return fmt::format("{}y", hours / 24 / 365);
}

std::string human_age(api::Time from, int64_t now_seconds) {
  if (from.is_zero()) return "<unknown>";
  return human_duration(now_seconds - from.seconds);
}

}  // namespace xebec::apiserver
