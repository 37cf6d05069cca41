// The kinds whose versions differ by more than field-by-field copying can do; table.cc collects them.
#pragma once

#include <vector>

#include "api/conversion.h"

namespace xebec::api::conversion {

template <class From, class To, void (*fn)(const From&, To&)>
ConversionEntry entry() {
  return {&type_of<From>(), &type_of<To>(), [](const void* from, void* to) -> Result<void> {
            fn(*static_cast<const From*>(from), *static_cast<To*>(to));
            return {};
          }};
}

void append_events(std::vector<ConversionEntry>& table);
void append_autoscalers(std::vector<ConversionEntry>& table);
void append_ingresses(std::vector<ConversionEntry>& table);
void append_definitions(std::vector<ConversionEntry>& table);
void append_workloads(std::vector<ConversionEntry>& table);
void append_priority_levels(std::vector<ConversionEntry>& table);
void append_slices(std::vector<ConversionEntry>& table);
void append_bindings(std::vector<ConversionEntry>& table);
void append_budgets(std::vector<ConversionEntry>& table);
void append_devices(std::vector<ConversionEntry>& table);
void append_renamed(std::vector<ConversionEntry>& table);

}  // namespace xebec::api::conversion
