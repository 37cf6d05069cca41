#include "apiserver/validation/conditions.h"

#include <algorithm>

namespace xebec::apiserver::validation {
namespace {

constexpr size_t kLongestReason = 1 << 10, kLongestMessage = 32 << 10;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; }

void check_reason(Errors& errors, const Path& path, std::string_view reason) {
  if (reason.empty()) return void(errors.push_back(field::required(path, "must be set")));
  const bool fine =
      is_letter(reason.front()) && is_word(reason.back()) &&
      std::all_of(reason.begin(), reason.end(), [](char c) { return is_word(c) || c == ',' || c == ':'; });
  if (!fine) {
    errors.push_back(field::invalid_string(
        path, reason,
        api::regex_error("a condition reason must start with alphabetic character, optionally followed by a "
                         "string of alphanumeric characters or '_,:', and must end with an alphanumeric "
                         "character or '_'",
                         "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?",
                         {"my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB"})));
  }
  if (reason.size() > kLongestReason) errors.push_back(field::too_long(path, kLongestReason));
}

void check_condition(Errors& errors, const Path& path, const metav1::Condition& condition) {
  check_qualified_name(errors, path.child("type"), condition.type);
  check_enum(errors, path.child("status"), std::string_view(condition.status), {"False", "True", "Unknown"});
  if (condition.observedGeneration < 0) {
    errors.push_back(field::invalid_int(path.child("observedGeneration"), condition.observedGeneration,
                                        "must be greater than or equal to zero"));
  }
  if (condition.lastTransitionTime.is_zero())
    errors.push_back(field::required(path.child("lastTransitionTime"), "must be set"));
  check_reason(errors, path.child("reason"), condition.reason);
  if (condition.message.size() > kLongestMessage)
    errors.push_back(field::too_long(path.child("message"), kLongestMessage));
}

}  // namespace

void check_conditions(Errors& errors, const Path& path, const std::vector<metav1::Condition>& conditions) {
  std::set<std::string_view> types;
  for (size_t i = 0; i < conditions.size(); ++i) {
    if (!types.insert(conditions[i].type).second)
      errors.push_back(field::duplicate(path.index(i).child("type"), conditions[i].type));
    check_condition(errors, path.index(i), conditions[i]);
  }
}

}  // namespace xebec::apiserver::validation
