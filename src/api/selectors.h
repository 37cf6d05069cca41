// Label and field selectors as text and as predicates (k8s.io/apimachinery/pkg/labels and pkg/fields).
// Immutable values; error messages are upstream's.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/flat_map.h"
#include "base/result.h"

namespace xebec::metav1 {
struct LabelSelector;
}

namespace xebec::api {

class LabelSelector {
 public:
  enum class Operator { kIn, kNotIn, kExists, kDoesNotExist, kGreaterThan, kLessThan };
  struct Requirement {
    std::string key;
    Operator op;
    std::vector<std::string> values;  // ascending, unique
  };
  // Sets `value` and returns true when the label is there.
  using Lookup = std::function<bool(std::string_view key, std::string_view& value)>;

  // Matches everything.
  LabelSelector() = default;
  // "a=b,c in (d,e),!f"; 400 BadRequest when it cannot be read.
  static Result<LabelSelector> parse(std::string_view text);
  // An empty selector matches everything (as LabelSelectorAsSelector; nil, which matches nothing, is the
  // caller's).
  static Result<LabelSelector> from(const metav1::LabelSelector& selector);
  static LabelSelector of_map(const FlatMap<std::string>& labels);

  bool empty() const { return requirements_.empty(); }
  bool matches(const Lookup& lookup) const;
  bool matches(const FlatMap<std::string>& labels) const;
  const std::vector<Requirement>& requirements() const { return requirements_; }
  std::string str() const;

 private:
  std::vector<Requirement> requirements_;  // ascending by key
};

class FieldSelector {
 public:
  struct Term {
    std::string field;
    std::string value;
    bool equal = true;
  };

  FieldSelector() = default;
  // "metadata.name=a,status.phase!=Running"; 400 BadRequest when it cannot be read.
  static Result<FieldSelector> parse(std::string_view text);

  bool empty() const { return terms_.empty(); }
  const std::vector<Term>& terms() const { return terms_; }

 private:
  std::vector<Term> terms_;
};

}  // namespace xebec::api
