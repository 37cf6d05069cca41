// Helpers of the defaulting functions: set only what is not set.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace xebec::api {

inline void default_to(std::string& field, std::string_view value) {
  if (field.empty()) field = value;
}
inline void default_to(std::optional<std::string>& field, std::string_view value) {
  if (!field) field = value;
}
template <class T, class U>
void default_to(std::optional<T>& field, U value) {
  if (!field) field = static_cast<T>(value);
}
// Numbers for which zero means "not set".
template <class T>
void default_number(T& field, T value) {
  if (field == 0) field = value;
}

}  // namespace xebec::api
