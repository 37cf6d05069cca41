#include "scheduler/framework.h"

namespace xebec::scheduler {

void Profile::add(std::unique_ptr<Plugin> plugin) {
  if (auto* point = dynamic_cast<PreEnqueuePlugin*>(plugin.get())) pre_enqueue.push_back(point);
  if (auto* point = dynamic_cast<PreFilterPlugin*>(plugin.get())) pre_filter.push_back(point);
  if (auto* point = dynamic_cast<FilterPlugin*>(plugin.get())) filter.push_back(point);
  if (auto* point = dynamic_cast<ScorePlugin*>(plugin.get())) score.push_back(point);
  if (auto* point = dynamic_cast<ReservePlugin*>(plugin.get())) reserve.push_back(point);
  plugins.push_back(std::move(plugin));
}

const Plugin* Profile::find(std::string_view name) const {
  for (const auto& plugin : plugins) {
    if (plugin->name() == name) return plugin.get();
  }
  return nullptr;
}

Profile::Filtered Profile::run_filters(CycleState& state, const PodInfo& pod, const NodeInfo& node) const {
  for (FilterPlugin* plugin : filter) {
    Rejection rejection = plugin->filter(state, pod, node);
    if (rejection.rejected()) return Filtered{std::move(rejection), plugin->name()};
  }
  return Filtered{Rejection::none(), ""};
}

void normalize_scores(std::vector<int64_t>& scores, bool reverse) {
  int64_t most = 0;
  for (int64_t score : scores) most = std::max(most, score);
  for (int64_t& score : scores) {
    int64_t scaled = most == 0 ? 0 : score * ScorePlugin::kMaxScore / most;
    score = reverse ? ScorePlugin::kMaxScore - scaled : scaled;
  }
}

}  // namespace xebec::scheduler
