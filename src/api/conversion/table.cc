#include "api/conversion.h"
#include "api/conversion/kinds.h"

namespace xebec::api {

std::span<const ConversionEntry> conversion_table() {
  static const std::vector<ConversionEntry> table = [] {
    std::vector<ConversionEntry> out;
    conversion::append_events(out);
    conversion::append_autoscalers(out);
    conversion::append_ingresses(out);
    conversion::append_definitions(out);
    conversion::append_workloads(out);
    conversion::append_priority_levels(out);
    conversion::append_slices(out);
    conversion::append_bindings(out);
    conversion::append_budgets(out);
    conversion::append_devices(out);
    conversion::append_renamed(out);
    return out;
  }();
  return table;
}

}  // namespace xebec::api
