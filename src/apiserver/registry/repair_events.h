// RepairEvents: what the repair of addresses and ports has to say, as Events through the API, as upstream's
// events.k8s.io recorders write them (client-go tools/events): what is found again within six minutes becomes
// a series of the same Event.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "api/gen/corev1.h"
#include "apiserver/registry/registry.h"
#include "base/clock.h"
#include "base/logger.h"

namespace xebec::apiserver {

struct Finding {
  std::string controller;  // who reports it
  corev1::ObjectReference about;
  std::string reason, action, note;
};

// On one executor.
class RepairEvents {
 public:
  RepairEvents(const Clock& clock, Logger logger) : clock_(clock), logger_(std::move(logger)) {}

  // A failure is logged: a repair does not depend on being told of.
  Task<void> write(Registry* events, std::vector<Finding> findings);

 private:
  using Key = std::tuple<std::string, std::string, std::string, std::string>;
  struct Series {
    std::string namespace_, name;
    int32_t count = 1;
    WallTime last;
  };
  Task<Result<void>> write_one(Registry* events, Finding finding);
  Task<Result<void>> begin(Registry* events, Finding finding, Key key);
  Task<Result<void>> go_on(Registry* events, Series& series);

  const Clock& clock_;
  const Logger logger_;
  int64_t last_nanos_ = 0;
  std::map<Key, Series> series_;
};

}  // namespace xebec::apiserver
