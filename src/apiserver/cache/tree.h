// EntryTree: an immutable, ordered set of entries by key: a B+-tree whose edits copy the path they touch.
// Copies of a tree share everything. A tree may be read from any thread; an EntryTreeEditor belongs to one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "apiserver/cache/entry.h"

namespace xebec::apiserver {

using EntryPtr = std::shared_ptr<const Entry>;

class EntryTree {
 public:
  EntryTree() = default;
  // `entries` ascend by key.
  static EntryTree build(std::span<const EntryPtr> entries);

  size_t size() const;
  // nullptr when absent.
  EntryPtr find(std::string_view key) const;
  // Visits the entries of [start, end) in key order until `visit` returns false; an empty `end` is no end.
  void scan(std::string_view start, std::string_view end,
            const std::function<bool(const EntryPtr&)>& visit) const;
  // Number of entries in [start, end), in logarithmic time.
  size_t count(std::string_view start, std::string_view end) const;

 private:
  friend class EntryTreeEditor;
  struct Node;
  using NodePtr = std::shared_ptr<const Node>;
  explicit EntryTree(NodePtr root) : root_(std::move(root)) {}
  size_t rank(std::string_view key) const;  // number of entries before key

  NodePtr root_;  // nullptr when empty
};

// Makes the next tree of a batch of changes. Nodes that this editor made are changed in place, all others
// copied.
class EntryTreeEditor {
 public:
  explicit EntryTreeEditor(EntryTree base) : tree_(std::move(base)) {}
  // Inserts or replaces; returns what was there.
  EntryPtr set(EntryPtr entry);
  EntryPtr erase(std::string_view key);
  EntryPtr find(std::string_view key) const { return tree_.find(key); }
  // The result; the editor starts afresh from it.
  EntryTree commit();

 private:
  using Node = EntryTree::Node;
  using MutableNode = std::shared_ptr<Node>;
  MutableNode own(const EntryTree::NodePtr& node);
  MutableNode insert(MutableNode node, EntryPtr entry,
                     EntryPtr& previous);  // the new right sibling, or nullptr
  void remove(Node& node, std::string_view key, EntryPtr& previous);
  void merge_child(Node& node, size_t i);

  EntryTree tree_;
  // Identifies the nodes made since the last commit.
  std::shared_ptr<const char> stamp_ = std::make_shared<const char>();
};

}  // namespace xebec::apiserver
