#include "apiserver/validation/unified_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace xebec::apiserver::validation {
namespace {

constexpr size_t kContext = 3;
// In texts of this many lines, lines that make up more than one in a hundred anchor no match.
constexpr size_t kPopularFrom = 200;

using Lines = std::vector<std::string>;

struct Match {
  size_t a = 0, b = 0, size = 0;
};

struct Change {
  char tag;  // e(qual), r(eplace), d(elete), i(nsert)
  size_t a1, a2, b1, b2;
};

// Each with its line break; the last one gets one.
Lines split_lines(std::string_view text) {
  Lines out;
  for (;;) {
    const size_t end = text.find('\n');
    out.emplace_back(text.substr(0, end));
    out.back() += '\n';
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

// difflib.SequenceMatcher: the longest common run, then the longest before and after it, and so on.
class Matcher {
 public:
  Matcher(const Lines& a, const Lines& b) : a_(a), b_(b) {
    for (size_t i = 0; i < b.size(); ++i) places_[b[i]].push_back(i);
    if (b.size() < kPopularFrom) return;
    const size_t most = b.size() / 100 + 1;
    std::erase_if(places_, [&](const auto& entry) { return entry.second.size() > most; });
  }

  std::vector<Match> matches() const {
    std::vector<Match> found;
    collect(0, a_.size(), 0, b_.size(), found);
    std::vector<Match> joined;
    for (const Match& match : found) {
      Match* last = joined.empty() ? nullptr : &joined.back();
      if (last != nullptr && last->a + last->size == match.a && last->b + last->size == match.b) {
        last->size += match.size;
      } else {
        joined.push_back(match);
      }
    }
    joined.push_back({a_.size(), b_.size(), 0});
    return joined;
  }

 private:
  void collect(size_t a1, size_t a2, size_t b1, size_t b2, std::vector<Match>& found) const {
    const Match match = longest(a1, a2, b1, b2);
    if (match.size == 0) return;
    if (a1 < match.a && b1 < match.b) collect(a1, match.a, b1, match.b, found);
    found.push_back(match);
    if (match.a + match.size < a2 && match.b + match.size < b2)
      collect(match.a + match.size, a2, match.b + match.size, b2, found);
  }

  // Of the longest ones the first in a, of these the first in b; popular lines only lengthen it.
  Match longest(size_t a1, size_t a2, size_t b1, size_t b2) const {
    Match best{a1, b1, 0};
    std::unordered_map<size_t, size_t> lengths;  // of the runs that end at a line of b
    for (size_t i = a1; i < a2; ++i) {
      std::unordered_map<size_t, size_t> longer;
      if (auto it = places_.find(a_[i]); it != places_.end()) {
        for (size_t j : it->second) {
          if (j < b1) continue;
          if (j >= b2) break;
          auto before = j > 0 ? lengths.find(j - 1) : lengths.end();
          const size_t size = (before == lengths.end() ? 0 : before->second) + 1;
          longer[j] = size;
          if (size > best.size) best = {i + 1 - size, j + 1 - size, size};
        }
      }
      lengths = std::move(longer);
    }
    while (best.a > a1 && best.b > b1 && a_[best.a - 1] == b_[best.b - 1])
      best = {best.a - 1, best.b - 1, best.size + 1};
    while (best.a + best.size < a2 && best.b + best.size < b2 &&
           a_[best.a + best.size] == b_[best.b + best.size]) {
      ++best.size;
    }
    return best;
  }

  const Lines &a_, &b_;
  std::unordered_map<std::string_view, std::vector<size_t>> places_;  // of the lines of b
};

std::vector<Change> changes(const Lines& a, const Lines& b) {
  std::vector<Change> out;
  size_t i = 0, j = 0;
  for (const Match& match : Matcher(a, b).matches()) {
    if (i < match.a && j < match.b) {
      out.push_back({'r', i, match.a, j, match.b});
    } else if (i < match.a) {
      out.push_back({'d', i, match.a, j, match.b});
    } else if (j < match.b) {
      out.push_back({'i', i, match.a, j, match.b});
    }
    i = match.a + match.size;
    j = match.b + match.size;
    if (match.size > 0) out.push_back({'e', match.a, i, match.b, j});
  }
  return out;
}

// Changes with their context, apart where more than twice the context lies between them.
std::vector<std::vector<Change>> hunks(std::vector<Change> all) {
  std::vector<std::vector<Change>> out;
  if (all.empty()) return out;
  if (Change& first = all.front(); first.tag == 'e') {
    first.a1 = std::max(first.a1, first.a2 - std::min(first.a2, kContext));
    first.b1 = std::max(first.b1, first.b2 - std::min(first.b2, kContext));
  }
  if (Change& last = all.back(); last.tag == 'e') {
    last.a2 = std::min(last.a2, last.a1 + kContext);
    last.b2 = std::min(last.b2, last.b1 + kContext);
  }
  std::vector<Change> hunk;
  for (Change change : all) {
    if (change.tag == 'e' && change.a2 - change.a1 > 2 * kContext) {
      hunk.push_back({'e', change.a1, change.a1 + kContext, change.b1, change.b1 + kContext});
      out.push_back(std::move(hunk));
      hunk.clear();
      change.a1 = change.a2 - kContext;
      change.b1 = change.b2 - kContext;
    }
    hunk.push_back(change);
  }
  if (hunk.size() > 1 || hunk[0].tag != 'e') out.push_back(std::move(hunk));
  return out;
}

std::string range(size_t begin, size_t end) {
  const size_t size = end - begin;
  if (size == 1) return std::to_string(begin + 1);
  return fmt::format("{},{}", size == 0 ? begin : begin + 1, size);
}

void append(std::string& out, char mark, const Lines& lines, size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i) out.append(1, mark).append(lines[i]);
}

}  // namespace

std::string unified_diff(std::string_view a, std::string_view b) {
  const Lines old = split_lines(a), now = split_lines(b);
  std::string out;
  for (const std::vector<Change>& hunk : hunks(changes(old, now))) {
    out += fmt::format("@@ -{} +{} @@\n", range(hunk.front().a1, hunk.back().a2),
                       range(hunk.front().b1, hunk.back().b2));
    for (const Change& change : hunk) {
      if (change.tag == 'e') append(out, ' ', old, change.a1, change.a2);
      if (change.tag == 'r' || change.tag == 'd') append(out, '-', old, change.a1, change.a2);
      if (change.tag == 'r' || change.tag == 'i') append(out, '+', now, change.b1, change.b2);
    }
  }
  return out;
}

}  // namespace xebec::apiserver::validation
