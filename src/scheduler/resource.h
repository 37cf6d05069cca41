// Amounts of resources as the scheduler counts with them: plain numbers. Units: CPU in millicores, memory and
// ephemeral storage in bytes, everything else as it is counted.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "api/pod_resources.h"

namespace xebec::scheduler {

struct Resource {
  int64_t milli_cpu = 0;
  int64_t memory = 0;
  int64_t ephemeral_storage = 0;
  int64_t allowed_pods = 0;               // of a node
  std::map<std::string, int64_t> scalar;  // extended resources, huge pages

  static Resource from(const api::ResourceList& list);
  void add(const Resource& other);
  void sub(const Resource& other);
};

}  // namespace xebec::scheduler
