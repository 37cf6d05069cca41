// Why no node took a Pod, in upstream's words: "0/3 nodes are available: 1 Insufficient memory, 2 Too many
// pods. no new claims to deallocate, preemption: 0/3 nodes are available: 3 No preemption victims found for
// incoming pod."
#pragma once

#include <map>
#include <set>
#include <string>

#include "scheduler/framework.h"

namespace xebec::scheduler {

class Diagnosis {
 public:
  explicit Diagnosis(size_t nodes) : nodes_(nodes) {}
  void add(const std::string& node, Rejection rejection, std::string_view plugin);
  // A rejection that holds for every node.
  void add_for_all(const Rejection& rejection, std::string_view plugin);
  // Why the nodes that were not looked at are out of the question.
  void set_rest(std::string reason, std::string_view plugin);
  // What was found out about making room by preemption: a message of its own.
  void set_preemption(std::string message) { preemption_ = std::move(message); }

  size_t nodes() const { return nodes_; }
  const std::set<std::string>& plugins() const { return plugins_; }
  // By node; those that were not looked at are missing.
  const std::map<std::string, Rejection>& rejections() const { return rejections_; }
  std::string message() const;

 private:
  size_t nodes_;
  std::map<std::string, Rejection> rejections_;
  std::string for_all_;
  std::string rest_;
  std::string preemption_;
  std::set<std::string> plugins_;
};

}  // namespace xebec::scheduler
