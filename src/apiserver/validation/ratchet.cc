#include "apiserver/validation/ratchet.h"

#include <algorithm>

namespace xebec::apiserver::validation {
namespace {

bool has(const field::Error& error, std::string_view text) {
  return error.field.find(text) != std::string::npos;
}

bool is_of_spreading(const field::Error& error) {
  return has(error, "topologySpreadConstraints[") && has(error, ".labelSelector.");
}

bool is_of_affinity(const field::Error& error) {
  return (has(error, "odAffinity.") || has(error, "odAntiAffinity.")) && has(error, ".matchExpressions[") &&
         has(error, ".values[");
}

bool is_of_init_resizing(const field::Error& error) {
  return has(error, "initContainers[") && has(error, ".resizePolicy[") &&
         error.field.ends_with(".restartPolicy");
}

bool is_of_devices(const field::Error& error) { return error.field.ends_with(".volumeDevices"); }

}  // namespace

void forgive_younger_rules(field::Errors& errors, const field::Errors& stored) {
  for (auto* kind : {is_of_spreading, is_of_affinity, is_of_init_resizing, is_of_devices})
    if (std::any_of(stored.begin(), stored.end(), kind)) std::erase_if(errors, kind);
}

}  // namespace xebec::apiserver::validation
