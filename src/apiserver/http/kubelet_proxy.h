// What the API server passes on to kubelets: pods/log, exec, attach and portforward. Answers are streamed through;
// upgraded connections are joined byte by byte, without looking into them
// (k8s.io/kubernetes/pkg/registry/core/pod/rest, k8s.io/apimachinery/pkg/util/proxy).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "apiserver/http/resource_call.h"

namespace xebec::apiserver {

// Whether a subresource is answered by a kubelet or the like.
bool is_kubelet_subresource(const api::Resource& resource, std::string_view subresource);

class KubeletProxy {
 public:
  // Makes a client for https://host:port with the API server's own certificate. Thread-safe.
  using ClientFactory = std::function<Result<std::shared_ptr<http::Client>>(const std::string& host, int port)>;

  explicit KubeletProxy(ClientFactory factory);
  ~KubeletProxy();
  Answer handle(Context context, ResourceCall call);

 private:
  Result<std::shared_ptr<http::Client>> client(const std::string& host, int port);

  struct Clients;
  ClientFactory factory_;
  std::unique_ptr<Clients> clients_;
};

}  // namespace xebec::apiserver
