// The strategy of every served kind: all.cc is the one table.
#pragma once

#include <memory>

#include "api/scheme.h"
#include "apiserver/registry/strategy.h"
#include "apiserver/registry/table_strategy.h"

namespace xebec::apiserver {

class ServiceAllocator;

// What strategies need of the world. Everything outlives them.
struct StrategyEnv {
  const Clock* clock = nullptr;
  ServiceAllocator* services = nullptr;
  int64_t event_ttl_seconds = 3600;
};

// The strategy of a resource; `hub` is the type its objects have in the registry.
std::shared_ptr<const Strategy> make_strategy(const api::Resource& resource, const api::Message& hub,
                                              const StrategyEnv& env);

// Kinds with a file of their own.
std::shared_ptr<const Strategy> make_pod_strategy(const api::Resource& resource, const api::Message& hub);
std::shared_ptr<const Strategy> make_namespace_strategy(const api::Resource& resource,
                                                        const api::Message& hub);
std::shared_ptr<const Strategy> make_service_strategy(const api::Resource& resource, const api::Message& hub,
                                                      ServiceAllocator* allocator);
// nullptr when the resource is none of those with a template of Pods.
std::shared_ptr<const Strategy> make_workload_strategy(const api::Resource& resource, const api::Message& hub,
                                                       StrategyRules rules);
std::shared_ptr<const Strategy> make_job_strategy(const api::Resource& resource, const api::Message& hub);
std::shared_ptr<const Strategy> make_cron_job_strategy(const api::Resource& resource,
                                                       const api::Message& hub);
std::shared_ptr<const Strategy> make_volume_strategy(const api::Resource& resource, const api::Message& hub,
                                                     const Clock* clock);
std::shared_ptr<const Strategy> make_api_service_strategy(const api::Resource& resource,
                                                          const api::Message& hub, const Clock* clock);
std::shared_ptr<const Strategy> make_slice_strategy(const api::Resource& resource, const api::Message& hub,
                                                    const Clock* clock);
std::shared_ptr<const Strategy> make_taint_rule_strategy(const api::Resource& resource,
                                                         const api::Message& hub, const Clock* clock);
std::shared_ptr<const Strategy> make_csr_strategy(const api::Resource& resource, const api::Message& hub,
                                                  const Clock* clock);

}  // namespace xebec::apiserver
