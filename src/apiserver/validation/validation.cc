#include "apiserver/validation/validation.h"

#include <unordered_map>

namespace xebec::apiserver::validation {

const Validator* find_validator(const api::Message& type) {
  static const std::unordered_map<const api::Message*, const Validator*> index = [] {
    std::unordered_map<const api::Message*, const Validator*> out;
    for (const Validator& v : validators()) out.emplace(v.type, &v);
    return out;
  }();
  auto it = index.find(&type);
  return it == index.end() ? nullptr : it->second;
}

field::Errors validate(const api::Object& object) {
  const Validator* v = find_validator(object.type());
  return v != nullptr && v->validate != nullptr ? v->validate(object.data()) : field::Errors{};
}

field::Errors validate_update(const api::Object& object, const api::Object& old) {
  const Validator* v = find_validator(object.type());
  return v != nullptr && v->validate_update != nullptr ? v->validate_update(object.data(), old.data())
                                                       : field::Errors{};
}

field::Errors validate_status_update(const api::Object& object, const api::Object& old) {
  const Validator* v = find_validator(object.type());
  return v != nullptr && v->validate_status_update != nullptr
             ? v->validate_status_update(object.data(), old.data())
             : field::Errors{};
}

}  // namespace xebec::apiserver::validation
