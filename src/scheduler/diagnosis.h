// Why no node took a Pod, in upstream's words: "0/3 nodes are available: 1 Insufficient memory, 2 Too many
// pods."
#pragma once

#include <map>
#include <set>
#include <string>

#include "scheduler/framework.h"

namespace xebec::scheduler {

class Diagnosis {
 public:
  explicit Diagnosis(size_t nodes) : nodes_(nodes) {}
  void add(const Rejection& rejection, std::string_view plugin);
  // A rejection that holds for every node.
  void add_for_all(const Rejection& rejection, std::string_view plugin);
  const std::set<std::string>& plugins() const { return plugins_; }
  std::string message() const;

 private:
  size_t nodes_;
  std::map<std::string, int> reasons_;
  std::string for_all_;
  std::set<std::string> plugins_;
};

}  // namespace xebec::scheduler
