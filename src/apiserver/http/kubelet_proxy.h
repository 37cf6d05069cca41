// What the API server passes on to kubelets: pods/log, exec, attach and portforward. Answers are streamed
// through; upgraded connections are joined byte by byte, without looking into them
// (k8s.io/kubernetes/pkg/registry/core/pod/rest, k8s.io/apimachinery/pkg/util/proxy).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "apiserver/http/resource_call.h"

namespace xebec::apiserver {

// Whether a subresource is answered by a kubelet or the like.
bool is_kubelet_subresource(const api::Resource& resource, std::string_view subresource);

struct KubeletAddress {
  std::string host;
  int port = 0;
};
Task<Result<KubeletAddress>> kubelet_of(Context context, const RegistryMap* registries,
                                        std::string node_name);

// The request without what belongs to this connection or to this server alone; path and query are the
// caller's to set.
http::Request forwarded(const http::Request& request);

class KubeletProxy {
 public:
  // Makes a client for https://host:port with the API server's own certificate. Thread-safe.
  using ClientFactory =
      std::function<Result<std::shared_ptr<http::Client>>(const std::string& host, int port)>;

  explicit KubeletProxy(ClientFactory factory);
  ~KubeletProxy();
  Answer handle(Context context, ResourceCall call);
  // A client that is kept for the next request to the same kubelet.
  Result<std::shared_ptr<http::Client>> client(const std::string& host, int port);

 private:
  struct Clients;
  ClientFactory factory_;
  std::unique_ptr<Clients> clients_;
};

}  // namespace xebec::apiserver
