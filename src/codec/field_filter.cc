#include "codec/field_filter.h"

namespace xebec::codec {
namespace {

using Pattern = FieldFilter::Pattern;

bool matches(std::string_view step, const PathElement& element) {
  return step == "*" || (element.type == PathElement::Type::Field && element.name == step);
}

FieldSet included(const FieldSet& set, const std::vector<const Pattern*>& patterns, std::size_t depth) {
  FieldSet out;
  for (const FieldSetNode& node : set.nodes()) {
    std::vector<const Pattern*> further;
    bool on_the_way = false, arrived = false;
    for (const Pattern* pattern : patterns) {
      if (!matches((*pattern)[depth], node.element)) continue;
      on_the_way = true;
      if (depth + 1 == pattern->size())
        arrived = true;
      else
        further.push_back(pattern);
    }
    if (!on_the_way) continue;
    if (node.member) out.insert(node.element);
    out.set_children(node.element, arrived ? node.children : included(node.children, further, depth + 1));
  }
  return out;
}

}  // namespace

FieldFilter FieldFilter::excluding(FieldSet set) {
  FieldFilter out;
  out.excluded_ = std::move(set);
  return out;
}

FieldFilter FieldFilter::including(std::vector<Pattern> paths) {
  FieldFilter out;
  out.included_ = std::move(paths);
  return out;
}

FieldSet FieldFilter::apply(const FieldSet& set) const {
  if (included_.empty()) return excluded_.empty() ? set : set.recursive_difference(excluded_);
  std::vector<const Pattern*> patterns;
  patterns.reserve(included_.size());
  for (const Pattern& pattern : included_) patterns.push_back(&pattern);
  return included(set.recursive_difference(excluded_), patterns, 0);
}

}  // namespace xebec::codec
