#include "controllers/nodelifecycle/zones.h"

#include <algorithm>

namespace xebec::controllers {
namespace {

Duration interval(double rate) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / rate));
}

}  // namespace

ZoneState zone_state(int ready, int not_ready, double threshold) {
  if (ready == 0 && not_ready > 0) return ZoneState::kFullDisruption;
  if (not_ready > 2 && static_cast<double>(not_ready) / (ready + not_ready) >= threshold)
    return ZoneState::kPartialDisruption;
  return ZoneState::kNormal;
}

std::string zone_of(const corev1::Node& node) {
  std::string region = node.metadata.labels.value_or("topology.kubernetes.io/region", "");
  std::string zone = node.metadata.labels.value_or("topology.kubernetes.io/zone", "");
  return region.empty() && zone.empty() ? std::string() : region + ":" + zone;
}

bool ZoneQueue::add(const std::string& node) {
  if (!known_.insert(node).second) return false;
  waiting_.push_back(node);
  return true;
}

bool ZoneQueue::remove(const std::string& node) {
  std::erase(waiting_, node);
  return known_.erase(node) > 0;
}

void ZoneQueue::set_rate(double rate, MonotonicTime now) {
  if (rate == rate_) return;
  bool used_up = rate_ <= 0 || now < allowed_;
  rate_ = rate;
  if (rate > 0) allowed_ = used_up ? now + interval(rate) : now;
}

std::optional<std::string> ZoneQueue::take(MonotonicTime now) {
  if (waiting_.empty() || rate_ <= 0 || now < allowed_) return std::nullopt;
  std::string node = std::move(waiting_.front());
  waiting_.pop_front();
  allowed_ = now + interval(rate_);
  return node;
}

void ZoneQueue::put_back(std::string node) {
  if (known_.contains(node)) waiting_.push_back(std::move(node));
}

std::optional<MonotonicTime> ZoneQueue::next() const {
  if (waiting_.empty() || rate_ <= 0) return std::nullopt;
  return allowed_;
}

}  // namespace xebec::controllers
