// Sets of completion indexes, as Indexed Jobs keep them in status.completedIndexes: "1,3-5,7"
// (k8s.io/kubernetes/pkg/controller/job/indexed_job_utils.go).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/gen/batchv1.h"
#include "api/gen/corev1.h"

namespace xebec::controllers::job {

// Ascending intervals, both ends included, that do not touch.
class Indexes {
 public:
  // Indexes from `completions` on are left out; text that cannot be read ends the set.
  static Indexes parse(std::string_view text, int completions);

  bool has(int index) const;
  int total() const;
  bool empty() const { return intervals_.empty(); }
  void add(int index);
  // How many are in both.
  int common(const Indexes& other) const;
  // Two in a row are written "1,2", more as "1-3".
  std::string str() const;
  bool operator==(const Indexes&) const = default;

 private:
  struct Interval {
    int first, last;
    bool operator==(const Interval&) const = default;
  };
  std::vector<Interval> intervals_;
};

inline constexpr std::string_view kIndexKey = "batch.kubernetes.io/job-completion-index";
inline constexpr int kNoIndex = -1;

bool is_indexed(const batchv1::Job& job);
// Of the annotation; kNoIndex when it has none.
int index_of(const corev1::Pod& pod);

}  // namespace xebec::controllers::job
