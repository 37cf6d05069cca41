#include "api/defaults/groups.h"

namespace xebec::api {

std::span<const DefaultsEntry> defaults_table() {
  static const DefaultsTable table = [] {
    DefaultsTable out;
    add_core_defaults(out);
    add_apps_defaults(out);
    add_batch_defaults(out);
    add_autoscaling_defaults(out);
    add_rbac_defaults(out);
    add_networking_defaults(out);
    add_discovery_defaults(out);
    add_scheduling_defaults(out);
    add_storage_defaults(out);
    add_policy_defaults(out);
    add_certificates_defaults(out);
    add_admission_defaults(out);
    add_flowcontrol_defaults(out);
    add_apiregistration_defaults(out);
    add_apiextensions_defaults(out);
    add_resource_defaults(out);
    return out;
  }();
  return table;
}

}  // namespace xebec::api
