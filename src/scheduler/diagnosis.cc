#include "scheduler/diagnosis.h"

#include <fmt/format.h>

namespace xebec::scheduler {

void Diagnosis::add(const Rejection& rejection, std::string_view plugin) {
  for (const std::string& reason : rejection.reasons) ++reasons_[reason];
  plugins_.emplace(plugin);
}

void Diagnosis::add_for_all(const Rejection& rejection, std::string_view plugin) {
  for (const std::string& reason : rejection.reasons) for_all_ += (for_all_.empty() ? "" : ", ") + reason;
  plugins_.emplace(plugin);
}

std::string Diagnosis::message() const {
  std::string text = fmt::format("0/{} nodes are available", nodes_);
  if (!for_all_.empty()) return text + ": " + for_all_ + ".";
  if (nodes_ == 0) return "no nodes available to schedule pods";
  std::vector<std::string> parts;
  for (const auto& [reason, count] : reasons_) parts.push_back(fmt::format("{} {}", count, reason));
  std::sort(parts.begin(), parts.end());
  if (parts.empty()) return text + ".";
  return fmt::format("{}: {}.", text, fmt::join(parts, ", "));
}

}  // namespace xebec::scheduler
