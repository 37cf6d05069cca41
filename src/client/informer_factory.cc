#include "client/informer_factory.h"

namespace xebec::client {

std::string InformerFactory::key_of(const api::Message& type, const InformerOptions& options) {
  const api::GroupVersionResource& of = options.metadata_of;
  // No part can hold a zero byte.
  std::string key(type.full_name);
  for (const std::string* part : {&of.group, &of.version, &of.resource, &options.ns, &options.label_selector,
                                  &options.field_selector}) {
    key += '\0';
    key += *part;
  }
  return key;
}

void InformerFactory::added(InformerBase& informer) {
  order_.push_back(&informer);
  if (scope_ != nullptr) scope_->spawn(informer.run(scope_->token()));
}

void InformerFactory::start(Scope& scope) {
  scope_ = &scope;
  for (InformerBase* informer : order_) scope.spawn(informer->run(scope.token()));
}

Task<bool> InformerFactory::wait_synced(CancelToken token) {
  std::vector<InformerBase*> informers = order_;
  for (InformerBase* informer : informers) {
    bool synced = co_await informer->wait_synced(token);
    if (!synced) co_return false;
  }
  co_return true;
}

}  // namespace xebec::client
