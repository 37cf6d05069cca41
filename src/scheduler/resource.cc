#include "scheduler/resource.h"

namespace xebec::scheduler {

Resource Resource::from(const api::ResourceList& list) {
  Resource out;
  for (const auto& [name, quantity] : list) {
    if (name == "cpu") {
      out.milli_cpu = quantity.milli_value();
    } else if (name == "memory") {
      out.memory = quantity.value();
    } else if (name == "ephemeral-storage") {
      out.ephemeral_storage = quantity.value();
    } else if (name == "pods") {
      out.allowed_pods = quantity.value();
    } else {
      out.scalar[name] = quantity.value();
    }
  }
  return out;
}

void Resource::add(const Resource& other) {
  milli_cpu += other.milli_cpu;
  memory += other.memory;
  ephemeral_storage += other.ephemeral_storage;
  for (const auto& [name, amount] : other.scalar) scalar[name] += amount;
}

void Resource::sub(const Resource& other) {
  milli_cpu -= other.milli_cpu;
  memory -= other.memory;
  ephemeral_storage -= other.ephemeral_storage;
  for (const auto& [name, amount] : other.scalar) scalar[name] -= amount;
}

}  // namespace xebec::scheduler
