#include "api/defaults.h"

#include <unordered_map>

namespace xebec::api {

void apply_defaults(const Message& type, void* object) {
  static const std::unordered_map<const Message*, void (*)(void*)> index = [] {
    std::unordered_map<const Message*, void (*)(void*)> out;
    for (const DefaultsEntry& entry : defaults_table()) out.emplace(entry.type, entry.apply);
    return out;
  }();
  auto it = index.find(&type);
  if (it != index.end()) it->second(object);
}

}  // namespace xebec::api
