#include "scheduler/diagnosis.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace xebec::scheduler {

void Diagnosis::add(const std::string& node, Rejection rejection, std::string_view plugin) {
  rejections_[node] = std::move(rejection);
  if (!plugin.empty()) plugins_.emplace(plugin);
}

void Diagnosis::add_for_all(const Rejection& rejection, std::string_view plugin) {
  for (const std::string& reason : rejection.reasons) for_all_ += (for_all_.empty() ? "" : ", ") + reason;
  plugins_.emplace(plugin);
}

void Diagnosis::set_rest(std::string reason, std::string_view plugin) {
  rest_ = std::move(reason);
  if (!plugin.empty()) plugins_.emplace(plugin);
}

std::string Diagnosis::message() const {
  std::string text = fmt::format("0/{} nodes are available:", nodes_);
  if (!for_all_.empty()) {
    text += " " + for_all_ + ".";
  } else if (nodes_ == 0) {
    return "no nodes available to schedule pods";
  } else {
    std::map<std::string, size_t> counts;
    for (const auto& [node, rejection] : rejections_) {
      for (const std::string& reason : rejection.reasons) ++counts[reason];
    }
    if (!rest_.empty() && rejections_.size() < nodes_) counts[rest_] += nodes_ - rejections_.size();
    std::vector<std::string> parts;
    for (const auto& [reason, count] : counts) parts.push_back(fmt::format("{} {}", count, reason));
    std::sort(parts.begin(), parts.end());
    if (!parts.empty()) text += fmt::format(" {}.", fmt::join(parts, ", "));
  }
  if (!preemption_.empty()) text += " no new claims to deallocate, preemption: " + preemption_;
  return text;
}

}  // namespace xebec::scheduler
