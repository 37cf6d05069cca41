#include "apiserver/cache/tree.h"

#include <algorithm>

namespace xebec::apiserver {

namespace {
constexpr size_t kMax = 48;
constexpr size_t kMin = kMax / 4;
}  // namespace

// A leaf has entries, an inner node children; both are ordered by key.
struct EntryTree::Node {
  bool leaf = true;
  size_t count = 0;                   // entries below
  std::shared_ptr<const char> stamp;  // of the editor that may change it
  std::vector<EntryPtr> entries;
  std::vector<NodePtr> children;
  std::vector<const Entry*> firsts;  // the first entry below each child

  size_t width() const { return leaf ? entries.size() : children.size(); }
  const Entry* first() const { return leaf ? entries.front().get() : firsts.front(); }
  // Position of the first entry not before `key` (leaf).
  size_t lower_bound(std::string_view key) const {
    return static_cast<size_t>(
        std::lower_bound(entries.begin(), entries.end(), key,
                         [](const EntryPtr& e, std::string_view k) { return e->key() < k; }) -
        entries.begin());
  }
  // Position of the child whose range holds `key` (inner).
  size_t child_of(std::string_view key) const {
    auto it = std::upper_bound(firsts.begin() + 1, firsts.end(), key,
                               [](std::string_view k, const Entry* first) { return k < first->key(); });
    return static_cast<size_t>(it - firsts.begin()) - 1;
  }
  void recount() {
    if (leaf) {
      count = entries.size();
      return;
    }
    count = 0;
    firsts.clear();
    for (const NodePtr& child : children) {
      count += child->count;
      firsts.push_back(child->first());
    }
  }
};

EntryTree EntryTree::build(std::span<const EntryPtr> entries) {
  std::vector<NodePtr> level;
  const size_t fill = kMax * 3 / 4;
  for (size_t i = 0; i < entries.size(); i += fill) {
    auto leaf = std::make_shared<Node>();
    auto part = entries.subspan(i, std::min(fill, entries.size() - i));
    leaf->entries.assign(part.begin(), part.end());
    leaf->recount();
    level.push_back(std::move(leaf));
  }
  while (level.size() > 1) {
    std::vector<NodePtr> above;
    for (size_t i = 0; i < level.size(); i += fill) {
      auto node = std::make_shared<Node>();
      node->leaf = false;
      node->children.assign(level.begin() + static_cast<std::ptrdiff_t>(i),
                            level.begin() + static_cast<std::ptrdiff_t>(std::min(i + fill, level.size())));
      node->recount();
      above.push_back(std::move(node));
    }
    level = std::move(above);
  }
  return level.empty() ? EntryTree() : EntryTree(level.front());
}

size_t EntryTree::size() const { return root_ ? root_->count : 0; }

EntryPtr EntryTree::find(std::string_view key) const {
  const Node* node = root_.get();
  if (node == nullptr) return nullptr;
  while (!node->leaf) node = node->children[node->child_of(key)].get();
  const size_t i = node->lower_bound(key);
  return i < node->entries.size() && node->entries[i]->key() == key ? node->entries[i] : nullptr;
}

void EntryTree::scan(std::string_view start, std::string_view end,
                     const std::function<bool(const EntryPtr&)>& visit) const {
  auto walk = [&](auto& self, const Node& node, bool bounded) -> bool {
    if (!node.leaf) {
      for (size_t i = bounded ? node.child_of(start) : 0; i < node.children.size(); ++i, bounded = false)
        if (!self(self, *node.children[i], bounded)) return false;
      return true;
    }
    for (size_t i = bounded ? node.lower_bound(start) : 0; i < node.entries.size(); ++i) {
      if (!end.empty() && node.entries[i]->key() >= end) return false;
      if (!visit(node.entries[i])) return false;
    }
    return true;
  };
  if (root_) walk(walk, *root_, true);
}

size_t EntryTree::rank(std::string_view key) const {
  const Node* node = root_.get();
  size_t before = 0;
  while (!node->leaf) {
    const size_t child = node->child_of(key);
    for (size_t i = 0; i < child; ++i) before += node->children[i]->count;
    node = node->children[child].get();
  }
  return before + node->lower_bound(key);
}

size_t EntryTree::count(std::string_view start, std::string_view end) const {
  if (!root_) return 0;
  const size_t to = end.empty() ? root_->count : rank(end);
  const size_t from = rank(start);
  return to > from ? to - from : 0;
}

EntryTreeEditor::MutableNode EntryTreeEditor::own(const EntryTree::NodePtr& node) {
  if (node->stamp == stamp_) return std::const_pointer_cast<Node>(node);
  auto copy = std::make_shared<Node>();
  copy->leaf = node->leaf;
  copy->count = node->count;
  copy->stamp = stamp_;
  copy->entries.reserve(node->leaf ? node->entries.size() + 1 : 0);
  copy->entries = node->entries;
  copy->children = node->children;
  copy->firsts = node->firsts;
  return copy;
}

EntryPtr EntryTreeEditor::set(EntryPtr entry) {
  EntryPtr previous;
  if (!tree_.root_) {
    auto root = std::make_shared<Node>();
    root->stamp = stamp_;
    tree_.root_ = std::move(root);
  }
  MutableNode root = own(tree_.root_);
  MutableNode sibling = insert(root, std::move(entry), previous);
  if (sibling) {
    auto above = std::make_shared<Node>();
    above->leaf = false;
    above->stamp = stamp_;
    above->children = {root, sibling};
    above->recount();
    root = std::move(above);
  }
  tree_.root_ = std::move(root);
  return previous;
}

EntryTreeEditor::MutableNode EntryTreeEditor::insert(MutableNode node, EntryPtr entry, EntryPtr& previous) {
  if (node->leaf) {
    const size_t i = node->lower_bound(entry->key());
    if (i < node->entries.size() && node->entries[i]->key() == entry->key()) {
      previous = std::exchange(node->entries[i], std::move(entry));
      return nullptr;
    }
    node->entries.insert(node->entries.begin() + static_cast<std::ptrdiff_t>(i), std::move(entry));
  } else {
    const size_t i = node->child_of(entry->key());
    MutableNode child = own(node->children[i]);
    MutableNode sibling = insert(child, std::move(entry), previous);
    node->children[i] = std::move(child);
    if (sibling)
      node->children.insert(node->children.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::move(sibling));
  }
  if (node->width() <= kMax) {
    node->recount();
    return nullptr;
  }
  auto right = std::make_shared<Node>();
  right->leaf = node->leaf;
  right->stamp = stamp_;
  const auto half = static_cast<std::ptrdiff_t>(node->width() / 2);
  if (node->leaf) {
    right->entries.assign(node->entries.begin() + half, node->entries.end());
    node->entries.resize(static_cast<size_t>(half));
  } else {
    right->children.assign(node->children.begin() + half, node->children.end());
    node->children.resize(static_cast<size_t>(half));
  }
  node->recount();
  right->recount();
  return right;
}

EntryPtr EntryTreeEditor::erase(std::string_view key) {
  EntryPtr previous;
  if (!tree_.find(key)) return previous;
  MutableNode root = own(tree_.root_);
  remove(*root, key, previous);
  if (root->width() == 0) {
    tree_.root_ = nullptr;
  } else if (!root->leaf && root->children.size() == 1) {
    tree_.root_ = root->children.front();
  } else {
    tree_.root_ = std::move(root);
  }
  return previous;
}

void EntryTreeEditor::remove(Node& node, std::string_view key, EntryPtr& previous) {
  if (node.leaf) {
    auto it = node.entries.begin() + static_cast<std::ptrdiff_t>(node.lower_bound(key));
    previous = std::move(*it);
    node.entries.erase(it);
  } else {
    const size_t i = node.child_of(key);
    MutableNode child = own(node.children[i]);
    remove(*child, key, previous);
    const size_t width = child->width();
    node.children[i] = std::move(child);
    if (width == 0) {
      node.children.erase(node.children.begin() + static_cast<std::ptrdiff_t>(i));
    } else if (width < kMin) {
      merge_child(node, i);
    }
  }
  node.recount();
}

// Joins a child that has become narrow with a neighbour when both fit into one node.
void EntryTreeEditor::merge_child(Node& node, size_t i) {
  const size_t left = i > 0 ? i - 1 : i;
  if (left + 1 >= node.children.size()) return;
  if (node.children[left]->width() + node.children[left + 1]->width() > kMax) return;
  MutableNode to = own(node.children[left]);
  const Node& from = *node.children[left + 1];
  to->entries.insert(to->entries.end(), from.entries.begin(), from.entries.end());
  to->children.insert(to->children.end(), from.children.begin(), from.children.end());
  to->recount();
  node.children[left] = std::move(to);
  node.children.erase(node.children.begin() + static_cast<std::ptrdiff_t>(left) + 1);
}

EntryTree EntryTreeEditor::commit() {
  stamp_ = std::make_shared<const char>();
  return tree_;
}

}  // namespace xebec::apiserver
