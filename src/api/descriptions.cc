#include "api/descriptions.h"

#include <algorithm>

#include "api/descriptions_table.h"

namespace xebec::api {
namespace {

const tables::Described* find(std::string_view full_name) {
  const auto messages = tables::descriptions().messages;
  auto it = std::ranges::lower_bound(messages, full_name, {}, &tables::Described::full_name);
  return it == messages.end() || it->full_name != full_name ? nullptr : &*it;
}

}  // namespace

std::string_view description(std::string_view full_name) {
  const tables::Described* found = find(full_name);
  return found ? tables::descriptions().texts + found->text : std::string_view();
}

std::string_view description(const Message& type) { return description(type.full_name); }

std::string_view description(const Message& type, const Field& field) {
  const tables::Described* found = find(type.full_name);
  const auto index = static_cast<std::size_t>(&field - type.fields.data());
  if (!found || index >= found->count) return {};
  const tables::Descriptions all = tables::descriptions();
  return all.texts + all.fields[found->fields + index];
}

}  // namespace xebec::api
