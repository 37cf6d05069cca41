#include "apiserver/printers/printer.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/gen/metav1.h"
#include "apiserver/printers/human_duration.h"
#include "codec/view.h"

namespace xebec::apiserver {
namespace {

using codec::Value;
using codec::View;

const PrinterEntry* find_printer(const api::Message& type) {
  for (auto table : {pod_printers, core_printers, workload_printers, network_printers, storage_printers,
                     policy_printers, admin_printers}) {
    for (const PrinterEntry& entry : table()) {
      if (entry.type == &type) return &entry;
    }
  }
  return nullptr;
}

// The struct of that name inside an object, as deep as a few structs; lists and maps are not looked into.
View find_struct(const View& view, std::string_view name, int depth) {
  if (!view.message()) return {};
  if (view.message()->name == name) return view;
  if (depth == 0) return {};
  View found;
  for (const api::Field& field : view.message()->fields) {
    if (field.kind != api::Kind::Message || field.rep == api::Rep::List || field.rep == api::Rep::Map)
      continue;
    View member = view.member(field.name);
    if (!member.present()) continue;
    found = find_struct(member, name, depth - 1);
    if (found.present()) return found;
  }
  return {};
}

Value plain_text(const View& value) {
  switch (value.type()) {
    case View::Type::Bool:
      return value.as_bool();
    case View::Type::Int:
      return value.as_int();
    case View::Type::Double:
      return value.as_double();
    case View::Type::String:
      return value.as_string();
    case View::Type::List: {
      std::vector<std::string> parts;
      for (size_t i = 0; i < value.size(); ++i) parts.push_back(value.item(i).as_string());
      return cells::join(parts);
    }
    default:
      return nullptr;
  }
}

Value source_cell(const api::Object& object, const api::PrinterColumn& column, int64_t now) {
  const metav1::ObjectMeta* meta = object.meta();
  if (meta && column.source == "ObjectMeta.name") return meta->name;
  if (meta && column.source == "ObjectMeta.creationTimestamp") {
    if (column.type == "date" || column.name == "Created At") return meta->creationTimestamp.str();
    return human_age(meta->creationTimestamp, now);
  }
  size_t dot = column.source.rfind('.');
  if (dot == std::string_view::npos) return nullptr;
  std::string_view struct_name = column.source.substr(0, dot);
  // "Event.InvolvedObject.fieldPath" names a member by its Go name; printers set those.
  View holder = find_struct(View(object), struct_name, 3);
  View value = holder.present() ? holder.member(column.source.substr(dot + 1)) : View();
  if (!value.present())
    return column.type == "string" ? Value("") : column.type == "boolean" ? Value(false) : Value(0);
  return plain_text(value);
}

}  // namespace

void Row::set(std::string_view column, Value cell) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].name != column) continue;
    cells_[i] = std::move(cell);
    filled_[i] = true;
    return;
  }
}

void print_object(const api::Object& object, Row& row) {
  if (const PrinterEntry* entry = find_printer(object.type())) entry->print(object.data(), row);
  std::span<const api::PrinterColumn> columns = row.columns();
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!row.filled(i)) row.set(columns[i].name, source_cell(object, columns[i], row.now()));
  }
}

namespace cells {

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::string join_some(const std::vector<std::string>& parts, size_t most) {
  if (parts.size() <= most) return join(parts);
  std::vector<std::string> first(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(most));
  return fmt::format("{} + {} more...", join(first), parts.size() - most);
}

std::string or_none(std::string text) { return text.empty() ? "<none>" : std::move(text); }

std::string labels(const api::FlatMap<std::string>& map) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : map) parts.push_back(fmt::format("{}={}", key, value));
  return or_none(join(parts));
}

}  // namespace cells

}  // namespace xebec::apiserver
