// How upstream prints a value in an error: encoding/json of its internal types, whose fields carry Go's names
// and no omitempty; the types of meta/v1 have their JSON names.
#pragma once

#include <string>
#include <vector>

#include "api/descriptor.h"

namespace xebec::apiserver::validation {

std::string go_json(const api::Message& type, const void* object);

template <class T>
std::string go_json(const T& object) {
  return go_json(api::type_of<T>(), &object);
}

// A nil pointer is printed as the text "null".
template <class T>
std::string go_json(const api::Box<T>& object) {
  return object ? go_json(*object) : "\"null\"";
}

template <class T>
std::string go_json(const std::vector<T>& objects) {
  if (objects.empty()) return "null";
  std::string out = "[";
  for (const T& object : objects) out += (out.size() == 1 ? "" : ",") + go_json(object);
  return out + "]";
}

std::string go_json(const std::vector<std::string>& texts);

}  // namespace xebec::apiserver::validation
