// InformerFactory: the informers of one component; consumers of the same selection share one.
// Belongs to the component's executor. Outlives the scope it is started in.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/scope.h"
#include "client/informer.h"

namespace xebec::client {

class InformerFactory {
 public:
  InformerFactory(Rest rest, Env env) : rest_(std::move(rest)), env_(std::move(env)) {}

  // The shared informer of the type and selection; made when first asked for. The first caller's resync, page
  // size and managed fields settings stand.
  template <class T>
  Informer<T>& get(InformerOptions options = InformerOptions()) {
    std::unique_ptr<InformerBase>& slot = shared_[key_of(api::type_of<T>(), options)];
    if (!slot) {
      slot = std::make_unique<Informer<T>>(rest_, env_, std::move(options));
      added(*slot);
    }
    return static_cast<Informer<T>&>(*slot);
  }
  // Runs an informer made elsewhere (one with a projection) with the others.
  template <class T, class P>
  Informer<T, P>& add(std::unique_ptr<Informer<T, P>> informer) {
    Informer<T, P>& result = *informer;
    own_.push_back(std::move(informer));
    added(result);
    return result;
  }

  // Runs all informers as children of `scope`, those added later too.
  void start(Scope& scope);
  // All informers known at the time of the call have synced; false when cancelled first.
  Task<bool> wait_synced(CancelToken token);

  const Rest& rest() const { return rest_; }
  const Env& env() const { return env_; }

 private:
  static std::string key_of(const api::Message& type, const InformerOptions& options);
  void added(InformerBase& informer);

  Rest rest_;
  Env env_;
  Scope* scope_ = nullptr;
  std::map<std::string, std::unique_ptr<InformerBase>> shared_;
  std::vector<std::unique_ptr<InformerBase>> own_;
  std::vector<InformerBase*> order_;  // of creation
};

}  // namespace xebec::client
