#include "client/event_correlator.h"

namespace xebec::client {
namespace {

constexpr size_t kMaxSimilar = 10;
constexpr auto kSimilarWindow = std::chrono::minutes(10);
constexpr double kSpamBurst = 25;
constexpr double kSpamPerSecond = 1.0 / 300;

std::string join(std::initializer_list<std::string_view> parts) {
  std::string key;
  for (std::string_view part : parts) {
    key += part;
    key += '\0';  // so that no two lists of parts give one key
  }
  return key;
}

// Who speaks about what.
std::string source_and_object(const corev1::Event& event) {
  const corev1::ObjectReference& about = event.involvedObject;
  return join({event.source.component, event.source.host, about.kind, about.namespace_, about.name, about.uid,
               about.apiVersion});
}

}  // namespace

EventCorrelator::Decision EventCorrelator::correlate(corev1::Event event, MonotonicTime now) {
  Decision decision;
  decision.key = aggregate(event, now);
  if (const Seen* seen = seen_.find(decision.key)) {
    decision.update = true;
    event.metadata.name = seen->name;
    event.firstTimestamp = seen->first_timestamp;
    event.count = seen->count + 1;
  }
  written(decision.key, event);
  decision.skip = silenced(event, now);
  decision.event = std::move(event);
  return decision;
}

void EventCorrelator::written(const std::string& key, const corev1::Event& event) {
  Seen seen;
  seen.count = event.count;
  seen.first_timestamp = event.firstTimestamp;
  seen.name = event.metadata.name;
  seen_.put(key, std::move(seen));
}

bool EventCorrelator::silenced(const corev1::Event& event, MonotonicTime now) {
  std::string key = source_and_object(event);
  TokenBucket* bucket = buckets_.find(key);
  if (bucket == nullptr) bucket = &buckets_.put(key, TokenBucket(kSpamPerSecond, kSpamBurst, now));
  return !bucket->try_take(now);
}

std::string EventCorrelator::aggregate(corev1::Event& event, MonotonicTime now) {
  std::string what = source_and_object(event);
  std::string own = what + join({event.involvedObject.fieldPath, event.type, event.reason, event.message});
  std::string common =
      what + join({event.type, event.reason, event.reportingComponent, event.reportingInstance});

  Similar* similar = similar_.find(common);
  if (similar == nullptr || now - similar->last > kSimilarWindow) similar = &similar_.put(common, Similar());
  similar->messages.insert(event.message);
  similar->last = now;
  if (similar->messages.size() < kMaxSimilar) return own;
  // Which message is forgotten does not matter: the set just has to stay at its limit.
  similar->messages.erase(similar->messages.begin());
  event.message = "(combined from similar events): " + event.message;
  return common;
}

}  // namespace xebec::client
