#include "controllers/job/indexes.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace xebec::controllers::job {
namespace {

std::optional<int> number(std::string_view text) {
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool whole = error == std::errc() && end == text.data() + text.size() && value >= 0;
  return whole ? std::optional<int>(value) : std::nullopt;
}

}  // namespace

Indexes Indexes::parse(std::string_view text, int completions) {
  Indexes out;
  while (!text.empty()) {
    size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    size_t dash = part.find('-');
    std::optional<int> first = number(part.substr(0, dash));
    std::optional<int> last = dash == std::string_view::npos ? first : number(part.substr(dash + 1));
    if (!first || !last || *first > *last || *first >= completions) break;
    last = std::min(*last, completions - 1);
    if (!out.intervals_.empty() && out.intervals_.back().last >= *first - 1) {
      out.intervals_.back().last = std::max(out.intervals_.back().last, *last);
    } else {
      out.intervals_.push_back({*first, *last});
    }
  }
  return out;
}

bool Indexes::has(int index) const {
  return std::any_of(intervals_.begin(), intervals_.end(),
                     [&](const Interval& i) { return i.first <= index && index <= i.last; });
}

int Indexes::total() const {
  int out = 0;
  for (const Interval& interval : intervals_) out += interval.last - interval.first + 1;
  return out;
}

void Indexes::add(int index) {
  if (has(index)) return;
  auto at = std::find_if(intervals_.begin(), intervals_.end(),
                         [&](const Interval& interval) { return interval.first > index; });
  at = intervals_.insert(at, {index, index});
  if (auto next = at + 1; next != intervals_.end() && next->first == index + 1) {
    at->last = next->last;
    intervals_.erase(next);
  }
  if (at != intervals_.begin() && (at - 1)->last == index - 1) {
    (at - 1)->last = at->last;
    intervals_.erase(at);
  }
}

int Indexes::common(const Indexes& other) const {
  int out = 0;
  for (const Interval& a : intervals_) {
    for (const Interval& b : other.intervals_)
      out += std::max(0, std::min(a.last, b.last) - std::max(a.first, b.first) + 1);
  }
  return out;
}

std::string Indexes::str() const {
  std::string out;
  for (const Interval& interval : intervals_) {
    if (!out.empty()) out += ',';
    out += std::to_string(interval.first);
    if (interval.last == interval.first) continue;
    out += interval.last == interval.first + 1 ? ',' : '-';
    out += std::to_string(interval.last);
  }
  return out;
}

bool is_indexed(const batchv1::Job& job) {
  return job.spec.completionMode && *job.spec.completionMode == "Indexed";
}

int index_of(const corev1::Pod& pod) {
  const std::string* text = pod.metadata.annotations.get(kIndexKey);
  return text == nullptr ? kNoIndex : number(*text).value_or(kNoIndex);
}

}  // namespace xebec::controllers::job
