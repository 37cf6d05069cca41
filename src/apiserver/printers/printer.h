// Printers: the cells of `kubectl get`, as the server makes them for Table answers
// (k8s.io/kubernetes/pkg/printers). Columns come from the Scheme; a column with a plain source fills itself,
// computed ones are set by the kind's printer. One file a few kinds; each kind is named once, in the table at
// the end of its file.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/descriptor.h"
#include "api/flat_map.h"
#include "api/object.h"
#include "api/scheme.h"
#include "codec/value.h"

namespace xebec::apiserver {

struct RowCondition {
  std::string type, status, reason, message;
};

// The cells of one object, by column name.
class Row {
 public:
  Row(std::span<const api::PrinterColumn> columns, int64_t now_seconds)
      : columns_(columns), now_(now_seconds), cells_(columns.size()), filled_(columns.size()) {}

  // A name that is no column of this version of the resource is ignored.
  void set(std::string_view column, codec::Value cell);
  void add_condition(RowCondition condition) { conditions_.push_back(std::move(condition)); }
  int64_t now() const { return now_; }

  std::span<const api::PrinterColumn> columns() const { return columns_; }
  bool filled(size_t i) const { return filled_[i]; }
  const std::vector<codec::Value>& cells() const { return cells_; }
  const std::vector<RowCondition>& conditions() const { return conditions_; }

 private:
  std::span<const api::PrinterColumn> columns_;
  int64_t now_;
  std::vector<codec::Value> cells_;
  std::vector<bool> filled_;
  std::vector<RowCondition> conditions_;
};

struct PrinterEntry {
  const api::Message* type;  // hub type
  void (*print)(const void* object, Row& row);
};

// For the tables: printer<corev1::Pod>() calls print(const corev1::Pod&, Row&) of the file it stands in.
#define XEBEC_PRINTER(T)                                                                                     \
  ::xebec::apiserver::PrinterEntry {                                                                         \
    &::xebec::api::type_of<T>(),                                                                             \
        [](const void* object, ::xebec::apiserver::Row& row) { print(*static_cast<const T*>(object), row); } \
  }

std::span<const PrinterEntry> pod_printers();
std::span<const PrinterEntry> core_printers();
std::span<const PrinterEntry> workload_printers();
std::span<const PrinterEntry> network_printers();
std::span<const PrinterEntry> storage_printers();
std::span<const PrinterEntry> policy_printers();
std::span<const PrinterEntry> admin_printers();

// Fills every cell of the row: the kind's printer first, plain sources then.
void print_object(const api::Object& object, Row& row);

// --- texts shared by printers ---
namespace cells {
std::string join(const std::vector<std::string>& parts, std::string_view separator = ",");
// The first `most`, then " + N more...".
std::string join_some(const std::vector<std::string>& parts, size_t most);
std::string or_none(std::string text);  // "<none>" for an empty text
// "a=1,b=2"; "<none>" when empty.
std::string labels(const api::FlatMap<std::string>& map);
}  // namespace cells

}  // namespace xebec::apiserver
