#include "apiserver/printers/selector_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "apiserver/printers/printer.h"

namespace xebec::apiserver {

std::string selector_text(const metav1::LabelSelector& selector) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : selector.matchLabels) parts.push_back(fmt::format("{}={}", key, value));
  for (const auto& expression : selector.matchExpressions) {
    std::vector<std::string> values = expression.values;
    std::ranges::sort(values);
    if (expression.operator_ == "In")
      parts.push_back(fmt::format("{} in ({})", expression.key, cells::join(values)));
    if (expression.operator_ == "NotIn")
      parts.push_back(fmt::format("{} notin ({})", expression.key, cells::join(values)));
    if (expression.operator_ == "Exists") parts.push_back(expression.key);
    if (expression.operator_ == "DoesNotExist") parts.push_back("!" + expression.key);
  }
  std::ranges::sort(parts);
  return cells::or_none(cells::join(parts));
}

std::string selector_text(const api::Box<metav1::LabelSelector>& selector) {
  return selector ? selector_text(*selector) : "<none>";
}

}  // namespace xebec::apiserver
