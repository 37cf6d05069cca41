// Sets of field paths, as managedFields keep them, and their JSON form FieldsV1 (structured-merge-diff's
// fieldpath):
// {"f:metadata":{"f:labels":{".":{},"f:app":{}}}}. Values; not thread-safe while written.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/value.h"

namespace xebec::codec {

// One step of a path: a field `.name`, an element of an associative list `[name="x"]`, of a set `[="x"]`, an
// index.
struct PathElement {
  enum class Type : uint8_t { Field, Key, Value, Index };  // in the order upstream sorts them
  Type type = Type::Field;
  std::string name;    // Field
  codec::Value value;  // Key: a map with ascending keys; Value: the element; Index: an int

  static PathElement field(std::string_view name) {
    return {.type = Type::Field, .name = std::string(name), .value = {}};
  }
  static PathElement key(ValueMap keys);
  static PathElement item(codec::Value value) {
    return {.type = Type::Value, .name = {}, .value = std::move(value)};
  }
  // "f:name", `k:{"name":"x"}`, `v:"x"`, "i:3".
  static Result<PathElement> parse(std::string_view text);
  std::string serialize() const;
  // As error texts show it.
  std::string str() const;

  friend std::strong_ordering operator<=>(const PathElement& a, const PathElement& b);
  friend bool operator==(const PathElement& a, const PathElement& b) { return (a <=> b) == 0; }
};

using Path = std::vector<PathElement>;
// `.spec.containers[name="web"].image`.
std::string path_string(const Path& path);
// A path of fields only.
Path field_path(std::initializer_list<std::string_view> names);

struct FieldSetNode;

class FieldSet {
 public:
  FieldSet();
  FieldSet(const FieldSet&);
  FieldSet(FieldSet&&) noexcept;
  FieldSet& operator=(const FieldSet&);
  FieldSet& operator=(FieldSet&&) noexcept;
  ~FieldSet();

  static Result<FieldSet> parse(std::string_view fields_v1);
  std::string serialize() const;

  bool empty() const { return nodes_.empty(); }
  void insert(const Path& path);
  // Marks the element of this level as a member.
  void insert(PathElement element);
  // What is below the element; empty sets are not kept.
  void set_children(PathElement element, FieldSet children);
  bool has(const Path& path) const;
  bool has(const PathElement& element) const;
  // Below the element; nullptr when there is nothing.
  const FieldSet* children(const PathElement& element) const;
  const std::vector<FieldSetNode>& nodes() const { return nodes_; }

  FieldSet union_with(const FieldSet& other) const;
  FieldSet intersection(const FieldSet& other) const;
  FieldSet difference(const FieldSet& other) const;
  // Also drops everything below the members of `other`.
  FieldSet recursive_difference(const FieldSet& other) const;
  // All paths; those of a level before those below.
  std::vector<Path> paths() const;

  bool operator==(const FieldSet& other) const;

 private:
  FieldSetNode& node(PathElement element);
  const FieldSetNode* find(const PathElement& element) const;
  void collect(Path& prefix, std::vector<Path>& out) const;
  template <class Both>
  static void zip(const FieldSet& a, const FieldSet& b, Both&& both);
  std::vector<FieldSetNode> nodes_;  // ascending; each is a member or has children
};

struct FieldSetNode {
  PathElement element;
  bool member = false;
  FieldSet children;
};

}  // namespace xebec::codec
