// ControllerManager: all controllers on one executor, with shared informers (kube-controller-manager).
#pragma once

#include <functional>
#include <memory>

#include "controllers/controller.h"

namespace xebec::controllers {

class ControllerManager {
 public:
  // `rest` is the manager's own identity, for informers; `rest_as` gives each controller its own.
  ControllerManager(client::Env env, client::Rest rest,
                    std::function<client::Rest(std::string_view account)> rest_as, ControllerOptions options);
  ~ControllerManager();

  // Runs until cancelled.
  Task<void> run(CancelToken token);

 private:
  client::Env env_;
  ControllerOptions options_;
  client::InformerFactory informers_;
  std::vector<std::unique_ptr<Controller>> controllers_;
};

}  // namespace xebec::controllers
