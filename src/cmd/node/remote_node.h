// A node of a cluster whose API server is in another process: what `xebec kubelet` and `xebec agent` share.
#pragma once

#include <string>

#include "base/metrics.h"
#include "cmd/node/node.h"
#include "cmd/remote/remote_api.h"

namespace xebec::cmd {

struct RemoteNodeOptions {
  NodeOptions node;
  // Of the kubelet's server; without them a certificate of its own is kept in cert_dir.
  std::string tls_cert_file, tls_private_key_file, cert_dir;
  // Whose client certificates the kubelet's server accepts: of the file, else these; empty: none.
  std::string client_ca_file, client_ca_pem;
};

// The flags of a kubelet's server.
void declare_kubelet_server(Flags& flags, RemoteNodeOptions& options);

// What a node's parts stand on; made before them and ended after them.
class RemoteNode {
 public:
  // Completes the options. `process` outlives it.
  static Result<std::unique_ptr<RemoteNode>> start(RemoteNodeOptions options, client::ClientConfig config,
                                                   Process& process);
  client::Rest rest() const { return api_->rest("kubelet"); }

 private:
  explicit RemoteNode(Process& process) : process_(process) {}
  Result<pki::KeyPair> serving_certificate(const RemoteNodeOptions& options) const;

  Process& process_;
  const api::Scheme scheme_ = api::Scheme::builtin();
  Metrics metrics_;
  http::IoPool pool_{2};
  std::unique_ptr<RemoteApi> api_;
  std::unique_ptr<Component> kubelet_;
};

}  // namespace xebec::cmd
